package export_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"decant/decimation"
	"decant/engine/export"
	"decant/engine/export/request"
)

// endless is a snapshot whose series all give the same records again and again, so that a benchmark measures what comes after the scan.
type endless struct {
	series  int
	records int64
	step    int64 // ns from row to row
}

const benchRows = 8192

func newEndless(series int, rows int64) *endless {
	return &endless{series: series, records: rows / int64(series) / benchRows, step: 1e9}
}

func (s *endless) Close() error    { return nil }
func (s *endless) Arrival() uint64 { return 1 }
func (s *endless) samples() int64  { return s.records * benchRows }

func (s *endless) Series(context.Context, string, string) ([]export.Series, error) {
	var list []export.Series
	for i := range s.series {
		list = append(list, export.Series{ID: export.SeriesID(i), Channel: "channel", Subtopic: "events.data", Name: fmt.Sprintf("urn:dev:meter:%d:power", i), Unit: "kW",
			Samples: s.samples(), First: 0, Last: (s.samples() - 1) * s.step})
	}
	return list, nil
}

func (s *endless) Stats(context.Context, export.SeriesID, int64, int64) (export.RangeStats, error) {
	n := s.samples()
	last := (n - 1) * s.step
	return export.RangeStats{Samples: n, Numbers: n, Last: last, LastValue: last, Max: 1}, nil
}

func (s *endless) Before(context.Context, export.SeriesID, int64) (int64, float64, bool, error) {
	return 0, 0, false, nil
}

func (s *endless) Stored(context.Context, export.SeriesID, int64, int64) (int64, error) {
	return s.samples(), nil
}

func (s *endless) Scan(_ context.Context, _ export.SeriesID, _, _ int64, columns ...string) (array.RecordReader, error) {
	return &endlessReader{s: s}, nil
}

var benchSchema = arrow.NewSchema([]arrow.Field{
	{Name: "time", Type: &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}},
	{Name: "value", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
}, nil)

type endlessReader struct {
	s      *endless
	next   int64
	record arrow.Record
}

func (r *endlessReader) Schema() *arrow.Schema { return benchSchema }
func (r *endlessReader) Record() arrow.Record  { return r.record }
func (r *endlessReader) Err() error            { return nil }
func (r *endlessReader) Retain()               {}
func (r *endlessReader) Release()              {}
func (r *endlessReader) Next() bool {
	if r.next == r.s.records {
		return false
	}
	times := array.NewTimestampBuilder(memory.DefaultAllocator, benchSchema.Field(0).Type.(*arrow.TimestampType))
	values := array.NewFloat64Builder(memory.DefaultAllocator)
	for i := range int64(benchRows) {
		row := r.next*benchRows + i
		times.Append(arrow.Timestamp(row * r.s.step))
		values.Append(math.Round(20000+5000*math.Sin(float64(row)/1000)) / 100)
	}
	r.next++
	columns := []arrow.Array{times.NewArray(), values.NewArray()}
	r.record = array.NewRecord(benchSchema, columns, benchRows)
	return true
}

// BenchmarkExport prints rows of a source that costs nearly nothing.
func BenchmarkExport(b *testing.B) {
	for _, c := range []struct {
		format string
		series int
		wide   bool
	}{{"csv", 1, false}, {"csv", 8, false}, {"csv", 1000, false}, {"csv", 8, true}, {"parquet", 8, false}, {"arrow", 8, false}} {
		shape := "long"
		if c.wide {
			shape = "wide"
		}
		b.Run(fmt.Sprintf("format=%s/shape=%s/series=%d", c.format, shape, c.series), func(b *testing.B) {
			snap := newEndless(c.series, 1<<23)
			r := &request.Request{
				Format: request.Format{Extension: c.format, TimeFormat: "iso", Zone: &decimation.Zone{Name: "UTC", Location: time.UTC}},
				Items:  []request.Item{{Target: []request.Name{{Prefix: true}}, Channel: "channel", Subtopic: "events.data", Wide: c.wide}},
			}
			if c.wide {
				r.Format.Columns = []request.Column{{ID: "time", Label: "time"}}
				list, _ := snap.Series(b.Context(), "", "")
				for _, s := range list {
					r.Format.Columns = append(r.Format.Columns, request.Column{ID: s.Name, Label: s.Name})
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				p, err := export.NewPlan(b.Context(), snap, r, export.Options{})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := export.Stream(b.Context(), snap, p, io.Discard); err != nil {
					b.Fatal(err)
				}
			}
			rows := float64(snap.samples()) * float64(c.series) * float64(b.N)
			b.ReportMetric(rows/b.Elapsed().Seconds()/1e6, "Msamples/s")
		})
	}
}
