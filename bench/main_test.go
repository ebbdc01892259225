package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"testing"
	"time"

	"decant/engine"
	"decant/engine/export"
)

// kept holds the stores that several benchmarks read, for as long as the tests run.
var kept struct {
	sync.Mutex
	dir string
}

// fillVariable has this program fill a store and end, so that its memory can be watched from outside: "data series samples folder".
const fillVariable = "DECANT_BENCH_FILL"

// serveVariable has this program be decant, as RunService and RunStore start it: serve --quiet --config FILE, export --quiet --data DIR -f FILE -o DIR, or version.
const serveVariable = "DECANT_BENCH_SERVE"

func TestMain(m *testing.M) {
	if os.Getenv(serveVariable) != "" {
		run := map[string]func(string) error{"serve": serve, "export": exportTo, "version": func(string) error { return nil }}[os.Args[1]]
		if err := run(os.Args[len(os.Args)-1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if text := os.Getenv(fillVariable); text != "" {
		var d Dataset
		var dir string
		_, err := fmt.Sscan(text, &d.Data, &d.Series, &d.Samples, &dir)
		if err == nil {
			err = Fill(context.Background(), dir, d)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	if kept.dir != "" {
		os.RemoveAll(kept.dir)
	}
	os.Exit(code)
}

// exportTo is decant export.
func exportTo(folder string) error {
	text, err := os.ReadFile(os.Args[6])
	if err != nil {
		return err
	}
	config := engine.Default()
	config.Data = os.Args[4]
	snap, err := engine.Source(config).Open(context.Background())
	if err != nil {
		return err
	}
	defer snap.Close()
	_, err = engine.Export(context.Background(), snap, text, folder, export.Options{Now: time.Now().UnixNano()})
	return err
}

// serve runs the export service until it is told to stop.
func serve(file string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	config, err := engine.LoadConfig(file)
	if err != nil {
		return err
	}
	options := engine.ServeOptions{Role: engine.RoleAll, Log: slog.New(slog.DiscardHandler), FirstToken: func(text string) error {
		_, err := fmt.Println(text)
		return err
	}}
	service, err := engine.OpenService(ctx, config, options)
	if err != nil {
		return err
	}
	return errors.Join(service.Run(ctx), service.Close())
}

// walk is the data set of most benchmarks.
func walk(series, samples int) Dataset {
	return Dataset{Data: DataWalk, Series: series, Samples: samples}
}

// storeOf is the folder of a store that holds the data set. It is made when it is first asked for.
func storeOf(t testing.TB, d Dataset) string {
	t.Helper()
	kept.Lock()
	defer kept.Unlock()
	if kept.dir == "" {
		dir, err := os.MkdirTemp("", "decant-bench-*")
		if err != nil {
			t.Fatal(err)
		}
		kept.dir = dir
	}
	dir, err := Prepare(t.Context(), kept.dir, d, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// reading opens a store that holds the data set. It is closed when the test ends.
func reading(t testing.TB, d Dataset) *input {
	t.Helper()
	in, err := openInput(t.Context(), Options{Input: storeOf(t, d)}, 0, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	return in
}
