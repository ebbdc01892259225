package export_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"decant/engine/export"
	"decant/formats/formatstest"
)

// service is what an export service knows, in slices.
type service struct {
	exports []export.ExportRow
	jobs    []export.JobRow
	fault   error // after the last row
}

func (s *service) Exports(context.Context) iter.Seq2[export.ExportRow, error] {
	return listed(s.exports, s.fault)
}
func (s *service) Jobs(context.Context) iter.Seq2[export.JobRow, error] {
	return listed(s.jobs, s.fault)
}

func listed[T any](rows []T, fault error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
		var none T
		if fault != nil {
			yield(none, fault)
		}
	}
}

func at(ns int64) *int64 { return &ns }

// known is a service with exports and jobs, some of them without what others have.
func known() *service {
	return &service{
		exports: []export.ExportRow{
			{ID: "daily", Owner: "ada", Type: "recurring", Title: "=every day", Tags: []string{"site=a", "kind=b"}, Enabled: true, Status: "done", Version: 3,
				NextDue: at(berlinChange), CreatedAt: 1_700_000_000_123_456_789, UpdatedAt: 1_700_000_001_000_000_000},
			{ID: "once", Owner: "bob", Type: "oneTime", Version: 1, CreatedAt: -1, UpdatedAt: 1_700_000_000_000_000_000},
		},
		jobs: []export.JobRow{
			{ID: "j1", Export: "daily", Owner: "ada", Status: "failed", Cause: "scheduled", Due: berlinChange, Tries: 5, CreatedAt: berlinChange,
				StartedAt: at(berlinChange + 1e9), EndedAt: at(berlinChange + 2e9), Rows: 12, Error: "the disk\nis full"},
			{ID: "j2", Export: "once", Owner: "bob", Status: "notProcessed", Cause: "created", Due: 5e8, CreatedAt: 5e8},
		},
	}
}

func resource(params string) string { return `{"params": {` + params + `}}` }

// What files of resource items look like in every format, with a missing text, number and time.
func TestResourceGolden(t *testing.T) {
	src := &memorySource{}
	src.Append(number("temp", 1e9, 1), number("temp", 1_500_000_000, 1), number("@home", berlinChange, 2))
	x := number("temp", 7e9, 1)
	x.Channel, x.Subtopic, x.Publisher, x.Unit = "c0", "", "p1", ""
	src.Append(x)
	for _, extension := range []string{"csv", "jsonl", "xlsx", "parquet", "arrow"} {
		for _, kind := range []string{"series", "channel", "export", "job"} {
			t.Run(extension+" "+kind, func(t *testing.T) {
				mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
				defer mem.AssertSize(t, 0)
				r := parse(t, fmt.Sprintf(`"extension": %q, "timezone": "Europe/Berlin"`, extension), resource(fmt.Sprintf(`"resource": %q`, kind)))
				file := []byte(stream(t, src, r, export.Options{TempDir: t.TempDir(), Resources: known(), Memory: mem}))
				formatstest.Golden(t, filepath.Join("resources", kind+"."+extension+".txt"), dump(t, extension, file))
			})
		}
	}
	for name, format := range map[string]string{
		"expanded": `"extension": "csv", "template": "expanded"`,
		"local":    `"extension": "csv", "timezone": "Europe/Berlin", "timeFormat": "local", "columns": [{"id": "job.id", "label": "id"}, {"id": "job.due"}, {"id": "job.finishedAt", "label": "end"}, {"id": "job.error"}]`,
	} {
		file := stream(t, src, parse(t, format, resource(`"resource": "job"`)), export.Options{Resources: known()})
		formatstest.Golden(t, filepath.Join("resources", name+".csv.txt"), []byte(file))
	}
}

// A PDF of a resource item is a table without a summary and charts.
func TestResourcePDF(t *testing.T) {
	formatstest.Need(t, "pdftotext")
	r := parse(t, `"extension": "pdf"`, resource(`"resource": "job"`))
	path := filepath.Join(t.TempDir(), "jobs.pdf")
	if err := os.WriteFile(path, []byte(stream(t, &memorySource{}, r, export.Options{Resources: known(), Now: berlinChange})), 0o666); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command("pdftotext", "-layout", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"notProcessed", "2026-10-25T01:00:01.000Z", "job.status"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in the file:\n%s", want, text)
		}
	}
}

