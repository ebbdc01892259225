package bench

import (
	"fmt"
	"io"
	"testing"
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
		{csvWide, 20, 100_000, "", nil},
		{"xlsx", 8, 125_000, "excelize", PlainXLSX},
		{"jsonl", 8, 250_000, "encoding-json", PlainJSON},
		{"parquet", 8, 250_000, "", nil},
		{"arrow", 8, 250_000, "", nil},
		{"pdf", 1, 100_000, "", nil},
	} {
		d := walk(c.series, c.seconds)
		rows := c.series * c.seconds
		if c.format == csvWide {
			d.Data, rows = DataTetouan, c.seconds // its series share their times
		}
		b.Run(fmt.Sprintf("format=%s/series=%d/rows=%s", c.format, c.series, short(rows)), func(b *testing.B) {
			ours, err := reading(b, d).export(b.Context(), printing{format: c.format})
			if err != nil {
				b.Fatal(err)
			}
			once(b, ours.work) // its buffers are made here
			if c.plain == nil {
				compare(b, "rows", rows, ours.work)
				return
			}
			list, err := Rows(d)
			if err != nil {
				b.Fatal(err)
			}
			compare(b, "rows", rows, ours.work, work{name: c.rival, run: func() error { return c.plain(io.Discard, list) }})
		})
	}
}
