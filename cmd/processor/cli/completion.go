package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/partita-io/partita/contexts"
)

// Completion offers what the folder declares. Ids of entities are not offered: they would have to be asked for.

func completeFolder(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// completed are the completions of what comes after args, which begin with a folder.
func completed(cmd *cobra.Command, args []string, choices func(f *folder) []string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return completeFolder(cmd, args, "")
	}
	f, err := openFolder(args[0], contexts.Options{})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp // There is nothing to offer, and no place to say why.
	}
	return choices(f), cobra.ShellCompDirectiveNoFileComp
}

func completeSend(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	choices, directive := completed(cmd, args, func(f *folder) []string {
		switch len(args) {
		case 1:
			return f.entityNames()
		case 2:
			return []string{"-"}
		case 3:
			return f.commandNames(args[1])
		}
		var fields []string
		for _, field := range f.fieldNames(args[1], args[3]) {
			fields = append(fields, field+"=")
		}
		return fields
	})
	if len(args) > 3 {
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	return choices, directive
}

func completeInspect(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return completed(cmd, args, func(f *folder) []string {
		switch {
		case len(args) == 1 && f.Values() != nil:
			return append(f.entityNames(), replicatedNow)
		case len(args) == 1:
			return f.entityNames()
		case len(args) == 2 && args[1] == replicatedNow:
			return f.valueNames()
		}
		return nil
	})
}

func completeWatch(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return completed(cmd, args, func(f *folder) []string {
		if len(args) > 1 {
			return nil
		}
		return slices.Concat(f.entityNames(), f.projectionNames(), f.valueNames(), []string{deadLetters, answers, parkedNow, operations})
	})
}

// completeActions offers what a command does with a folder.
func completeActions(actions []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		return completed(cmd, args, func(f *folder) []string {
			switch {
			case len(args) == 1:
				return actions
			case cmd.Name() == parkedNow && len(args) == 2:
				return f.entityNames()
			case cmd.Name() == projectionsName && len(args) >= 2:
				return f.projectionNames()
			}
			return nil
		})
	}
}
