// Package following reads a topic from its start or end, committed records only, to its end or for ever.
package following
