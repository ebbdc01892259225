package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"decant/engine"
	"decant/engine/store"
)

type inspectCmd struct {
	File string `arg:"" optional:"" help:"A segment file; without one all segments of the store, added up."`
	JSON bool   `name:"json" help:"Print as JSON."`
}

func (c *inspectCmd) Run(a *app) error {
	if info, err := os.Stat(c.File); err == nil && info.IsDir() {
		return usageError{fmt.Errorf("%s is a folder; name a segment file, or the store's folder with --data", c.File)}
	}
	n, err := engine.Inspect(a.ctx, a.config, c.File)
	var corrupt *store.CorruptError
	switch {
	case c.File != "" && errors.Is(err, fs.ErrNotExist):
		return notFound{fmt.Errorf("there is no file %s; segments are in the folder segments of a store", c.File)}
	case c.File != "" && filepath.Ext(c.File) != ".seg" && errors.As(err, &corrupt): // not damage, but another file
		return usageError{fmt.Errorf("%s is not a segment (%s); those are files such as 00000003.seg in the folder segments of a store", c.File, corrupt.Text)}
	case err != nil:
		return interrupted(a.ctx, err)
	case c.JSON:
		out := json.NewEncoder(a.stdout)
		out.SetIndent("", "  ")
		return out.Encode(n)
	}
	if n.Segments == 0 {
		_, err := fmt.Fprintln(a.stdout, "no segments: samples become one when the log is long or old enough, or the writer stops")
		return err
	}
	sum := table{columns: []string{"segments", "version", "series", "groups", "blocks", "samples", "bytes", "bytes a sample"}}
	versions := strings.ReplaceAll(strings.Trim(fmt.Sprint(n.Versions), "[]"), " ", ", ")
	sum.add(n.Segments, versions, n.Series, n.Groups, n.Blocks, n.Rows, n.Bytes, fmt.Sprintf("%.3f", n.BytesPerRow))
	if err := sum.print(a.stdout, false); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(a.stdout); err != nil {
		return err
	}
	t := table{columns: []string{"part", "encoding", "blocks", "values", "bytes", "bytes a value", "share"}}
	for _, p := range n.Parts {
		var blocks, values, each any
		if p.Values > 0 {
			blocks, values, each = p.Blocks, p.Values, fmt.Sprintf("%.3f", float64(p.Bytes)/float64(p.Values))
		}
		t.add(p.Name, p.Encoding, blocks, values, p.Bytes, each, fmt.Sprintf("%.1f %%", 100*float64(p.Bytes)/float64(n.Bytes)))
	}
	return t.print(a.stdout, false)
}
