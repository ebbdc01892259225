package export_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"decant/engine/export"
	"decant/engine/export/exporttest"
	"decant/engine/export/request"
)

// csvRows are the rows of a whole CSV file, its header first. The standard reader passes over a lone empty cell, which is quoted here.
func csvRows(t testing.TB, text string) [][]string {
	t.Helper()
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// A preview's rows are the first of the file that CSV would be, and it knows whether there are more.
func TestPreviewIsTheBeginning(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		src := tame(randomSource(rt))
		for i := range src.Samples {
			x := &src.Samples[i]
			x.Channel, x.Subtopic, x.Publisher, x.Unit = "c1", "events.data", "", "V"
		}
		items, columns := drawGroup(rt, names(src))
		items = append(items, `{"filename": "known", "params": {"resource": "series"}}`)
		columns = append(columns, "series.name", "series.lastTime")
		format := fmt.Sprintf(`"timezone": %q, %s`, rapid.SampledFrom([]string{"utc", "Europe/Berlin"}).Draw(rt, "zone"), columnsJSON(columns))
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		defer mem.AssertSize(t, 0)
		src.Alloc = mem
		p, snap, err := newPlan(t, src, parse(t, `"extension": "csv", `+format, items...), export.Options{Memory: mem})
		skipUnplannable(rt, err)
		dir := filepath.Join(t.TempDir(), "out")
		m, err := export.Run(t.Context(), snap, p, dir)
		if err != nil {
			rt.Fatal(err)
		}
		rows := rapid.IntRange(0, 60).Draw(rt, "rows")
		previews, err := export.PreviewPlan(t.Context(), snap, p, rows)
		if err != nil {
			rt.Fatal(err)
		}
		for i, got := range previews {
			whole := csvRows(t, readFile(t, filepath.Join(dir, m.Files[i].File)))
			want := export.Preview{File: m.Files[i].File, Columns: whole[0], Rows: whole[1:min(len(whole), 1+rows)], More: len(whole) > 1+rows}
			if len(want.Rows) == 0 {
				want.Rows = [][]string{}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatalf("item %d %s of %d rows: %s", i, items[i], rows, diff)
			}
		}
		// Another format, which guards nothing, prints the same but for that.
		other := rapid.SampledFrom(extensions[1:]).Draw(rt, "extension")
		if other == "parquet" || other == "arrow" {
			return // their labels have no zone
		}
		q, snap, err := newPlan(t, src, parse(t, fmt.Sprintf(`"extension": %q, `, other)+format, items...), export.Options{Memory: mem})
		if err != nil {
			rt.Skip(err)
		}
		others, err := export.PreviewPlan(t.Context(), snap, q, rows)
		if err != nil {
			rt.Fatal(err)
		}
		for i := range others {
			for _, preview := range []*export.Preview{&previews[i], &others[i]} {
				preview.File = ""
				for _, row := range preview.Rows {
					for c := range row {
						row[c] = strings.TrimPrefix(row[c], "'")
					}
				}
			}
			if diff := cmp.Diff(previews[i], others[i]); diff != "" {
				rt.Errorf("item %d as %s: %s", i, other, diff)
			}
		}
	})
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// stopping counts the records that are read of an endless snapshot.
type stopping struct {
	*endless
	read int64
}

func (s *stopping) Scan(ctx context.Context, id export.SeriesID, from, to int64, columns ...string) (array.RecordReader, error) {
	r, err := s.endless.Scan(ctx, id, from, to, columns...)
	return &countingReader{r, s}, err
}

type countingReader struct {
	array.RecordReader
	s *stopping
}

func (r *countingReader) Next() bool {
	r.s.read++
	return r.RecordReader.Next()
}

