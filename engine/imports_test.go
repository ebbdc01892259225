package engine_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport says which packages of ours a part may import: itself and what stands here. A part is the longest of these paths that leads
// a package's. docs/architecture.md says why.
var mayImport = map[string][]string{
	"decimation":      {},
	"formats":         {},
	"ingest":          {},
	"engine/store":    {"ingest", "decimation"},
	"engine/schedule": {"decimation"},
	"engine/export":   {"decimation", "formats", "engine/schedule"},
	"engine/archive":  {"formats", "engine/export"},
	"engine/access":   {"engine/export"},
	"engine/job":      {"decimation", "engine/schedule", "engine/export", "engine/access"},
	"engine/notify":   {"engine/export", "engine/job"},
	"engine/api":      {"decimation", "engine/schedule", "engine/export", "engine/access", "engine/job"},
	"engine/client":   {},
	"engine":          {"decimation", "formats", "ingest", "engine/store", "engine/export", "engine/schedule", "engine/access", "engine/job", "engine/notify", "engine/api", "engine/archive"},
	"cmd":             {"decimation", "formats", "ingest", "engine/store", "engine/export", "engine", "engine/job", "engine/access", "engine/client", "engine/archive", "bench"},
	"bench":           {"decimation", "formats", "ingest", "engine/store", "engine/export", "engine"},
}

func TestImports(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	err = filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			if d != nil && d.IsDir() && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
			return err
		}
		relative, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		files++
		folder := path.Dir(filepath.ToSlash(relative))
		from, known := part(folder)
		if !known {
			t.Errorf("%s: mayImport names no part for this folder", folder)
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			ours, ok := strings.CutPrefix(imported, "decant/")
			if !ok {
				continue
			}
			to, _ := part(ours)
			if to != from && !slices.Contains(mayImport[from], to) {
				t.Errorf("%s imports %s; %s may import of ours only itself and %v", relative, imported, from, mayImport[from])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 10 {
		t.Fatalf("only %d files were read; the test looks at the wrong folder", files)
	}
}

func part(folder string) (string, bool) {
	for folder != "." {
		if _, ok := mayImport[folder]; ok {
			return folder, true
		}
		folder = path.Dir(folder)
	}
	return "", false
}
