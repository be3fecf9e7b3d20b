package partita

import "runtime/debug"

// buildVersion tells this build from another: the commit it was built from, else the main module's version; empty if the build knows neither, as
// one by `go run` does.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return versionOf(info)
}

const shownOfCommit = 12

func versionOf(info *debug.BuildInfo) string {
	commit, changed := "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			commit = s.Value[:min(len(s.Value), shownOfCommit)]
		case "vcs.modified":
			if s.Value == "true" {
				changed = "+changes"
			}
		}
	}
	if commit == "" {
		if info.Main.Version == "(devel)" {
			return ""
		}
		return info.Main.Version
	}
	return commit + changed
}
