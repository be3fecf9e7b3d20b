package embedded_test

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/client"
)

// TestTransactionsAreWholeAfterManyKills writes each number to all partitions in one transaction, while the broker is killed over and over. A
// number must be everywhere or nowhere, never twice, and everywhere if its commit was answered.
func TestTransactionsAreWholeAfterManyKills(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	line, cmd := spawn(t, dir)
	createTopics(t, strings.TrimPrefix(line, "listening "))
	answered := map[string]bool{}
	number := 0
	for range 8 {
		addr := strings.TrimPrefix(line, "listening ")
		killed := make(chan struct{})
		timer := time.AfterFunc(time.Duration(20+random.IntN(150))*time.Millisecond, func() {
			_ = cmd.Process.Kill()
			close(killed)
		})
		number = commitUntilKilled(t, addr, number, answered, killed)
		timer.Stop()
		_ = cmd.Wait()
		line, cmd = spawn(t, dir)
	}
	addr := strings.TrimPrefix(line, "listening ")
	counts := map[string]int{}
	for _, topic := range []string{events, changelog} {
		for _, value := range committed(t, addr, topic) {
			counts[value]++
		}
	}
	for value, n := range counts {
		require.Equal(t, 4, n, "transaction %s is torn or doubled", value)
	}
	for value := range answered {
		require.Contains(t, counts, value, "transaction %s was answered and is lost", value)
	}
	t.Logf("%d transactions tried, %d answered, %d committed", number, len(answered), len(counts))
	kill(t, cmd)
}

// commitUntilKilled makes transactions of one producer until the broker is gone, and returns the next number.
func commitUntilKilled(t *testing.T, addr string, number int, answered map[string]bool, killed <-chan struct{}) int {
	t.Helper()
	cl, err := client.NewProducer(client.Config{Brokers: []string{addr}}, "tx")
	require.NoError(t, err)
	defer cl.Close()
	ctx := within(t)
	ended := make(chan struct{})
	go func() {
		<-killed
		cl.Close() // Its retries would go on for the time of a test.
		close(ended)
	}()
	defer func() { <-ended }()
	for ; ; number++ {
		value := strconv.Itoa(number)
		if cl.BeginTransaction() != nil {
			return number + 1
		}
		var batch []*kgo.Record
		for _, topic := range []string{events, changelog} {
			for partition := range int32(2) {
				batch = append(batch, &kgo.Record{Topic: topic, Partition: partition, Key: []byte(value), Value: []byte(value)})
			}
		}
		if cl.ProduceSync(ctx, batch...).FirstErr() != nil || cl.EndTransaction(ctx, kgo.TryCommit) != nil {
			return number + 1
		}
		answered[value] = true
	}
}
