package partita

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestABuildIsToldByItsCommitOrItsModulesVersion(t *testing.T) {
	built := func(version string, settings ...debug.BuildSetting) string {
		return versionOf(&debug.BuildInfo{Main: debug.Module{Version: version}, Settings: settings})
	}
	commit := debug.BuildSetting{Key: "vcs.revision", Value: "4d3b453c1f0e9a7755d0a5c1b2e3f4a5b6c7d8e9"}
	require.Equal(t, "4d3b453c1f0e", built("(devel)", commit))
	require.Equal(t, "4d3b453c1f0e+changes", built("v1.2.0", commit, debug.BuildSetting{Key: "vcs.modified", Value: "true"}))
	require.Equal(t, "v1.2.0", built("v1.2.0"))
	require.Empty(t, built("(devel)"))
}
