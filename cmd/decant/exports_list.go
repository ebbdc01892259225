package main

import (
	"encoding/json"
	"io"
	"strings"

	"decant/engine/client"
)

type listExportsCmd struct {
	remote
	IDs       []string `name:"ids" help:"Only these." placeholder:"ID,…"`
	Status    []string `help:"Only whose newest job is notProcessed, inProgress, done, failed, expired, cancelled or skipped." placeholder:"STATUS,…"`
	Type      string   `help:"Only oneTime, recurring or full ones." placeholder:"TYPE"`
	TagLabels []string `name:"tag-label" sep:"none" help:"Only with tags of these labels." placeholder:"LABEL"`
	TagValues []string `name:"tag-value" sep:"none" help:"Only with tags of these values; as many as labels: these pairs." placeholder:"VALUE"`
	From      string   `help:"Only created from this moment on: ISO 8601 or Unix seconds." placeholder:"TIME"`
	To        string   `help:"Only created before this moment." placeholder:"TIME"`
	Sort      string   `help:"createdAt, updatedAt, title, id or status, and :asc or :desc (createdAt:desc)." placeholder:"KEY:ORDER"`
	Limit     int      `help:"At most so many; 0 is all." default:"0" placeholder:"N"`
}

func (c *listExportsCmd) Run(a *app) error {
	s, err := c.dial(a)
	if err != nil {
		return err
	}
	var rows []client.Export
	filter := client.Filter{IDs: c.IDs, Status: c.Status, Type: c.Type, TagLabels: c.TagLabels, TagValues: c.TagValues, From: c.From, To: c.To, Sort: c.Sort, Limit: c.Limit}
	for e, err := range s.Exports(a.ctx, filter) {
		if err != nil {
			return interrupted(a.ctx, err)
		}
		rows = append(rows, e)
	}
	if c.JSON {
		return printJSONList(a.stdout, rows, func(e client.Export) json.RawMessage { return e.Raw })
	}
	return printExports(a.stdout, rows)
}

// printExports lists exports for people. Where it is a terminal that they read, titles are shortened until a line fits.
func printExports(w io.Writer, exports []client.Export) error {
	t := table{columns: []string{"id", "title", "type", "status", "next run", "created"}}
	for _, e := range exports {
		status := e.Status()
		if !e.Enabled {
			status = strings.TrimSpace(status + " paused")
		}
		t.add(e.ID, shortened(e.Title, 40), e.Type, status, second(e.NextRun), second(&e.CreatedAt))
	}
	if columns := columnsOf(w); columns > 0 {
		t.fit(1, columns)
	}
	return t.print(w, false)
}
