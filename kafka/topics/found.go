package topics

// Found is a topic as the brokers describe it.
type Found struct {
	Name string
	// ID tells the topic from one made again under its name; zero on brokers that have none.
	ID         [16]byte
	Partitions int32
	// Replication is that of the partition with the fewest copies.
	Replication int16
	// Config is what is in force, defaults included.
	Config map[string]string
	// HasRecords is false only if nothing was ever written to any partition.
	HasRecords bool
}
