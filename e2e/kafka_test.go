package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A kafka is an Apache Kafka of one or three nodes, run by the program that PARTITA_TEST_KAFKA names:
//
//	PROGRAM start --dir DIR --nodes 1|3 --port PORT [--set KEY=VALUE ...]   starts what does not run, and waits until it serves
//	PROGRAM stop --dir DIR                                                  ends all nodes, keeping their data
//	PROGRAM kill|pause|restart --dir DIR --node N                           SIGKILL, SIGSTOP; starts a node again and waits for its replicas
//
// Node N of 1 to 3 serves clients at PORT+N-1 and has the id N.
type kafka struct {
	program, dir string
	nodes, port  int
}

// minInsync is what shrink makes the topics of a context insist on: all nodes, so that one may die and the controllers still have a majority.
const minInsync = "3"

func newKafka(ts *testscript.TestScript, program string, nodes int, address string) *kafka {
	_, port, err := net.SplitHostPort(address)
	ts.Check(err)
	number, err := strconv.Atoi(port)
	ts.Check(err)
	return &kafka{program: program, dir: ts.MkAbs(".brokers"), nodes: nodes, port: number}
}

func (k *kafka) call(ctx context.Context, command string, args ...string) error {
	out, err := exec.CommandContext(ctx, k.program, append([]string{command, "--dir", k.dir}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", k.program, command, err, out)
	}
	return nil
}

func (k *kafka) start(ctx context.Context) ([]string, error) {
	args := []string{"--nodes", strconv.Itoa(k.nodes), "--port", strconv.Itoa(k.port)}
	if k.nodes == 1 {
		// Rights are denied on one node only: controllers that vote would need rights of their own before there is anybody to ask.
		args = append(args, "--set", "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
			"--set", "allow.everyone.if.no.acl.found=true")
	}
	err := k.call(ctx, "start", args...)
	addresses := make([]string, k.nodes)
	for i := range addresses {
		addresses[i] = net.JoinHostPort("127.0.0.1", strconv.Itoa(k.port+i))
	}
	return addresses, err
}

func (k *kafka) stop(ctx context.Context) error { return k.call(ctx, "stop") }

func (k *kafka) hang(ctx context.Context) error {
	var errs []error
	for node := range k.nodes {
		errs = append(errs, k.call(ctx, "pause", "--node", strconv.Itoa(node+1)))
	}
	return errors.Join(errs...)
}

func (k *kafka) shrink(ctx context.Context, context string) error {
	addresses, err := k.start(ctx)
	if err != nil {
		return err
	}
	if err := asked(addresses, func(cl *kgo.Client) error { return insist(ctx, kadm.NewClient(cl), context) }); err != nil {
		return err
	}
	return k.call(ctx, "kill", "--node", "3")
}

// insist makes every topic of a context but those of commands take writes only while all replicas are in sync.
func insist(ctx context.Context, adm *kadm.Client, context string) error {
	all, err := adm.ListTopics(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, name := range all.Names() {
		if strings.HasPrefix(name, context+".") && !strings.HasSuffix(name, ".commands") {
			names = append(names, name)
		}
	}
	value := minInsync
	altered, err := adm.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "min.insync.replicas", Value: &value}}, names...)
	if err != nil {
		return err
	}
	for _, a := range altered {
		err = errors.Join(err, a.Err)
	}
	return err
}

func (k *kafka) grow(ctx context.Context) error { return k.call(ctx, "restart", "--node", "3") }

// move kills the node that coordinates the group, and starts it again.
func (k *kafka) move(ctx context.Context, group string) error {
	addresses := []string{net.JoinHostPort("127.0.0.1", strconv.Itoa(k.port)), net.JoinHostPort("127.0.0.1", strconv.Itoa(k.port+1))}
	var node string
	err := asked(addresses, func(cl *kgo.Client) error {
		found := kadm.NewClient(cl).FindGroupCoordinators(ctx, group)[group]
		node = strconv.Itoa(int(found.NodeID))
		return found.Err
	})
	if err != nil {
		return err
	}
	if err := k.call(ctx, "kill", "--node", node); err != nil {
		return err
	}
	return k.call(ctx, "restart", "--node", node)
}
