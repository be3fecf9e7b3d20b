package behaviors

// A Table is data that every instance has whole: the newest row of each key in a topic. It is safe for concurrent use.
type Table interface {
	// Now is the table as it is at this moment. What comes later does not change it, so that one function sees one moment.
	Now() Rows
}

// Rows are a table at one moment.
type Rows interface {
	// Get is the row of a key, as bare Avro binary under today's schema; false if there is none.
	Get(key string) (row []byte, there bool)
	// Keys are all keys, in their order, until yield returns false.
	Keys(yield func(key string) bool)
	// Len is how many rows there are.
	Len() int
}
