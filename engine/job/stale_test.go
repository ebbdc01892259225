package job_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"decant/engine/export"
	"decant/engine/export/exporttest"
	"decant/engine/job"
)

func TestStale(t *testing.T) {
	b := newBench(t)
	ctx, who := t.Context(), owner("o")
	ranged := func(from, to int64) job.Draft {
		return items(nil, fmt.Sprintf(`{"target": {"value": "a"}, "channelId": "c1", "subtopic": "events.data", "from": %d, "to": %d}`, from/second, to/second))
	}
	early := b.create(t, who, ranged(noon-3000*second, noon-2000*second))
	late := b.create(t, who, ranged(noon-2000*second, noon-1000*second))
	b.create(t, who, draft("c2"))
	full, err := b.CreateFull(ctx, admin(), "jsonl", "standard")
	if err != nil {
		t.Fatal(err)
	}
	b.create(t, who, items(nil, `{"resource": "job"}`))
	b.work(t)
	b.create(t, who, draft("c1")) // waits
	want := func(when string, exports ...job.Export) {
		t.Helper()
		jobs, total, err := b.Stale(ctx, admin(), job.Filter{Ascending: true})
		if err != nil || total != int64(len(exports)) || len(jobs) != len(exports) {
			t.Fatalf("%s: %d of %d jobs are stale, want %d, %v", when, len(jobs), total, len(exports), err)
		}
		for i, e := range exports {
			if jobs[i].ExportKey != e.Key {
				t.Errorf("%s: job %d is of %s", when, i, jobs[i].Request)
			}
		}
	}
	want("before anything came")
	b.append(t, "d1", noon) // once more what is stored already
	want("after a sample of a channel that only the full export has", full.Export)
	b.append(t, "c1", noon-2500*second)
	want("after a sample of the early range", early, full.Export)
	b.append(t, "c1", noon-2000*second)
	want("after a sample of the late range", early, late, full.Export)
	b.source.Append(exporttest.Number("new", "s", "n", "", noon, 1))
	b.source.Append(exporttest.Number("c2", "events.data", "other", "", noon, 1))
	want("after samples of other series", early, late, full.Export)
	if _, total, _ := b.Stale(ctx, owner("o", "c2"), job.Filter{}); total != 0 {
		t.Error("a token that reaches c2 alone sees stale jobs of c1")
	}
	page, total, err := b.Stale(ctx, who, job.Filter{Ascending: true, Offset: 1, Limit: 1})
	if err != nil || total != 2 || len(page) != 1 || page[0].ExportKey != late.Key {
		t.Errorf("the second page has %d of %d, %v", len(page), total, err)
	}
}

// slowQueue takes half a minute to list jobs.
type slowQueue struct {
	job.Queue
	b *bench
}

func (q slowQueue) Jobs(ctx context.Context, f job.Filter) ([]job.Job, int64, error) {
	q.b.now += 30 * second
	return q.Queue.Jobs(ctx, f)
}

func TestStaleGivesUp(t *testing.T) {
	b := newBench(t)
	b.create(t, owner("o"), draft("c1"))
	b.work(t)
	b.serve(slowQueue{b.queue, b})
	var limit *export.LimitError
	if _, _, err := b.Stale(t.Context(), owner("o"), job.Filter{}); !errors.As(err, &limit) {
		t.Errorf("after half a minute: %v", err)
	}
}

// BenchmarkStale looks at jobs that all saw an older state of the store.
func BenchmarkStale(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprintf("jobs=%d", n), func(b *testing.B) {
			bench := newBench(b)
			drafts := make([]job.Draft, n)
			for i := range drafts {
				drafts[i] = draft("c1")
			}
			if _, _, err := bench.Create(b.Context(), owner("o"), drafts, nil); err != nil {
				b.Fatal(err)
			}
			bench.work(b)
			bench.append(b, "c2", noon)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := bench.Stale(b.Context(), owner("o"), job.Filter{Limit: 10}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
