package ledger

import (
	"embed"
	"io/fs"
	"os"
)

//go:embed folder
var folder embed.FS

// WriteFolder writes the folder of the bounded context to dir, which is made if it is not there. What is there already is an error.
func WriteFolder(dir string) error {
	files, err := fs.Sub(folder, "folder")
	if err != nil {
		return err
	}
	return os.CopyFS(dir, files)
}

// What folder/context.yaml declares.
const (
	contextName       = "ledger"
	shards      int32 = 8
	counter           = "counter"
	list              = "list"
	totals            = "totals"
	latest            = "latest"
)
