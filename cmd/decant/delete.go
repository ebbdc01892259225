package main

import (
	"log/slog"

	"decant/engine"
	"decant/engine/export/request"
	"decant/engine/store"
)

type deleteCmd struct {
	Channel   string   `required:"" help:"Channel of the series."`
	Target    []string `required:"" help:"Series names, or a prefix and a star; may be given again." placeholder:"NAME,…" sep:"none"`
	Subtopic  *string  `help:"Only this kind of message, as events.data or events/data."`
	Publisher *string  `help:"Only what this publisher sent."`
	Unit      *string  `help:"Only what has this unit."`
	From      string   `help:"First moment: Unix seconds, or ISO 8601 in the time zone (2026-09 is its first instant). Without it from the first sample." placeholder:"TIME"`
	To        string   `help:"The moment after the last. Without it to the last sample that is stored now." placeholder:"TIME"`
	Timezone  string   `help:"IANA time zone of times without an offset (utc)." placeholder:"ZONE"`
	DryRun    bool     `help:"Print what would be deleted, and delete nothing."`
	JSON      bool     `name:"json" help:"Print as JSON."`
}

func (c *deleteCmd) Run(a *app) error {
	it, err := c.item()
	if err != nil {
		return err
	}
	var deleted store.Deleted
	if c.DryRun {
		deleted, err = engine.Deletable(a.ctx, a.config, it)
	} else {
		deleted, err = engine.Delete(a.ctx, a.config, it, a.logFrom(slog.LevelWarn))
	}
	if err != nil {
		return interrupted(a.ctx, err)
	}
	t := table{columns: []string{"channel", "subtopic", "publisher", "name", "unit", "samples", "first", "last"}}
	for _, d := range deleted.Series {
		s := d.Series
		t.add(s.Channel, s.Subtopic, s.Publisher, s.Name, s.Unit, d.Samples, utc(d.First), utc(d.Last))
	}
	if err := t.print(a.stdout, c.JSON); err != nil {
		return err
	}
	said := "deleted; samples of these series that are stored from now on stay"
	switch {
	case deleted.Samples == 0:
		said = "nothing is stored there; nothing was deleted"
	case c.DryRun:
		said = "this would be deleted; nothing was"
	}
	a.log.Info(said, "series", len(deleted.Series), "samples", deleted.Samples)
	return nil
}

// item reads the flags as those of an export are read.
func (c *deleteCmd) item() (*request.Item, error) {
	s := selection{Channel: c.Channel, Subtopic: c.Subtopic, Target: c.Target, Publisher: c.Publisher, Unit: c.Unit, From: c.From, To: c.To, Timezone: c.Timezone}
	if s.Subtopic == nil {
		s.Subtopic = new(string)
	}
	data, err := s.request()
	if err != nil {
		return nil, err
	}
	r, err := request.Parse(data, request.Options{ISOTimes: true})
	if err != nil {
		return nil, byFlag(err)
	}
	it := &r.Items[0]
	it.AnySubtopic = c.Subtopic == nil
	return it, nil
}
