package admin

import (
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Admin asks and changes through a client that is given to it, and does not close it.
type Admin struct {
	client *kgo.Client
	adm    *kadm.Client
}

// New is an Admin over a client of client.NewAdmin.
func New(cl *kgo.Client) *Admin {
	return &Admin{client: cl, adm: kadm.NewClient(cl)}
}

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
	for _, refusal := range []error{
		kerr.TopicAuthorizationFailed, kerr.GroupAuthorizationFailed, kerr.ClusterAuthorizationFailed, kerr.TransactionalIDAuthorizationFailed,
	} {
		if errors.Is(err, refusal) {
			return &MissingRight{Right: right, Resource: resource, Err: refusal}
		}
	}
	return err
}

// brokerError joins the code of an answer with the words that some brokers add.
func brokerError(err error, message string) error {
	if err == nil || message == "" {
		return err
	}
	return fmt.Errorf("%w (%s)", err, message)
}
