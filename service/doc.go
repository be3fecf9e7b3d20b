// Package service runs one bounded context in this process: it checks the topics, publishes the schemas, opens the stores, serves metrics and
// health, runs the engine, and takes everything down in reverse.
//
// It does not know how a context was written: a folder (package contexts) or Go (package entities) both become a [Context].
package service
