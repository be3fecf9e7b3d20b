package client

import (
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
)

// A MissingRight says which right on which resource an operator must grant.
type MissingRight struct {
	// Right and Resource are as kafka-acls.sh spells them: DESCRIBE, "group shop".
	Right, Resource string
	Err             error
}

func (e *MissingRight) Error() string {
	return fmt.Sprintf("needs %s on %s: %v", e.Right, e.Resource, e.Err)
}

func (e *MissingRight) Unwrap() error { return e.Err }

// NameRight makes err a [MissingRight] if it is a refusal of authorisation, and leaves any other as it is.
func NameRight(err error, right, resource string) error {
	var known *MissingRight
	if errors.As(err, &known) {
		return err
	}
	for _, refusal := range refusals {
		if errors.Is(err, refusal) {
			return &MissingRight{Right: right, Resource: resource, Err: refusal}
		}
	}
	return err
}

var refusals = []error{
	kerr.TopicAuthorizationFailed, kerr.GroupAuthorizationFailed, kerr.ClusterAuthorizationFailed, kerr.TransactionalIDAuthorizationFailed,
}
