package bench

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"decant/engine"
	"decant/engine/store"
)

// memoryBound is what the anonymous memory of no work may pass, whatever the number of samples; bytes.
const memoryBound = 256 << 20

// look is the time between two questions whether a process has done its work.
const look = 250 * time.Millisecond

// watch runs a command, throws away what it prints to stdout, and reports its peak anonymous memory (resident less file pages) and how many samples a second it
// handled. A command that doesn't end by itself is asked to (SIGTERM) when done says so.
func watch(b *testing.B, cmd *exec.Cmd, samples int, done func() (bool, error)) {
	b.Helper()
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	began := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	glances, looks := time.NewTicker(glance), time.NewTicker(look)
	defer glances.Stop()
	defer looks.Stop()
	var peak int64
	for {
		select {
		case <-glances.C:
			peak = max(peak, anonymous(cmd.Process.Pid))
			continue
		case <-looks.C:
			if done == nil {
				continue
			}
			is, err := done()
			if err != nil {
				cmd.Process.Kill()
				b.Fatal(err)
			}
			if is {
				cmd.Process.Signal(syscall.SIGTERM)
				done = nil
			}
			continue
		case err := <-ended:
			if err != nil {
				b.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, complaints.Bytes())
			}
		}
		break
	}
	b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
	b.ReportMetric(float64(samples)/time.Since(began).Seconds(), "samples/s")
	if peak > memoryBound {
		b.Errorf("%d MiB of anonymous memory, at most %d are allowed", peak>>20, memoryBound>>20)
	}
}

// stored counts a store's samples, beside its writer.
func stored(ctx context.Context, dir string) (n int64, err error) {
	snap, err := engine.Source(Config(dir)).Open(ctx)
	if errors.Is(err, store.ErrNotStore) {
		return 0, nil // not made yet
	}
	if err != nil {
		return 0, err
	}
	defer snap.Close()
	list, err := snap.Series(ctx, "", "")
	for _, s := range list {
		n += s.Samples
	}
	return n, err
}
