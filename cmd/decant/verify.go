package main

import (
	"fmt"

	"decant/engine"
	"decant/engine/archive"
)

type verifyCmd struct {
	JSON bool `name:"json" help:"Print the faults as JSON."`
}

func (c *verifyCmd) Run(a *app) error {
	faults := table{columns: []string{"file", "offset", "fault"}}
	summary, err := engine.Verify(a.ctx, a.config, func(file string, offset int64, fault string) {
		faults.add(file, offset, fault)
	})
	if err != nil {
		return interrupted(a.ctx, err)
	}
	if c.JSON || len(faults.rows) > 0 {
		if err := faults.print(a.stdout, c.JSON); err != nil {
			return err
		}
	}
	if len(faults.rows) > 0 {
		what := "store"
		if archive.Is(a.config.Data) {
			what = "archive"
		}
		return damaged{fmt.Errorf("the %s is damaged: restore the files named above from a copy", what)}
	}
	if !c.JSON {
		_, err = fmt.Fprintf(a.stdout, "%d files, %d bytes, %d samples, %d dead letters: every byte is as it was written\n",
			summary.Files, summary.Bytes, summary.Samples, summary.Letters)
	}
	return err
}
