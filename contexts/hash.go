package contexts

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/partita-io/partita/behaviors/starlark"
)

// hash covers every file that decides what the context computes, with its name, in the order of names. Tests and texts for people may
// differ between members of a group.
func (l *loader) hash() {
	sum := sha256.New()
	folder := os.DirFS(l.dir)
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name != "." && strings.HasPrefix(entry.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		}
		if ext := path.Ext(name); name != fileName && ext != ".star" && ext != ".avsc" {
			return nil
		}
		data, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(sum, "%d %s %d\n%s", len(name), name, len(data), data)
		return err
	})
	if err != nil {
		l.others = append(l.others, Problem{Path: l.dir, Message: fileError(err)})
		return
	}
	l.context.Hash = hex.EncodeToString(sum.Sum(nil)[:8])
}

// projectionHash covers what decides the rows of a table: what its scripts say, where its events come from, how they are keyed, what a row is, and, if it reads
// anything that is upcast, the functions for that. What becomes of events that fail, and how the text is written, decide nothing.
func (l *loader) projectionHash(s script, p *Projection, upcast bool) string {
	sum := sha256.New()
	folder := os.DirFS(l.dir)
	_, err := fmt.Fprintf(sum, "%q %q %q %q\n", s.key.string, p.ByTime, p.Sources, p.Row.SchemaJSON)
	if err == nil {
		err = starlark.WriteMeaning(sum, folder, s.file)
	}
	if err == nil && upcast {
		err = starlark.WriteMeaning(sum, folder, upcastsFile)
	}
	if err != nil {
		l.others = append(l.others, Problem{Path: l.dir, Message: fileError(err)})
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
