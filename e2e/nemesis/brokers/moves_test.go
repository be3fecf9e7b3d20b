package brokers

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNamesBelongToCoordinatorsAsJavaHashesThem has hashes that String.hashCode gives in Java.
func TestNamesBelongToCoordinatorsAsJavaHashesThem(t *testing.T) {
	const many = 1 << 30 // So that the hash itself is seen.
	require.Equal(t, int32(99162322%many), coordinated("hello", many))
	require.Equal(t, int32(0), coordinated("", many))
	require.Equal(t, int32(0), coordinated("polygenelubricants", many), "its hash is the smallest number, which has no absolute value")
}
