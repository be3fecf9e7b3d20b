package embedded

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
)

func TestDamageIsToldAndSlowCommitsAreNot(t *testing.T) {
	var said bytes.Buffer
	l := logger{to: slog.New(slog.NewTextHandler(&said, nil))}
	l.Logf(kfake.LogLevelWarn, "txn: EndTxn slow pid=%d elapsed=%dms", 1, 14)
	l.Logf(kfake.LogLevelInfo, "a request came")
	require.Empty(t, said.String())
	l.Logf(kfake.LogLevelWarn, "segment %d is cut short", 7)
	require.Contains(t, said.String(), "segment 7 is cut short")
}
