package e2e_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// clientsVariable lets TestForeignClients install packages of other languages, which takes a minute and the network: `make clients`.
const clientsVariable = "PARTITA_TEST_CLIENTS"

// What lies in a client's folder once its packages are installed.
var installed = []string{".venv", "node_modules", "package-lock.json", "target", "__pycache__"}

// TestForeignClients does what the pages under docs/clients/ say: it runs their programs, which are those of the folders under clients/, with the
// libraries that they name.
func TestForeignClients(t *testing.T) {
	h := &harness{ctx: t.Context(), brokers: os.Getenv(brokersVariable), kafka: os.Getenv(kafkaVariable)}
	p := shownPages{blocks: blocksByPage(t), harness: h}
	testscript.Run(t, testscript.Params{
		Dir: "clients", RequireExplicitExec: true, RequireUniqueNames: true,
		Condition: func(name string) (bool, error) {
			if name == "packages" {
				return os.Getenv(clientsVariable) == "1", nil
			}
			return h.condition(name)
		},
		Setup: h.setUpClients,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": h.start, "crash": h.crash, "eventually": h.eventually, "replace": replace,
			"types": p.types, "once": p.once, "follows": p.follows, "follow": h.follow,
			"aborted": h.aborted, "crowd": h.crowd, "routed": h.routed,
		},
	})
}

// settings are variables that package managers and their languages go by. Others stay away: a script that fails shows them all.
var settings = regexp.MustCompile(`(?i)^(pip|npm_config|node|maven|mvn|java|ssl_cert)_|_proxy=`)

// setUpClients gives a script what others get, and the folders of the clients. Package managers find their settings and what they have
// downloaded before.
func (h *harness) setUpClients(env *testscript.Env) error {
	for _, variable := range os.Environ() {
		if settings.MatchString(variable) {
			env.Vars = append(env.Vars, variable)
		}
	}
	if err := h.setUp(env); err != nil {
		return err
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return err
	}
	env.Setenv("HOME", home)
	if cache, err := os.UserCacheDir(); err == nil {
		env.Setenv("PIP_CACHE_DIR", filepath.Join(cache, "pip"))
	}
	return copyClients(env.WorkDir, env.Getenv("CONTEXT"))
}

// copyClients copies the clients' folders. Their programs get the name of the context.
func copyClients(dir, context string) error {
	return walkClients("clients", func(path string, d fs.DirEntry) error {
		target := filepath.Join(dir, "e2e", path)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return os.WriteFile(target, []byte(inContext(string(text), context)), info.Mode())
	})
}

// walkClients calls visit for all folders and files below root that are not installed there.
func walkClients(root string, visit func(path string, d fs.DirEntry) error) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !slices.Contains(installed, d.Name()):
			return visit(path, d)
		case d.IsDir():
			return filepath.SkipDir
		}
		return nil
	})
}

// ofTheShop are names of its topics, and of itself in a header. Its Avro records and Java classes begin with a capital.
var ofTheShop = regexp.MustCompile(`\bshop\.([a-z])|\b(ce_source=)shop\b`)

// inContext is a text about the shop when the context's name is another, as on brokers that are shared.
func inContext(text, context string) string {
	return ofTheShop.ReplaceAllStringFunc(text, func(name string) string { return strings.Replace(name, "shop", context, 1) })
}

// TestPagesOfClientsShowTheirPrograms holds the files of each folder under clients/ and the blocks of its page equal. A block's file is named in
// the paragraph before it.
func TestPagesOfClientsShowTheirPrograms(t *testing.T) {
	folders, err := os.ReadDir("clients")
	require.NoError(t, err)
	shown := 0
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		page := "docs/clients/" + folder.Name() + ".md"
		blocks := make(map[string]string)
		for _, m := range programOnPage.FindAllStringSubmatch(read(t, page), -1) {
			blocks[m[1]] = m[2]
		}
		files := make(map[string]string)
		root := filepath.Join("clients", folder.Name())
		require.NoError(t, walkClients(root, func(path string, d fs.DirEntry) error {
			if d.IsDir() {
				return nil
			}
			name, err := filepath.Rel(root, path)
			files[filepath.ToSlash(name)] = read(t, filepath.Join("e2e", path))
			return err
		}))
		require.Equal(t, files, blocks, page)
		shown += len(files)
	}
	require.Greater(t, shown, 10)
}

// programOnPage is a block with a language, and the name that the line before it ends with: "`ask.py`:".
var programOnPage = regexp.MustCompile("(?s)`([^`\n]+)`[^`\n]*:\n\n```\\w+\n(.*?)```")

// isClientProgram tells whether TestPagesOfClientsShowTheirPrograms holds a block.
func isClientProgram(b block) bool {
	return strings.HasPrefix(b.page, "docs/clients/") && b.language != ""
}
