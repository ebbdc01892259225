package main

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"decant": main, "decant-broker": embedded})
}

// TestScripts runs testdata/*.txtar: the real binary's commands. UPDATE=1 rewrites what they expect. $TELEMETRY is a folder with the real
// input: tetouan_power.csv and machine_temperature.csv.
func TestScripts(t *testing.T) {
	telemetry := t.TempDir()
	unzip(t, "../../engine/demo/tetouan_power.csv.gz", filepath.Join(telemetry, "tetouan_power.csv"))
	copyFile(t, "testdata/telemetry/machine_temperature.csv", filepath.Join(telemetry, "machine_temperature.csv"))
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		UpdateScripts:       os.Getenv("UPDATE") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TELEMETRY", telemetry)
			return nil
		},
	})
}

func unzip(t *testing.T, from, to string) {
	t.Helper()
	f, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	write(t, r, to)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	f, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	write(t, f, to)
}

func write(t *testing.T, r io.Reader, to string) {
	t.Helper()
	f, err := os.Create(to)
	if err == nil {
		if _, err = io.Copy(f, r); err == nil {
			err = f.Close()
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}
