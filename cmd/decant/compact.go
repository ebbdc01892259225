package main

import (
	"fmt"

	"decant/engine"
)

type compactCmd struct {
	JSON bool `name:"json" help:"Print what was done as JSON."`
}

func (c *compactCmd) Run(a *app) error {
	did, err := engine.Compact(a.ctx, a.config, a.log)
	if err != nil {
		return interrupted(a.ctx, err)
	}
	if c.JSON {
		t := table{columns: []string{"segments", "into", "bytes", "left", "dropped"}}
		t.add(did.Segments, did.Into, did.Bytes, did.Left, did.Dropped)
		return t.print(a.stdout, true)
	}
	_, err = fmt.Fprintf(a.stdout, "%d segments of %d bytes became %d of %d bytes; %d samples that were deleted or stored twice are gone\n", did.Segments, did.Bytes, did.Into, did.Left, did.Dropped)
	return err
}
