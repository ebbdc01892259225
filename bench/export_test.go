package bench

import (
	"context"
	"fmt"
	"io"
	"testing"

	"decant/engine/export"
	"decant/engine/export/request"
)

// BenchmarkExport prints all samples of a store as long output, from segments (in the system's cache) to nowhere, planning included. The rivals print the
// same rows from memory with what Go programs use otherwise, on one goroutine each.
func BenchmarkExport(b *testing.B) {
	for _, c := range []struct {
		format          string
		series, seconds int
		rival           string
		plain           func(w io.Writer, rows []Row) error
	}{
		{"csv", 1, 2_000_000, "encoding-csv", PlainCSV},
		{"csv", 8, 250_000, "encoding-csv", PlainCSV},
		{"csv", 50, 40_000, "encoding-csv", PlainCSV},
		{"xlsx", 8, 125_000, "excelize", PlainXLSX},
		{"jsonl", 8, 250_000, "encoding-json", PlainJSON},
		{"parquet", 8, 250_000, "", nil},
		{"arrow", 8, 250_000, "", nil},
		{"pdf", 1, 100_000, "", nil},
	} {
		d := walk(c.series, c.seconds)
		rows := c.series * c.seconds
		b.Run(fmt.Sprintf("format=%s/series=%d/rows=%s", c.format, c.series, short(rows)), func(b *testing.B) {
			ours := exporting(b, storeOf(b, d), fmt.Sprintf(requestText, c.format, ""), int64(rows))
			if c.plain == nil {
				compare(b, "rows", rows, ours)
				return
			}
			list, err := Rows(d)
			if err != nil {
				b.Fatal(err)
			}
			compare(b, "rows", rows, ours, work{name: c.rival, run: func() error { return c.plain(io.Discard, list) }})
		})
	}
}

// BenchmarkDecimatedExport is BenchmarkDecimation with all that comes before and after it: plan, 15 min averages, a CSV file's text.
func BenchmarkDecimatedExport(b *testing.B) {
	const seconds = 20_000_000
	b.Run("format=csv/func=avg/bucket=15m", func(b *testing.B) {
		text := fmt.Sprintf(requestText, "csv", `"decimation": {"ds": "15m", "dsf": "avg"},`)
		compare(b, "points", seconds, exporting(b, storeOf(b, walk(1, seconds)), text, (seconds+899)/900))
	})
}

const requestText = `{
  "format": {"extension": %q},
  "type": "oneTime",
  "items": [{"params": {
    "target": {"value": "*"}, %s
    "channelId": "` + Channel + `",
    "subtopic": "` + Subtopic + `"
  }}]
}`

// exporting plans the request and streams it to nowhere. The store is open and read once before.
func exporting(t testing.TB, dir, text string, rows int64) work {
	t.Helper()
	snap := open(t, dir)
	run := func() error {
		got, err := exportTo(t.Context(), snap, text, io.Discard)
		if err == nil && got != rows {
			err = fmt.Errorf("%d rows were printed, %d expected", got, rows)
		}
		return err
	}
	if err := run(); err != nil {
		t.Fatal(err)
	}
	return work{run: run}
}

// exportTo writes a request's only item and gives its number of rows.
func exportTo(ctx context.Context, snap export.Snapshot, text string, w io.Writer) (rows int64, err error) {
	r, err := request.Parse([]byte(text), request.Options{})
	if err != nil {
		return 0, err
	}
	plan, err := export.NewPlan(ctx, snap, r, export.Options{})
	if err != nil {
		return 0, err
	}
	m, err := export.Stream(ctx, snap, plan, w)
	if err != nil {
		return 0, err
	}
	return m.Files[0].Rows, nil
}
