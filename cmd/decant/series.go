package main

import (
	"errors"
	"fmt"
	"path"
	"time"

	"decant/engine"
)

type seriesCmd struct {
	Glob string `arg:"" optional:"" help:"Only names that match: * is any text, ? one character, [ab] one of several."`
	JSON bool   `name:"json" help:"Print as JSON."`
}

func (c *seriesCmd) Run(a *app) error {
	if _, err := path.Match(c.Glob, ""); err != nil {
		return usageError{fmt.Errorf("glob %q: %w; allowed are * ? and [ab]", c.Glob, err)}
	}
	snap, err := engine.Source(a.config).Open(a.ctx)
	if err != nil {
		return err
	}
	defer snap.Close()
	series, err := snap.Series(a.ctx, "", "")
	if err != nil {
		return err
	}
	t := table{columns: []string{"channel", "subtopic", "publisher", "name", "unit", "samples", "first", "last"}}
	for _, s := range series {
		if c.Glob != "" && !matches(c.Glob, s.Name) {
			continue
		}
		t.add(s.Channel, s.Subtopic, s.Publisher, s.Name, s.Unit, s.Samples, utc(s.First), utc(s.Last))
	}
	if len(t.rows) == 0 && c.Glob != "" && !c.JSON {
		return notFound{errors.New("no series has a name that matches " + c.Glob + "; decant series lists all")}
	}
	return t.print(a.stdout, c.JSON)
}

// matches is path.Match over a name, in which a slash is a character like any other.
func matches(glob, name string) bool {
	swap := func(s string) string {
		b := []byte(s)
		for i := range b {
			if b[i] == '/' {
				b[i] = 0
			}
		}
		return string(b)
	}
	ok, err := path.Match(swap(glob), swap(name))
	return ok && err == nil
}

// utc prints ns since 1970 for listings.
func utc(t int64) string { return time.Unix(0, t).UTC().Format(time.RFC3339Nano) }
