package job_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"decant/engine/access"
	"decant/engine/export"
	"decant/engine/export/exporttest"
	"decant/engine/export/request"
	"decant/engine/job"
	"decant/engine/job/database"
)

// noon is when the tests begin: 2026-06-15 12:00:30 UTC.
const noon = int64(1_781_524_830) * second

const second = int64(1e9)

// tester is a test, or a property of rapid's.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

// bench is a Service over a database and a source in memory, with a clock that tests move.
type bench struct {
	*job.Service
	queue  *database.DB
	source *exporttest.Memory
	folder string // of artifacts
	now    int64
	limits job.Limits
	woken  atomic.Int64
}

func newBench(t testing.TB) *bench {
	t.Helper()
	folder := t.TempDir()
	db, err := database.Open(t.Context(), filepath.Join(folder, "decant.db"), database.Options{})
	if err != nil {
		t.Fatalf("open the database: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the database: %v", err)
		}
	})
	b := &bench{queue: db, source: &exporttest.Memory{}, folder: filepath.Join(folder, "artifacts"), now: noon}
	for _, channel := range []string{"c1", "c2", "d1"} {
		for i := range int64(100) {
			b.append(t, channel, noon-i*60*second)
		}
	}
	b.serve(db)
	return b
}

// serve makes the bench's Service work on a queue.
func (b *bench) serve(queue job.Queue) {
	b.Service = job.New(job.Config{
		Queue:     queue,
		Source:    b.source,
		Artifacts: b.folder,
		Limits:    func() job.Limits { return b.limits },
		Clock:     func() int64 { return b.now },
		Version:   "test",
		Wake:      func() { b.woken.Add(1) },
		CheckMessage: func(m request.Message) (path, problem string) {
			if m.Medium == "telegram" {
				return "medium", "telegram is not configured"
			}
			return "", ""
		},
	})
}

// append stores a sample of the one series that each channel has.
func (b *bench) append(t tester, channel string, at int64) {
	t.Helper()
	if err := b.source.Append(exporttest.Number(channel, "events.data", "a", "V", at, float64(at%97))); err != nil {
		t.Fatal(err)
	}
}

// callers
func owner(name string, globs ...string) access.Caller {
	return access.Caller{Owner: name, Scopes: []access.Scope{access.Create, access.List, access.Read, access.Delete, access.Download}, Channels: globs}
}

func admin() access.Caller { return access.Caller{Owner: "root", Scopes: []access.Scope{access.Admin}} }

// draft is a request of one item; fields are put into it.
func draft(channel string, fields ...string) job.Draft {
	return items(fields, fmt.Sprintf(`{"target": {"value": "a"}, "channelId": %q, "subtopic": "events.data"}`, channel))
}

// hourly is a recurring one.
func hourly(channel string, fields ...string) job.Draft {
	fields = append(fields, `"type": "recurring"`)
	if !strings.Contains(strings.Join(fields, " "), `"periodicity"`) {
		fields = append(fields, `"periodicity": "PT1H"`)
	}
	return items(fields, fmt.Sprintf(`{"target": {"value": "a"}, "channelId": %q, "subtopic": "events.data", "period": "PT1H"}`, channel))
}

// items is a request with these params.
func items(fields []string, params ...string) job.Draft {
	var list []string
	for _, p := range params {
		list = append(list, `{"params": `+p+`}`)
	}
	all := append([]string{`"format": {"extension": "csv"}`, `"items": [` + strings.Join(list, ", ") + `]`}, fields...)
	if !strings.Contains(strings.Join(fields, " "), `"type"`) {
		all = append(all, `"type": "oneTime"`)
	}
	return job.Draft{Text: []byte("{" + strings.Join(all, ", ") + "}")}
}

func (b *bench) create(t tester, who access.Caller, d job.Draft) job.Export {
	t.Helper()
	made, _, err := b.Create(context.Background(), who, []job.Draft{d}, nil)
	if err != nil {
		t.Fatalf("create %s: %v", d.Text, err)
	}
	return made[0].Export
}

// work does what a worker does with all jobs that wait, and gives them as they ended.
func (b *bench) work(t tester) (done []job.Job) {
	t.Helper()
	ctx := context.Background()
	for {
		c, err := b.queue.Claim(ctx, "w", b.now, b.now+60*second)
		if err != nil {
			t.Fatalf("claim: %v", err)
		}
		if c == nil {
			return done
		}
		snap, err := b.source.Open(ctx)
		if err != nil {
			t.Fatal(err)
		}
		p, err := job.PlanFor(ctx, snap, c.Job, b.limits, export.Options{Resources: job.NewResources(b.queue, c.Owner, c.Channels, b.now)})
		if err != nil {
			t.Fatalf("plan job of %s: %v", c.Request, err)
		}
		folder := c.ID + "-1"
		m, err := export.Run(ctx, snap, p, filepath.Join(b.folder, folder))
		if err != nil {
			t.Fatalf("run job: %v", err)
		}
		o := job.Outcome{Status: job.Done, At: b.now, Folder: folder, Arrival: snap.Arrival()}
		for _, f := range m.Files {
			o.Artifacts = append(o.Artifacts, job.Artifact{File: f.File, MediaType: "text/csv", Item: f.Item, Rows: f.Rows, Bytes: f.Bytes, SHA256: f.SHA256})
		}
		o.Artifacts = append(o.Artifacts, manifestOf(t, filepath.Join(b.folder, folder)))
		for _, a := range o.Artifacts {
			o.Bytes += a.Bytes
		}
		for _, it := range p.Items {
			o.Stored = append(o.Stored, it.Stored)
		}
		if err := b.queue.Finish(ctx, c.Lease, o); err != nil {
			t.Fatalf("finish: %v", err)
		}
		if err := snap.Close(); err != nil {
			t.Fatal(err)
		}
		j, err := b.queue.Job(ctx, "", c.ID)
		if err != nil {
			t.Fatal(err)
		}
		done = append(done, j)
	}
}

// count is how many exports and jobs there are.
func (b *bench) count(t tester) (exports, jobs int64) {
	t.Helper()
	_, exports, err := b.queue.List(context.Background(), job.Filter{Deleted: true})
	if err != nil {
		t.Fatal(err)
	}
	_, jobs, err = b.queue.Jobs(context.Background(), job.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return exports, jobs
}

// wantNotFound says that a method told nothing.
func wantNotFound(t tester, what string, err error) {
	t.Helper()
	if !errors.Is(err, job.ErrNotFound) {
		t.Errorf("%s: %v, want ErrNotFound", what, err)
	}
}

func at(seconds int64) *int64 {
	ns := seconds * second
	return &ns
}
