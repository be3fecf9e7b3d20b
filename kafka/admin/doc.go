// Package admin asks the brokers what there is and carries out what is safe: topics and their settings, ends of logs, members of a group,
// and the schema topic. It decides nothing: package kafka/topics says what differs and what may be done about it.
package admin
