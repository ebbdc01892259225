package job_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"decant/engine/access"
	"decant/engine/job"
)

func TestResources(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct{ owner, id, channel string }{{"o", "b", "c1"}, {"o", "a", "c2"}, {"o", "c", "d1"}, {"p", "a", "c1"}} {
		b.create(t, owner(c.owner), hourly(c.channel, fmt.Sprintf(`"id": %q`, c.id), `"title": "t"`, `"tags": [{"label": "x", "value": "1"}]`, `"backfill": 1`))
	}
	start := b.now
	b.now++
	b.create(t, owner("o"), draft("c1", `"id": "later"`))
	for _, c := range []struct {
		owner string
		globs []string
		ids   string
	}{{"o", nil, "a b c"}, {"o", []string{"c*"}, "a b"}, {"o", []string{"x"}, ""}, {"p", nil, "a"}, {"q", nil, ""}, {"", nil, ""}} {
		r := job.NewResources(b.queue, c.owner, c.globs, start)
		var ids, exports []string
		for row, err := range r.Exports(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if ids = append(ids, row.ID); row.Owner != c.owner || row.Status != "notProcessed" || row.NextDue == nil || *row.NextDue != noon+hour || row.Title != "t" || !slices.Equal(row.Tags, []string{"x=1"}) {
				t.Errorf("the export is %+v", row)
			}
		}
		if got := strings.Join(ids, " "); got != c.ids {
			t.Errorf("exports of %q with %v are %q, want %q", c.owner, c.globs, got, c.ids)
		}
		var jobs []string
		for row, err := range r.Jobs(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			jobs, exports = append(jobs, row.ID), append(exports, row.Export)
		}
		if slices.Sort(exports); strings.Join(exports, " ") != c.ids || !slices.IsSorted(jobs) {
			t.Errorf("jobs of %q are %v of %v", c.owner, jobs, exports)
		}
	}
	for range job.NewResources(b.queue, "o", nil, start).Exports(t.Context()) {
		break // a reader that has enough
	}
}

// TestResourceItems lets a job print what decant knows.
func TestResourceItems(t *testing.T) {
	b := newBench(t)
	who := access.Caller{Owner: "o", Channels: []string{"c*"}}
	b.create(t, who, draft("c1", `"id": "first"`, `"run": "manual"`))
	b.create(t, owner("o"), draft("d1", `"id": "hidden"`, `"run": "manual"`))
	b.now += second
	b.create(t, who, job.Draft{Text: []byte(`{"format": {"extension": "csv", "columns": [{"id": "export.id"}, {"id": "channel.id"}]}, "id": "list", "type": "oneTime",
		"items": [{"params": {"resource": "export"}}, {"params": {"resource": "channel"}}]}`)})
	j := b.work(t)[0]
	for i, want := range []string{"export.id\nfirst\nlist\n", "channel.id\nc1\nc2\n"} {
		data, err := os.ReadFile(filepath.Join(b.folder, j.Folder, j.Artifacts[i].File))
		if err != nil || string(data) != want {
			t.Errorf("%s holds %q, want %q, %v", j.Artifacts[i].File, data, want, err)
		}
	}
}
