package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"decant/engine"
	"decant/ingest"
	"decant/ingest/file"
)

// bounded is an appender that admits all series but one, and fails after some samples.
type bounded struct {
	refused string // the name of a series
	room    int    // samples
	stored  int
}

var errRefused, errNoRoom = errors.New("one series too many"), errors.New("no room")

func (b *bounded) Admit(samples []ingest.Sample) error {
	for _, s := range samples {
		if s.Series.Name == b.refused {
			return errRefused
		}
	}
	return nil
}

func (b *bounded) Append(_ context.Context, batch ingest.Batch) error {
	if b.stored+len(batch.Samples) > b.room {
		return errNoRoom
	}
	b.stored += len(batch.Samples)
	return nil
}

// rows is a long file of n samples, each of a series of its own.
func rows(n int) string {
	var b strings.Builder
	b.WriteString("time,name,value\n")
	for i := range n {
		fmt.Fprintf(&b, "%d,s%d,%d\n", 1700000000+i, i, i)
	}
	return b.String()
}

func importRows(n int, to ingest.Appender) ([]file.Summary, error) {
	cfg := file.Config{Channel: "c", Subtopic: "s", NameColumn: "name", ValueColumn: "value", Received: 1785535200e9}
	return engine.Import(context.Background(), to, []string{"-"}, strings.NewReader(rows(n)), cfg, func(string, int64, int64) {})
}

// TestImportWholeOrNot: the last of many series is one too many, so nothing is stored.
func TestImportWholeOrNot(t *testing.T) {
	const n = 100_000
	to := &bounded{refused: fmt.Sprintf("s%d", n-1), room: n}
	if _, err := importRows(n, to); !errors.Is(err, errRefused) || errors.As(err, new(*engine.PartialError)) {
		t.Errorf("a series over the limit: %v", err)
	}
	if to.stored > 0 {
		t.Errorf("%d samples of a refused file are stored", to.stored)
	}
	to.refused = ""
	if s, err := importRows(n, to); err != nil || to.stored != n || s[0].Samples != n {
		t.Errorf("stored %d of %d: %v", to.stored, n, err)
	}
}

// TestImportStopsHalfway: who made it end is told how much is stored.
func TestImportStopsHalfway(t *testing.T) {
	const n = 100_000
	to := &bounded{room: n / 2}
	_, err := importRows(n, to)
	var partial *engine.PartialError
	if !errors.As(err, &partial) || !errors.Is(err, errNoRoom) {
		t.Fatalf("no room for half of the file: %v", err)
	}
	if to.stored == 0 || partial.Samples != int64(to.stored) {
		t.Errorf("%d samples are stored, and the error says %v", to.stored, err)
	}
}
