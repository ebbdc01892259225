package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"decant/engine/demo"
)

type demoCmd struct {
	Dir string `help:"Folder for the demo's store and files (decant-demo)." placeholder:"DIR" default:"decant-demo"`
}

func (c *demoCmd) Run(a *app) error {
	bars := a.progress("samples")
	result, err := demo.Run(a.ctx, demo.Config{Dir: c.Dir, Engine: a.config, Log: a.logFrom(slog.LevelWarn), Progress: bars.update})
	bars.finish()
	if err != nil {
		return interrupted(a.ctx, err)
	}
	return result.Print(a.stdout, c.Dir, invocation())
}

// invocation is how the user can call this program again: go run builds it in a folder that is gone afterwards.
func invocation() string {
	if strings.Contains(filepath.ToSlash(os.Args[0]), "/go-build") {
		return "go run ./cmd/decant"
	}
	return os.Args[0]
}
