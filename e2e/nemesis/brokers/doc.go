// Package brokers runs an Apache Kafka of one or three nodes on this machine, from its jars, and breaks it: nodes are killed, hung and started
// again, leaders and coordinators are moved.
//
// It needs a JDK of 17 or newer, and either KAFKA_HOME, an unpacked distribution, or Maven, which fetches the jars once into the user's cache.
package brokers
