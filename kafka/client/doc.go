// Package client builds every Kafka client of the process, so that each option stands once, beside the reason why it is not the default, and
// sorts the errors of Kafka by what is to be done about them.
package client