// A PDF of jobs has room for ids as the service makes them, in any zone; columns that somebody chose and no page holds are a limit's matter.
func TestResourcePDFWidth(t *testing.T) {
	const id = "01a1ff7a-0989-7e81-bddd-90c3bb17036a"
	jobs := &service{jobs: []export.JobRow{{ID: id, Export: id, Owner: "plant@example.com", Status: "notProcessed", Cause: "scheduled", Due: berlinChange, Tries: 5,
		CreatedAt: berlinChange, StartedAt: at(berlinChange), EndedAt: at(berlinChange), ExpiresAt: at(berlinChange), Rows: 123_456_789, Bytes: 12_345_678_901,
		Error: "the connection to the database was lost while the rows were counted"}}}
	format := `"extension": "pdf", "timezone": "Pacific/Chatham"`
	stream(t, &memorySource{}, parse(t, format, resource(`"resource": "job"`)), export.Options{Resources: jobs, Now: berlinChange})

	var all []string
	for _, name := range []string{"id", "exportId", "owner", "status", "cause", "due", "tries", "createdAt", "startedAt", "finishedAt", "expiresAt", "rows", "bytes", "error"} {
		all = append(all, fmt.Sprintf(`{"id": "job.%s"}`, name))
	}
	r := parse(t, format+`, "columns": [`+strings.Join(all, ",")+`]`, resource(`"resource": "job"`))
	plan, snap, err := newPlan(t, &memorySource{}, r, export.Options{Resources: jobs, Now: berlinChange})
	if err != nil {
		t.Fatal(err)
	}
	var limit *export.LimitError
	if _, err := export.Stream(t.Context(), snap, plan, io.Discard); !errors.As(err, &limit) || limit.Limit != "columns" {
		t.Errorf("a table of all columns: %v", err)
	}
}

// A resource item lists the rows that a walk over everything finds.
func TestResourceFiltersEqualReference(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		src, s := randomSource(rt), known()
		kind := rapid.SampledFrom([]string{"series", "channel", "export", "job"}).Draw(rt, "kind")
		rows := referenceResource(src, s, kind)
		filter := drawFilter(rt, rows)
		params := fmt.Sprintf(`"resource": %q`, kind)
		if len(filter) > 0 {
			text, _ := json.Marshal(filter)
			params += `, "filter": ` + string(text)
		}
		var want [][]string
		var ids []string
		for _, id := range map[string][]string{"series": {"channel", "subtopic", "publisher", "name", "unit", "count"}, "channel": {"id", "subtopics", "series", "count"},
			"export": {"id", "tags", "enabled"}, "job": {"id", "error"}}[kind] {
			ids = append(ids, kind+"."+id)
		}
		for _, row := range rows {
			pass := len(filter) == 0 || slices.ContainsFunc(filter, func(entry map[string]any) bool {
				for name, cond := range entry {
					unit := int64(1)
					if strings.HasSuffix(name, "Time") || strings.HasSuffix(name, "At") || name == "nextRun" || name == "due" {
						unit = 1e9
					}
					if !referenceMatches(row[name], cond, unit) {
						return false
					}
				}
				return true
			})
			if !pass {
				continue
			}
			var cells []string
			for _, id := range ids {
				v := row[strings.TrimPrefix(id, kind+".")]
				if v.number != nil {
					cells = append(cells, fmt.Sprint(*v.number))
				} else {
					cells = append(cells, strings.Join(v.texts, ","))
				}
			}
			want = append(want, cells)
		}
		r := parse(t, `"extension": "csv", "csv": {"formulaGuard": false}, `+columnsJSON(ids), resource(params))
		p, snap, err := newPlan(t, src, r, export.Options{Resources: s})
		if err != nil {
			rt.Fatal(err)
		}
		if p.Items[0].Rows != int64(len(want)) {
			rt.Errorf("%d rows are expected, want %d", p.Items[0].Rows, len(want))
		}
		var b strings.Builder
		if _, err := export.Stream(t.Context(), snap, p, &b); err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(append([][]string{ids}, want...), csvRows(t, b.String())); diff != "" {
			rt.Fatalf("%s: %s", params, diff)
		}
	})
}

