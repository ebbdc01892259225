package main

import (
	"fmt"
	"runtime"

	"decant/decimation"
	"decant/engine"
)

type versionCmd struct {
	JSON bool `name:"json" help:"Print as JSON."`
}

func (c *versionCmd) Run(a *app) error {
	if c.JSON {
		t := table{columns: []string{"decant", "zoneDatabase", "go", "platform"}}
		t.add(engine.Version(), decimation.ZoneDatabase, runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
		return t.print(a.stdout, true)
	}
	_, err := fmt.Fprintf(a.stdout, "decant %s (zone database %s, %s, %s/%s)\n",
		engine.Version(), decimation.ZoneDatabase, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
