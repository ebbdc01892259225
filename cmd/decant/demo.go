package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"decant/engine"
	"decant/engine/demo"
)

type demoCmd struct {
	Dir    string `help:"Folder for the demo's store and files (${default})." placeholder:"DIR" default:"decant-demo"`
	Serve  bool   `help:"Leave the export service running on the demo's store."`
	Listen string `help:"Address of the service (127.0.0.1:8080)." placeholder:"HOST:PORT" env:"DECANT_LISTEN"`
}

func (c *demoCmd) Run(a *app) error {
	bars := a.progress("samples")
	result, err := demo.Run(a.ctx, demo.Config{Dir: c.Dir, Engine: a.config, Log: a.logFrom(slog.LevelWarn), Progress: bars.update})
	bars.finish()
	if err != nil {
		return interrupted(a.ctx, err)
	}
	if err := result.Print(a.stdout, c.Dir, invocation()); err != nil || !c.Serve {
		return err
	}
	a.config.Data = result.Store
	if c.Listen != "" {
		a.config.Service.Listen = c.Listen
	}
	return a.runService(engine.ServeOptions{Role: engine.RoleAll, Log: a.log}, func(config *engine.Config) { config.Data = result.Store }, func(service *engine.Service) error {
		token, err := service.NewAdminToken(a.ctx, "demo")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.stdout, `
The export service runs on the demo's store until you stop it. In another terminal:
  export DECANT_SERVER=%[1]s DECANT_TOKEN=%[2]s
  curl -H "Authorization: Bearer $DECANT_TOKEN" -H 'Content-Type: application/json' -d @%[3]s "$DECANT_SERVER/exports?pretty"
  curl -H "Authorization: Bearer $DECANT_TOKEN" "$DECANT_SERVER/exports/consumption/status?pretty"
  curl -H "Authorization: Bearer $DECANT_TOKEN" -OJ "$DECANT_SERVER/exports/consumption/download"
`, service.URL(), token, filepath.ToSlash(filepath.Join(result.Requests, "service.json")))
		return err
	})
}

// invocation is how the user can call this program again: go run builds it in a folder that is gone afterwards.
func invocation() string {
	if strings.Contains(filepath.ToSlash(os.Args[0]), "/go-build") {
		return "go run ./cmd/decant"
	}
	return os.Args[0]
}
