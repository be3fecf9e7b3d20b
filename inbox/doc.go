// Package inbox understands records of events and messages, ours and other people's: what they say happened, where, and because of what.
package inbox
