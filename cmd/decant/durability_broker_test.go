package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"decant/engine"
	"decant/ingest/broker"
	"decant/ingest/ingesttest"
)

// embedded is a process with the embedded broker in front of a store: decant-broker DIR HOST:PORT.
func embedded() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	a := &app{ctx: ctx, stderr: os.Stderr, config: engine.Default(), log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	a.config.Data = os.Args[1]
	os.Exit(report(os.Stderr, a.serve(os.Args[2])))
}

func (a *app) serve(addr string) error {
	intake, err := engine.OpenIntake(a.config, a.log)
	if err != nil {
		return err
	}
	b, err := broker.Listen(broker.Config{Listen: addr, Log: a.log})
	if err != nil {
		intake.Close()
		return err
	}
	a.log.Info("listening")
	err = a.ingest(intake, b)
	if closing := intake.Close(); err == nil {
		err = closing
	}
	return err
}

// On the embedded broker the PUBACK itself is the promise.
func TestNothingIsLostWhenTheEmbeddedBrokerIsKilled(t *testing.T) {
	t.Parallel()
	r := random(t)
	data := filepath.Join(t.TempDir(), "store")
	addr := "127.0.0.1:" + strconv.Itoa(ingesttest.FreePort(t))
	serve := func() *process { return start(t, "decant-broker", data, addr) }

	f := launch(t,
		&device{name: "absolute", addr: addr, inFlight: 50},
		&device{name: "relative", addr: addr, inFlight: 50, relative: true},
		&device{name: "anew", addr: addr, inFlight: 50, relative: true, anew: true})
	for range kills() {
		killAt := f.acked() + 1 + r.Int64N(2*int64(batch()))
		f.publish(batch())
		p := serve()
		if r.IntN(3) == 0 {
			time.Sleep(time.Duration(r.Int64N(int64(200 * time.Millisecond)))) // also while it starts
		} else {
			poll(t, "messages are acknowledged", func() bool { return f.acked() > killAt })
		}
		p.kill()
	}
	last := serve()
	f.finish()
	if code := last.stop(); code != exitDone {
		t.Errorf("exit code %d\n%s", code, last.stderr)
	}
	t.Logf("the last process:\n%s", last.stderr)
	f.check(data)
}
