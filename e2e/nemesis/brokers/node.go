package brokers

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

//go:embed log4j.properties
var log4j []byte

//go:embed log4j2.properties
var log4j2 []byte

// grace is how long an orderly end of a node may take.
const grace = 20 * time.Second

// A node is one broker, which is a controller too.
type node struct {
	cfg   *Config
	dir   string
	log   string
	mu    sync.Mutex
	cmd   *exec.Cmd // nil while it does not run
	ended chan struct{}
}

func newNode(cfg *Config, n int) *node {
	name := fmt.Sprintf("broker-%d", n+1)
	return &node{cfg: cfg, dir: filepath.Join(cfg.Dir, name), log: filepath.Join(cfg.LogDir, name+".log")}
}

// format makes the node's configuration and its empty log.
func (n *node) format(ctx context.Context, number int, clusterID string) error {
	if err := os.MkdirAll(n.dir, 0o755); err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"log4j.properties": log4j, "log4j2.properties": log4j2,
		"server.properties": []byte(n.cfg.properties(number, filepath.Join(n.dir, "data"))),
	} {
		if err := os.WriteFile(filepath.Join(n.dir, name), content, 0o600); err != nil {
			return err
		}
	}
	args := []string{"format", "-t", clusterID, "-c", n.properties()}
	if n.cfg.TransactionVersion >= 0 {
		args = append(args, "--feature", "transaction.version="+strconv.Itoa(n.cfg.TransactionVersion))
	}
	cmd := n.cfg.Jars.command(ctx, n.dir, []string{"-Xmx128m"}, "kafka.tools.StorageTool", args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("formatting %s: %w\n%s", n.dir, err, out)
	}
	return nil
}

func (n *node) properties() string { return filepath.Join(n.dir, "server.properties") }

// start starts the node, which then needs some seconds until it serves.
func (n *node) start() error {
	log, err := os.OpenFile(n.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // The node has its own descriptor.
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cmd != nil {
		return nil
	}
	// It ends when it is told to, never with a context.
	cmd := n.cfg.Jars.command(context.Background(), n.dir, []string{"-Xms128m", "-Xmx" + n.cfg.Heap}, "kafka.Kafka", n.properties())
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the nemesis, which ends its nodes in order.
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	n.cmd, n.ended = cmd, ended
	go func() {
		_ = cmd.Wait() // How it ended is in its log.
		n.mu.Lock()
		n.cmd = nil
		n.mu.Unlock()
		close(ended)
	}()
	return nil
}

// signal returns what is closed at the node's end, nil if it does not run.
func (n *node) signal(s os.Signal) (ended <-chan struct{}, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cmd == nil {
		return nil, nil
	}
	if err := n.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return nil, err
	}
	return n.ended, nil
}

func (n *node) kill() error {
	ended, err := n.signal(syscall.SIGKILL)
	if ended != nil {
		<-ended
	}
	return err
}

// stop ends the node in order, or else by force.
func (n *node) stop() error {
	if _, err := n.signal(syscall.SIGCONT); err != nil {
		return err
	}
	ended, err := n.signal(syscall.SIGTERM)
	if err != nil || ended == nil {
		return err
	}
	select {
	case <-ended:
		return nil
	case <-time.After(grace):
		return n.kill()
	}
}

func (n *node) runs() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cmd != nil
}