func names(src *exporttest.Memory) (names []string) {
	for _, x := range src.Samples {
		if !slices.Contains(names, x.Name) {
			names = append(names, x.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Cells keep what CSV has to quote, and empty ones are empty.
func TestPreviewCells(t *testing.T) {
	src := &memorySource{}
	texts := []string{`say "a"`, "a,b\r\nc", "\x1f", "=1", "", "plain"}
	for i, s := range texts {
		x := number("n", int64(i)*1e9, 0)
		x.Kind, x.Text = 3, s
		src.Append(x)
	}
	empty := number("n", int64(len(texts))*1e9, 0)
	empty.Kind, empty.HasSum = 0, true
	src.Append(empty)
	for _, c := range []struct{ format, first, fourth, last string }{
		{`"extension": "csv", "columns": [{"id": "value"}]`, texts[0], "'=1", ""},
		{`"extension": "csv", "columns": [{"id": "value"}], "csv": {"formulaGuard": false, "null": "-"}`, texts[0], "=1", "-"},
		{`"extension": "jsonl", "columns": [{"id": "value"}]`, texts[0], "=1", ""},
		{`"extension": "csv", "template": "expanded", "compression": "gzip", "columns": [{"id": "value"}]`, texts[0], "'=1", ""},
	} {
		p, snap, err := newPlan(t, src, parse(t, c.format, item(`"target": {"value": "n"}`)), export.Options{})
		if err != nil {
			t.Fatal(err)
		}
		previews, err := export.PreviewPlan(t.Context(), snap, p, 50)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, row := range previews[0].Rows {
			got = append(got, row...)
		}
		want := append(slices.Clone(texts), c.last)
		want[3] = c.fourth
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", c.format, diff)
		}
	}
}

// A preview of a long range reads its beginning, whatever the format; a PDF's summary is not asked for.
func TestPreviewStopsReading(t *testing.T) {
	const samples = 3 << 20
	for _, c := range []struct {
		extension, params string
		most              int64 // records of 8,192 samples that may be read
	}{
		{"csv", `"target": {"value": "*"}`, 2},
		{"pdf", `"target": {"value": "*"}`, 2},
		{"parquet", `"target": {"value": "*"}, "transform": "delta"`, 2},
		{"csv", `"target": {"value": "*"}, "decimation": {"ds": "1h"}`, 25}, // 51 hours
	} {
		src := newEndless(1, samples)
		snap := &stopping{endless: src}
		r := parse(t, fmt.Sprintf(`"extension": %q`, c.extension), fmt.Sprintf(`{"params": {"channelId": "channel", "subtopic": "events.data", %s}}`, c.params))
		p, err := export.NewPlan(t.Context(), snap, r, export.Options{Cores: 1, Limits: export.Limits{PDFRows: 1 << 40}})
		if err != nil {
			t.Fatal(err)
		}
		previews, err := export.PreviewPlan(t.Context(), snap, p, 50)
		if err != nil {
			t.Fatal(err)
		}
		if len(previews[0].Rows) != 50 || !previews[0].More {
			t.Errorf("%v: %d rows, more: %v", c, len(previews[0].Rows), previews[0].More)
		}
		if snap.read > c.most {
			t.Errorf("%v: %d records were read of %d, want at most %d", c, snap.read, samples/benchRows, c.most)
		}
	}
}

// A preview that has no time left is what has come, and says that there may be more.
func TestPreviewEndsInTime(t *testing.T) {
	src := &memorySource{}
	src.Append(number("n", 0, 1))
	p, snap, err := newPlan(t, src, parse(t, `"extension": "csv"`, item(`"target": {"value": "n"}, "decimation": {"ds": "1M"}`)), export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	previews, err := export.PreviewPlan(ctx, snap, p, 50)
	if err != nil {
		t.Fatal(err)
	}
	if got := previews[0]; len(got.Rows) != 0 || !got.More || len(got.Columns) != 4 {
		t.Errorf("got %+v, want a header, no rows, and more", got)
	}
}

func TestPreviewFails(t *testing.T) {
	broken := errors.New("the disk is on fire")
	src := &memorySource{}
	src.Append(number("n", 0, 1))
	p, snap, err := newPlan(t, src, parse(t, `"extension": "csv"`, item(`"target": {"value": "n"}`), `{"params": {"resource": "series"}}`), export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := export.PreviewPlan(ctx, snap, p, 50); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled preview: %v", err)
	}
	src.Fault = func() error { return broken }
	p, snap, err = newPlan(t, src, p.Request, export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := export.PreviewPlan(t.Context(), snap, p, 50); !errors.Is(err, broken) {
		t.Errorf("a preview of a broken source: %v", err)
	}
}

// A full export's items hold every subtopic, publisher and unit of their channel.
func TestFullExport(t *testing.T) {
	src := &memorySource{}
	for i, subtopic := range []string{"b", "", "a"} {
		for _, publisher := range []string{"p", ""} {
			x := number("n", int64(i)*1e9, float64(i))
			x.Subtopic, x.Publisher = subtopic, publisher
			src.Append(x)
		}
	}
	other := number("n", 0, 7)
	other.Channel = "c2"
	src.Append(other)
	r := request.Full("jsonl", []string{"c1", "c2"})
	p, snap, err := newPlan(t, src, r, export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "full")
	m, err := export.Run(t.Context(), snap, p, dir)
	if err != nil {
		t.Fatal(err)
	}
	if m.Files[0].File != "c1.jsonl.gz" || m.Files[0].Rows != 6 || m.Files[1].File != "c2.jsonl.gz" || m.Files[1].Rows != 1 || p.Items[0].Stored != 6 {
		t.Errorf("the files are %+v", m.Files)
	}
	previews, err := export.PreviewPlan(t.Context(), snap, p, 3)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"c1", "b", "", "n", "V", "1970-01-01T00:00:00Z", "0", "", "1970-01-01T00:00:00Z", "mqtt"},
		{"c1", "b", "p", "n", "V", "1970-01-01T00:00:00Z", "0", "", "1970-01-01T00:00:00Z", "mqtt"},
		{"c1", "", "", "n", "V", "1970-01-01T00:00:01Z", "1", "", "1970-01-01T00:00:01Z", "mqtt"},
	}
	if diff := cmp.Diff(want, previews[0].Rows); diff != "" {
		t.Error(diff)
	}
	var b bytes.Buffer
	if err := p.WriteText(&b); err != nil || !strings.Contains(b.String(), "n (V) by p: 1 samples") {
		t.Errorf("%v, the plan prints %s", err, b.String())
	}
}
