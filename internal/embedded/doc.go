// Package embedded is the broker of `processor dev`: one node, in this process, its listener open to any Kafka client, its data in a folder
// that outlives the process, kill -9 included. It is kfake with its known defects kept out of reach; each is named where it is avoided.
//
// It also tells other commands where a running `processor dev` of a folder is to be found: [Announce] and [Find].
package embedded
