package job_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"decant/engine/access"
	"decant/engine/export"
	"decant/engine/export/exporttest"
	"decant/engine/export/request"
	"decant/engine/job"
)

func TestCreateFull(t *testing.T) {
	limited := access.Caller{Owner: "root", Scopes: []access.Scope{access.Admin}, Channels: []string{"?1"}}
	for _, c := range []struct {
		format, scope string
		who           access.Caller
		channels      []string
	}{
		{"jsonl", "standard", admin(), []string{"c1", "c2", "d1"}},
		{"parquet", "standard", admin(), []string{"c1", "c2", "d1"}},
		{"jsonl", "public", admin(), []string{"c1", "c2"}},
		{"jsonl", "standard", limited, []string{"c1", "d1"}},
		{"parquet", "public", limited, []string{"c1"}},
	} {
		t.Run(fmt.Sprintf("%s, %s, %v", c.format, c.scope, c.who.Channels), func(t *testing.T) {
			b := newBench(t)
			b.limits.Public = []string{"c*"}
			made, err := b.CreateFull(t.Context(), c.who, c.format, c.scope)
			if err != nil {
				t.Fatal(err)
			}
			if e := made.Export; e.Type != job.Full || e.Owner != "root" || e.Last == nil || e.Last.Type != job.Full {
				t.Errorf("the export is %+v", e)
			}
			j := b.work(t)[0]
			var channels []string
			for _, a := range j.Artifacts[:len(j.Artifacts)-1] {
				channel, rest, _ := strings.Cut(a.File, ".")
				if channels = append(channels, channel); a.Rows != 100 || !strings.HasPrefix(rest, c.format) {
					t.Errorf("%s has %d rows", a.File, a.Rows)
				}
			}
			if !slices.Equal(channels, c.channels) {
				t.Errorf("it has %v, want %v", channels, c.channels)
			}
			if _, err := b.Change(t.Context(), c.who, "", made.Export.ID, nil, draft("c1")); !errors.As(err, new(request.Faults)) {
				t.Errorf("change: %v", err)
			}
			_, err = b.Run(t.Context(), c.who, "", made.Export.ID, nil)
			if err != nil || len(b.work(t)) != 1 {
				t.Errorf("run it again: %v", err)
			}
		})
	}
}

func TestCreateFullRefuses(t *testing.T) {
	for _, c := range []struct {
		name          string
		who           access.Caller
		format, scope string
		limits        job.Limits
		empty         bool
		err           any
	}{
		{name: "no administrator", who: owner("o"), format: "jsonl", scope: "standard", err: new(*job.ForbiddenError)},
		{name: "another format", who: admin(), format: "csv", scope: "standard", err: new(request.Faults)},
		{name: "another scope", who: admin(), format: "jsonl", scope: "secret", err: new(request.Faults)},
		{name: "too large", who: admin(), format: "jsonl", scope: "standard", limits: job.Limits{FullBytes: 10}, err: new(*job.TooLargeError)},
		{name: "nothing public", who: admin(), format: "jsonl", scope: "public", err: new(*export.NotFoundError)},
		{name: "nothing stored", who: admin(), format: "jsonl", scope: "standard", empty: true, err: new(*export.NotFoundError)},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.limits = c.limits
			if c.empty {
				b.source.Samples = nil
			}
			if _, err := b.CreateFull(t.Context(), c.who, c.format, c.scope); !errors.As(err, c.err) {
				t.Errorf("create: %T %v, want %T", err, err, c.err)
			}
			if exports, jobs := b.count(t); exports+jobs != 0 {
				t.Errorf("there are %d exports and %d jobs", exports, jobs)
			}
		})
	}
}

// TestRunsTile makes three runs of an export that names no periodStart: each file begins where the one before ended.
func TestRunsTile(t *testing.T) {
	b := newBench(t)
	b.source.Samples = nil
	for i := range int64(3 * 60) {
		b.source.Append(exporttest.Number("c1", "events.data", "a", "V", noon+i*60*second, float64(i)))
	}
	e := b.create(t, owner("o"), hourly("c1"))
	var rows []string
	for range 3 {
		b.now += hour
		if _, err := b.Run(t.Context(), owner("o"), "", e.ID, nil); err != nil {
			t.Fatal(err)
		}
		j := b.work(t)[0]
		data, err := os.ReadFile(filepath.Join(b.folder, j.Folder, j.Artifacts[0].File))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(data)), "\n")[1:]
		if len(lines) != 60 {
			t.Errorf("run %d has %d rows, want 60", *j.K, len(lines))
		}
		rows = append(rows, lines...)
	}
	if sorted := slices.Sorted(slices.Values(rows)); !slices.Equal(slices.Compact(sorted), rows) {
		t.Error("the runs' rows repeat or are out of order")
	}
}

func TestPreviewAndPlan(t *testing.T) {
	b := newBench(t)
	who := owner("o", "c*")
	d := items(nil, `{"target": {"value": "a"}, "channelId": "c1", "subtopic": "events.data"}`, `{"resource": "channel"}`, `{"resource": "export"}`)
	e := b.create(t, who, draft("c1"))
	previews, _, err := b.Preview(t.Context(), who, d)
	if err != nil {
		t.Fatal(err)
	}
	if p := previews[0]; len(p.Rows) != 50 || !p.More {
		t.Errorf("samples: %d rows, more %v", len(p.Rows), p.More)
	}
	if p := previews[1]; len(p.Rows) != 2 || p.More {
		t.Errorf("channels: %v", p.Rows)
	}
	if p := previews[2]; len(p.Rows) != 1 || p.Rows[0][0] != e.ID {
		t.Errorf("exports: %v", p.Rows)
	}
	plan, _, err := b.Plan(t.Context(), who, hourly("c1"))
	if err != nil || plan.Items[0].To != noon || plan.Items[0].Rows != 60 {
		t.Errorf("plan: %+v, %v", plan, err)
	}
	for name, c := range map[string]struct {
		draft job.Draft
		err   any
	}{
		"faults":          {draft("c1", `"color": 1`), new(request.Faults)},
		"out of reach":    {draft("d1"), new(*job.ForbiddenError)},
		"unknown channel": {draft("c9"), new(*export.NotFoundError)},
	} {
		if _, _, err := b.Preview(t.Context(), who, c.draft); !errors.As(err, c.err) {
			t.Errorf("preview, %s: %v", name, err)
		}
		if _, _, err := b.Plan(t.Context(), who, c.draft); !errors.As(err, c.err) {
			t.Errorf("plan, %s: %v", name, err)
		}
	}
	if exports, jobs := b.count(t); exports != 1 || jobs != 1 {
		t.Errorf("there are %d exports and %d jobs", exports, jobs)
	}
}
