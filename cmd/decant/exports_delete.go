package main

import (
	"fmt"
	"strings"
)

type deleteExportsCmd struct {
	remote
	IDs []string `arg:"" name:"id" help:"The exports."`
	Yes bool     `short:"y" help:"Don't ask. Where nobody sits at a terminal, nobody is asked."`
}

func (c *deleteExportsCmd) Run(a *app) error {
	s, err := c.dial(a)
	if err != nil {
		return err
	}
	if !c.Yes && a.asks() {
		yes, err := a.confirm(fmt.Sprintf("Delete %s with all jobs and files?", strings.Join(c.IDs, ", ")))
		if err != nil || !yes {
			return err
		}
	}
	t := table{columns: []string{"id", "done"}}
	var failed error
	for _, id := range c.IDs {
		if failed = s.Delete(a.ctx, id, ""); failed != nil {
			failed = fmt.Errorf("delete %s: %w", id, failed)
			break
		}
		t.add(id, "deleted")
	}
	if len(t.rows) > 0 || c.JSON {
		if err := t.print(a.stdout, c.JSON); err != nil {
			return err
		}
	}
	return interrupted(a.ctx, failed)
}
