package client

import "strings"

const idPrefix = "partita/"

// MemberID is the client id of an instance in its context's group. Any client may read it from the group's description: it says which
// instances live, and at which address one answers questions (host:port of its HTTP server; may be empty).
func MemberID(instance, address string) string { return idPrefix + instance + "/" + address }

// ParseMemberID takes a client id apart; ok is false for ids of other programs.
func ParseMemberID(clientID string) (instance, address string, ok bool) {
	rest, ok := strings.CutPrefix(clientID, idPrefix)
	if !ok {
		return "", "", false
	}
	instance, address, ok = strings.Cut(rest, "/")
	return instance, address, ok && instance != ""
}
