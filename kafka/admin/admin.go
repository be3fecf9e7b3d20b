package admin

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
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

// brokerError joins the code of an answer with the words that some brokers add.
func brokerError(err error, message string) error {
	if err == nil || message == "" {
		return err
	}
	return fmt.Errorf("%w (%s)", err, message)
}
