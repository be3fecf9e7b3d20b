package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

// version is set by the release build with -ldflags "-X …".
var version = "0.1.0"

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Says which version this is",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(a.out, versionText())
			return err
		},
	}
}

func versionText() string {
	return fmt.Sprintf("partita %s %s %s/%s", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