// Samples and resources in one request: each item has the columns that it can fill, and the manifest says what each lists.
func TestMixedRequest(t *testing.T) {
	src := hourly()
	r := parse(t, `"extension": "csv", "columns": [{"id": "time"}, {"id": "value"}, {"id": "series.name", "label": "name"}, {"id": "series.count"}]`,
		item(`"target": {"value": "a"}, "decimation": {"ds": "1d"}`), resource(`"resource": "series", "filter": [{"name": "b"}, {"series.name": "?"}]`))
	p, snap, err := newPlan(t, src, r, export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "out")
	m, err := export.Run(t.Context(), snap, p, dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := readFile(t, filepath.Join(dir, "series.csv")); !strings.HasPrefix(got, "name,series.count\na,") || strings.Count(got, "\n") != 3 {
		t.Errorf("the series are\n%s", got)
	}
	if f := m.Files[1]; f.Resource != "series" || f.Rows != 2 || f.From != nil || len(f.Series) != 0 || m.Files[0].Resource != "" {
		t.Errorf("the manifest says %+v", f)
	}
	if p.Items[0].Stored == 0 || p.Items[1].Stored != 0 || !p.Items[1].Exact {
		t.Errorf("the plan says %+v", p.Items[1])
	}
	text, err := json.Marshal(p)
	if err != nil || !strings.Contains(string(text), `{"file":"series.csv","resource":"series","from":null,"to":null,"columns":["name","series.count"],"series":[],"rows":2,"exact":true`) {
		t.Errorf("%v, the plan prints %s", err, text)
	}
}

func TestResourcesRefused(t *testing.T) {
	src := twoPublishers()
	secret := number("power", 0, 1)
	secret.Channel = "c1-secret"
	src.Append(secret)
	broken := errors.New("the database is away")
	for _, c := range []struct {
		name  string
		items []string
		opts  export.Options
		says  string // every error that the plan may give
		not   string
	}{
		{"no service", []string{resource(`"resource": "series"`), resource(`"resource": "export"`), resource(`"resource": "job"`)}, export.Options{},
			"items[1].params.resource: \"export\": the export service knows exports and jobs", ""},
		{"a channel outside", []string{item(`"target": {"value": "powr"}`)}, export.Options{Channels: []string{"d*"}}, `items[0].params.channelId: "c1": this channel is not among`, "close to it"},
		{"an unknown channel inside", []string{`{"params": {"channelId": "c1-secre", "subtopic": "s", "target": {"value": "a"}}}`}, export.Options{Channels: []string{"c1", "c1-secre"}},
			"there is no channel c1-secre; there is c1", "c1-secret"},
		{"rows that a limit forbids", []string{resource(`"resource": "series"`)}, export.Options{Limits: export.Limits{Rows: 3}}, "limits.rows allows 3", ""},
		{"a service that fails", []string{resource(`"resource": "job"`)}, export.Options{Resources: &service{fault: broken}}, "list resource job: the database is away", ""},
	} {
		_, _, err := newPlan(t, src, parse(t, `"extension": "csv"`, c.items...), c.opts)
		if err == nil || !strings.Contains(err.Error(), c.says) || c.not != "" && strings.Contains(err.Error(), c.not) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for globs, want := range map[string]int{"c1": 6, "c1*": 7, "d": 0, "*-secret": 1} {
		p, snap, err := newPlan(t, src, parse(t, `"extension": "csv"`, resource(`"resource": "series"`), resource(`"resource": "channel"`)), export.Options{Channels: []string{globs}})
		if err != nil {
			t.Fatal(err)
		}
		previews, err := export.PreviewPlan(t.Context(), snap, p, 100)
		if err != nil || len(previews[0].Rows) != want || p.Items[0].Rows != int64(want) || len(previews[1].Rows) != min(want, 1)+want/7 {
			t.Errorf("%s: %d series in %v, %v", globs, p.Items[0].Rows, previews, err)
		}
	}
	// A job that is cancelled, or whose service fails after the plan, leaves nothing.
	s := known()
	p, snap, err := newPlan(t, src, parse(t, `"extension": "csv"`, resource(`"resource": "job"`)), export.Options{Resources: s})
	if err != nil {
		t.Fatal(err)
	}
	s.fault = broken
	dir := filepath.Join(t.TempDir(), "out")
	if _, err := export.Run(t.Context(), snap, p, dir); !errors.Is(err, broken) {
		t.Errorf("a service that fails: %v", err)
	}
	s.fault = nil
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := export.Run(ctx, snap, p, dir); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Error("the failed jobs left a folder")
	}
	r := parse(t, `"extension": "xlsx"`, resource(`"resource": "job"`))
	long := &service{jobs: []export.JobRow{{ID: "j1", Error: strings.Repeat("x", 40_000)}}}
	p2, snap2, err := newPlan(t, src, r, export.Options{Resources: long, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	var refused *export.RequestError
	if _, err := export.Stream(t.Context(), snap2, p2, io.Discard); !errors.As(err, &refused) || !strings.Contains(err.Error(), `row 1, column "job.error"`) {
		t.Errorf("a text that no cell holds: %v", err)
	}
	s.jobs = append(s.jobs, export.JobRow{ID: "j3"}) // one that came after the plan is listed, too
	var b strings.Builder
	if _, err := export.Stream(t.Context(), snap, p, &b); err != nil || !strings.Contains(b.String(), "\nj3,") {
		t.Errorf("a job that came late: %v\n%s", err, b.String())
	}
}
