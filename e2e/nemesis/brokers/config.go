package brokers

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

const host = "127.0.0.1"

// Ports of node n, from 0, and processor p, from 0, above Config.Port.
const (
	directPorts     = 0
	betweenPorts    = 10
	controllerPorts = 20
	listenerPorts   = 100 // + 10p + n: where the node listens for the processor
	advertisedPorts = 200 // + 10p + n: where the processor is told that the node is
)

func (c *Config) address(offset int) string {
	return net.JoinHostPort(host, strconv.Itoa(c.Port+offset))
}

// Listening is where node n, from 0, waits for processor p; Advertised is where that processor is told to look for it: a link has to lead from
// there to here.
func (c *Config) Listening(p, n int) string { return c.address(listenerPorts + 10*p + n) }

// Advertised is said at [Config.Listening].
func (c *Config) Advertised(p, n int) string { return c.address(advertisedPorts + 10*p + n) }

// Direct is where node n serves whoever nothing must stand between.
func (c *Config) Direct(n int) string { return c.address(directPorts + n) }

// properties are those of node n.
func (c *Config) properties(n int, dataDir string) string {
	listeners := []string{"DIRECT://" + c.Direct(n), "BETWEEN://" + c.address(betweenPorts+n)}
	advertised := append([]string(nil), listeners...)
	security := []string{"DIRECT:PLAINTEXT", "BETWEEN:PLAINTEXT", "CONTROLLER:PLAINTEXT"}
	for p := range c.Processors {
		name := fmt.Sprintf("PROCESSOR%d", p)
		listeners = append(listeners, name+"://"+c.Listening(p, n))
		advertised = append(advertised, name+"://"+c.Advertised(p, n))
		security = append(security, name+":PLAINTEXT")
	}
	voters := make([]string, c.Nodes)
	for v := range voters {
		voters[v] = fmt.Sprintf("%d@%s", v+1, c.address(controllerPorts+v))
	}
	lines := []string{
		"process.roles=broker,controller",
		fmt.Sprintf("node.id=%d", n+1),
		"controller.quorum.voters=" + strings.Join(voters, ","),
		"listeners=" + strings.Join(append(listeners, "CONTROLLER://"+c.address(controllerPorts+n)), ","),
		"advertised.listeners=" + strings.Join(advertised, ","),
		"listener.security.protocol.map=" + strings.Join(security, ","),
		"inter.broker.listener.name=BETWEEN",
		"controller.listener.names=CONTROLLER",
		"log.dirs=" + dataDir,
		"auto.create.topics.enable=false",
	}
	return strings.Join(append(append(lines, c.replication()...), small...), "\n") + "\n"
}

func (c *Config) replication() []string {
	insync := 1
	if c.Nodes > 1 {
		insync = c.Nodes - 1
	}
	lines := []string{
		fmt.Sprintf("default.replication.factor=%d", c.Nodes),
		fmt.Sprintf("min.insync.replicas=%d", insync),
		fmt.Sprintf("offsets.topic.replication.factor=%d", c.Nodes),
		fmt.Sprintf("transaction.state.log.replication.factor=%d", c.Nodes),
		fmt.Sprintf("transaction.state.log.min.isr=%d", insync),
	}
	if !c.old() {
		lines = append(lines, fmt.Sprintf("share.coordinator.state.topic.replication.factor=%d", c.Nodes),
			fmt.Sprintf("share.coordinator.state.topic.min.isr=%d", insync))
	}
	return lines
}

// small is what makes nodes start fast on a machine that they share; the first setting is what docs/operations.md recommends.
var small = []string{
	"add.partitions.to.txn.retry.backoff.ms=1",
	"offsets.topic.num.partitions=10",
	"transaction.state.log.num.partitions=10",
	"group.initial.rebalance.delay.ms=0",
	"num.network.threads=2",
	"num.io.threads=4",
	"num.recovery.threads.per.data.dir=2",
}

// old tells whether it is a Kafka without features beyond its metadata version.
func (c *Config) old() bool { return strings.HasPrefix(c.Jars.Version, "3.") }
