// Package cli is the command line: flags in, exit code out. Each command is a file; what it does lies in other packages.
//
// Data goes to stdout, everything else to stderr. Every flag is also an environment variable: --brokers is PARTITA_BROKERS; flag over
// environment over default.
package cli
