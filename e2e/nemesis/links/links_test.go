package links_test

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/e2e/nemesis/links"
)

// echo answers what it is sent.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c) }()
		}
	}()
	return l.Addr().String()
}

// linked is a link to an echo, and where it begins.
func linked(t *testing.T) (*links.Link, string) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	from := free.Addr().String()
	require.NoError(t, free.Close())
	l, err := links.New(t.Context(), from, echo(t))
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Cut() })
	return l, from
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(10*time.Second)))
	return c
}

func say(t *testing.T, c net.Conn, text string) {
	t.Helper()
	_, err := io.WriteString(c, text)
	require.NoError(t, err)
}

func hear(t *testing.T, c net.Conn, text string) {
	t.Helper()
	b := make([]byte, len(text))
	_, err := io.ReadFull(c, b)
	require.NoError(t, err)
	require.Equal(t, text, string(b))
}

func TestACutLinkClosesConnectionsAndRefusesNewOnesUntilItIsHealed(t *testing.T) {
	l, from := linked(t)
	c := dial(t, from)
	say(t, c, "before")
	hear(t, c, "before")
	require.NoError(t, l.Cut())
	_, err := io.ReadFull(c, make([]byte, 1))
	require.Error(t, err)
	_, err = net.Dial("tcp", from)
	require.ErrorContains(t, err, "refused")
	require.NoError(t, l.Heal(t.Context()))
	c = dial(t, from)
	say(t, c, "after")
	hear(t, c, "after")
}

func TestWhatADeafLinkWasToldArrivesOnceItIsHealed(t *testing.T) {
	l, from := linked(t)
	old := dial(t, from)
	say(t, old, "before")
	hear(t, old, "before")
	l.Deafen()
	say(t, old, "meanwhile")
	young := dial(t, from)
	say(t, young, "hello")
	require.NoError(t, old.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err := old.Read(make([]byte, 1))
	require.ErrorContains(t, err, "timeout")
	require.NoError(t, old.SetReadDeadline(time.Now().Add(10*time.Second)))
	require.NoError(t, l.Heal(t.Context()))
	hear(t, old, "meanwhile")
	hear(t, young, "hello")
}

func TestASlowLinkTakesItsTimeEachWayAndKeepsTheOrder(t *testing.T) {
	const latency = 30 * time.Millisecond
	l, from := linked(t)
	c := dial(t, from)
	l.Slow(latency)
	begun := time.Now()
	say(t, c, "one ")
	say(t, c, "two")
	hear(t, c, "one two")
	require.GreaterOrEqual(t, time.Since(begun), 2*latency)
}
