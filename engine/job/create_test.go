package job_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"decant/engine/access"
	"decant/engine/export"
	"decant/engine/export/exporttest"
	"decant/engine/export/request"
	"decant/engine/job"
)

func TestCreateMakesTheFirstJobs(t *testing.T) {
	const hour = 3600 * second
	const eleven = noon - 30*second - hour // 11:00
	type want struct {
		Causes   []job.Cause
		Due      []int64
		Next     *job.Instant
		Enabled  bool
		Warnings int
	}
	for _, c := range []struct {
		name  string
		draft job.Draft
		want  want
	}{
		{"oneTime", draft("c1"), want{[]job.Cause{job.Created}, []int64{noon}, nil, true, 0}},
		{"manual", draft("c1", `"run": "manual"`), want{nil, nil, nil, true, 0}},
		{"manual, unknown series", draft("nowhere", `"run": "manual"`), want{nil, nil, nil, true, 1}},
		{"oneTime, not enabled", draft("c1", `"enabled": false`), want{nil, nil, nil, false, 1}},
		{"recurring from its creation", hourly("c1"), want{nil, nil, &job.Instant{K: 1, Due: noon + hour}, true, 0}},
		{"recurring, unknown series", hourly("nowhere"), want{nil, nil, &job.Instant{K: 1, Due: noon + hour}, true, 1}},
		{"recurring from a start", hourly("c1", `"periodStart": 1781517600`), want{nil, nil, &job.Instant{K: 3, Due: eleven + 2*hour}, true, 0}},
		{"recurring from a start to come", hourly("c1", `"periodStart": 1781532000`), want{nil, nil, &job.Instant{K: 1, Due: eleven + 4*hour}, true, 0}},
		{"backfill", hourly("c1", `"periodStart": 1781521200`, `"backfill": 2`),
			want{[]job.Cause{job.Backfill, job.Backfill}, []int64{eleven, eleven + hour}, &job.Instant{K: 2, Due: eleven + 2*hour}, true, 0}},
		{"paused", hourly("c1", `"enabled": false`, `"backfill": 2`), want{nil, nil, nil, false, 1}},
		{"recurring, too far from its start", hourly("c1", `"periodStart": -9000000000`), want{nil, nil, nil, true, 1}},
		{"recurring by hand", hourly("c1", `"run": "manual"`), want{nil, nil, nil, true, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			made, again, err := b.Create(t.Context(), owner("o"), []job.Draft{c.draft}, nil)
			if err != nil || again {
				t.Fatalf("create: again %v, %v", again, err)
			}
			e := made[0].Export
			got := want{Next: e.Next, Enabled: e.Enabled, Warnings: len(made[0].Warnings)}
			jobs, _, err := b.Jobs(t.Context(), owner("o"), job.Filter{Export: e.Key, Ascending: true})
			if err != nil {
				t.Fatal(err)
			}
			slices.SortFunc(jobs, func(a, b job.Job) int { return strings.Compare(a.ID, b.ID) })
			for _, j := range jobs {
				got.Causes, got.Due = append(got.Causes, j.Cause), append(got.Due, j.Due)
				if (j.K != nil) != (e.Type == job.Recurring) {
					t.Errorf("job of a %s export has k %v", e.Type, j.K)
				}
				if j.NotBefore < noon || j.ExportCreated != noon {
					t.Errorf("job may start at %d, and its export was created at %d", j.NotBefore, j.ExportCreated)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if e.ID != e.Key || e.Owner != "o" || e.Version != 1 || e.CreatedAt != noon {
				t.Errorf("the export is %+v", e)
			}
			if b.woken.Load() == 0 {
				t.Error("nobody was told")
			}
		})
	}
}

func TestCreateRefuses(t *testing.T) {
	limited := func(l job.Limits) func(*bench) { return func(b *bench) { b.limits = l } }
	notify := func(medium string) string {
		return fmt.Sprintf(`"notification": {"messages": [{"policy": "onSuccess", "medium": "slack", "title": "t", "text": "x"},
			{"policy": "onFailure", "medium": %q, "title": "t", "text": "x"}]}`, medium)
	}
	condition := func(channel, target string) string {
		return fmt.Sprintf(`"condition": {"target": %q, "channelId": %q, "subtopic": "events.data", "period": "PT1H", "dsf": "avg", "op": ">", "value": 1}`, target, channel)
	}
	for _, c := range []struct {
		name  string
		who   access.Caller
		draft job.Draft
		setUp func(*bench)
		err   any    // pointer to the kind
		says  string // in the text
	}{
		{name: "no JSON", draft: job.Draft{Text: []byte("{")}, err: new(request.Faults), says: "JSON"},
		{name: "faults", draft: draft("c1", `"backfill": -1`, `"color": 1`), err: new(request.Faults), says: "2 faults"},
		{name: "a message that can't be sent", draft: draft("c1", notify("telegram")), err: new(request.Faults), says: "notification.messages[1].medium: telegram is not configured"},
		{name: "a channel out of reach", who: owner("o", "c*"), draft: draft("d1"), err: new(*job.ForbiddenError), says: "items[0].params.channelId"},
		{name: "a condition out of reach", who: owner("o", "c*"), draft: draft("c1", condition("d1", "a")), err: new(*job.ForbiddenError), says: "condition.channelId"},
		{name: "an unknown channel", draft: draft("c9"), err: new(*export.NotFoundError), says: "there is no channel c9"},
		{name: "a condition on what was never seen", draft: draft("c1", condition("c1", "b")), err: new(*export.NotFoundError), says: "condition"},
		{name: "too many rows", draft: draft("c1"), setUp: limited(job.Limits{Export: export.Limits{Rows: 10}}), err: new(*export.LimitError), says: "limits.rows"},
		{name: "a fault that only the samples show", setUp: func(b *bench) {
			b.source.Append(exporttest.Number("c1", "events.data", "a", "A", noon, 1))
		}, draft: job.Draft{Text: []byte(`{"format": {"extension": "csv", "columns": [{"id": "time"}, {"id": "a"}]}, "type": "oneTime",
			"items": [{"params": {"target": {"value": "a"}, "channelId": "c1", "subtopic": "events.data", "outputFormat": "wide"}}]}`)},
			err: new(*export.RequestError), says: "unit"},
		{name: "more backfill than the queue holds", draft: hourly("c1", `"backfill": 5`), setUp: limited(job.Limits{QueuedEach: 4}), err: new(*job.ForbiddenError), says: "smaller backfill"},
		{name: "an id in use", draft: draft("c1", `"id": "x"`), setUp: func(b *bench) {
			_, _, err := b.Create(context.Background(), owner("o"), []job.Draft{draft("c1", `"id": "x"`)}, nil)
			if err != nil {
				panic(err)
			}
		}, err: new(*job.ConflictError), says: "x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			if c.setUp != nil {
				c.setUp(b)
			}
			who := c.who
			if who.Owner == "" {
				who = owner("o")
			}
			exports, jobs := b.count(t)
			_, _, err := b.Create(t.Context(), who, []job.Draft{c.draft}, nil)
			var drafts *job.DraftsError
			if !errors.As(err, &drafts) || len(drafts.Drafts) != 1 || drafts.Drafts[0].Index != 0 {
				t.Fatalf("create: %v, want the fault of one draft", err)
			}
			if err := drafts.Drafts[0].Err; !errors.As(err, c.err) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("create: %T %v, want %T with %q", err, err, c.err, c.says)
			}
			if e, j := b.count(t); e != exports || j != jobs {
				t.Errorf("there are %d exports and %d jobs, want %d and %d", e, j, exports, jobs)
			}
		})
	}
}

// TestBulkIsAllOrNone creates random lists, some of whose requests are wrong, beside what an obvious reading of the rules expects.
func TestBulkIsAllOrNone(t *testing.T) {
	b := newBench(t)
	used := map[string]bool{} // ids
	kinds := []string{"good", "good", "good", "id", "id", "faulty", "unknown", "forbidden", "recurring"}
	rapid.Check(t, func(t *rapid.T) {
		var drafts []job.Draft
		var wrong []int
		ids := map[string]bool{}
		for i := range rapid.IntRange(1, 6).Draw(t, "requests") {
			switch rapid.SampledFrom(kinds).Draw(t, "kind") {
			case "good":
				drafts = append(drafts, draft("c1", `"run": "manual"`))
			case "recurring":
				drafts = append(drafts, hourly("c2"))
			case "faulty":
				drafts, wrong = append(drafts, draft("c1", `"color": 1`)), append(wrong, i)
			case "unknown":
				drafts, wrong = append(drafts, draft("c9")), append(wrong, i)
			case "forbidden":
				drafts, wrong = append(drafts, draft("d1")), append(wrong, i)
			case "id":
				id := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "g"}).Draw(t, "id") + fmt.Sprint(len(used)/5)
				drafts = append(drafts, draft("c1", `"run": "manual"`, `"id": "`+id+`"`))
				if used[id] || ids[id] {
					wrong = append(wrong, i)
				}
				ids[id] = true
			}
		}
		exports, jobs := b.count(t)
		made, _, err := b.Create(context.Background(), owner("o", "c?"), drafts, nil)
		var faults *job.DraftsError
		var named []int
		if errors.As(err, &faults) {
			for _, f := range faults.Drafts {
				named = append(named, f.Index)
			}
		} else if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(named, wrong) {
			t.Fatalf("faults of %v, want %v: %v", named, wrong, err)
		}
		want := exports
		if len(wrong) == 0 {
			want += int64(len(drafts))
			for id := range ids {
				used[id] = true
			}
			if len(made) != len(drafts) {
				t.Fatalf("%d made of %d", len(made), len(drafts))
			}
		}
		if e, j := b.count(t); e != want || j != jobs {
			t.Fatalf("there are %d exports and %d jobs, want %d and %d", e, j, want, jobs)
		}
	})
}

// TestIdempotencyKeyOfManyAtOnce: one call makes the export, and all are told of it.
func TestIdempotencyKeyOfManyAtOnce(t *testing.T) {
	b := newBench(t)
	drafts := []job.Draft{draft("c1")}
	var wait sync.WaitGroup
	var firsts atomic.Int64
	keys := make([]string, 8)
	for i := range keys {
		wait.Go(func() {
			made, again, err := b.Create(t.Context(), owner("o"), drafts, &job.Idempotency{Key: "k"})
			if err != nil {
				t.Error(err)
				return
			}
			if !again {
				firsts.Add(1)
			}
			keys[i] = made[0].Export.Key
		})
	}
	wait.Wait()
	if exports, jobs := b.count(t); exports != 1 || jobs != 1 || firsts.Load() != 1 || len(slices.Compact(keys)) != 1 {
		t.Errorf("%d exports and %d jobs by %d first times; told of %v", exports, jobs, firsts.Load(), keys)
	}
}

func TestIdempotencyKey(t *testing.T) {
	b := newBench(t)
	ctx, who := t.Context(), owner("o")
	drafts := []job.Draft{draft("c1", `"id": "x"`), hourly("c1")}
	first, again, err := b.Create(ctx, who, drafts, &job.Idempotency{Key: "k"})
	if err != nil || again {
		t.Fatalf("the first time: again %v, %v", again, err)
	}
	second, again, err := b.Create(ctx, who, drafts, &job.Idempotency{Key: "k"})
	if err != nil || !again {
		t.Fatalf("the second time: again %v, %v", again, err)
	}
	for i := range first {
		if first[i].Export.Key != second[i].Export.Key {
			t.Errorf("export %d is another: %s, then %s", i, first[i].Export.Key, second[i].Export.Key)
		}
	}
	if exports, _ := b.count(t); exports != 2 {
		t.Errorf("there are %d exports", exports)
	}
	// What would refuse the drafts now doesn't matter: they were taken.
	limits := b.limits
	b.limits.QueuedEach, b.limits.Export.Rows = 1, 1
	b.append(t, "c1", b.now-1e9)
	b.append(t, "c1", b.now-2e9)
	if _, _, err := b.Create(ctx, who, drafts, &job.Idempotency{Key: "another"}); err == nil {
		t.Fatal("the limits don't hold")
	}
	third, again, err := b.Create(ctx, who, drafts, &job.Idempotency{Key: "k"})
	if err != nil || !again {
		t.Fatalf("where a first time would be refused: again %v, %v", again, err)
	}
	for i := range first {
		if diff := cmp.Diff(first[i].Export, third[i].Export); diff != "" {
			t.Errorf("export %d is another (-want +got):\n%s", i, diff)
		}
	}
	b.limits = limits
	var conflict *job.ConflictError
	for name, other := range map[string][]job.Draft{
		"another request":    {draft("c2")},
		"fewer":              drafts[:1],
		"cut elsewhere":      {{Text: append(slices.Clone(drafts[0].Text), ' ')}, drafts[1]},
		"read with leniency": {{Text: drafts[0].Text, Lenient: true}, drafts[1]},
	} {
		if _, _, err := b.Create(ctx, who, other, &job.Idempotency{Key: "k"}); !errors.As(err, &conflict) {
			t.Errorf("%s: %v, want a conflict", name, err)
		}
	}
	if _, again, err := b.Create(ctx, owner("p"), drafts, &job.Idempotency{Key: "k"}); err != nil || again {
		t.Errorf("another owner's key: again %v, %v", again, err)
	}
	if _, _, err := b.Create(ctx, who, nil, nil); err == nil {
		t.Error("no request at all was taken")
	}
}

func TestCreateWhenTheQueueIsFull(t *testing.T) {
	b := newBench(t)
	b.limits.QueuedEach = 2
	b.create(t, owner("o"), draft("c1"))
	_, _, err := b.Create(t.Context(), owner("o"), []job.Draft{draft("c1"), draft("c2")}, nil)
	var busy *job.BusyError
	if !errors.As(err, &busy) || busy.Owner != "o" {
		t.Errorf("create: %v, want a full queue of o", err)
	}
	if exports, jobs := b.count(t); exports != 1 || jobs != 1 {
		t.Errorf("there are %d exports and %d jobs", exports, jobs)
	}
	var drafts *job.DraftsError
	if _, _, err = b.Create(t.Context(), owner("o"), []job.Draft{draft("c1"), draft("c2"), draft("c1")}, nil); !errors.As(err, &drafts) || drafts.Drafts[0].Index != 2 {
		t.Errorf("three at once: %v, want the third to be refused", err)
	}
}

// TestCreateMoreThanAnOwnerMayKeep: full exports count, deleted ones don't, and the limit is asked for each time.
func TestCreateMoreThanAnOwnerMayKeep(t *testing.T) {
	b := newBench(t)
	ctx, who := t.Context(), admin()
	b.limits.ExportsEach = 2
	e := b.create(t, who, draft("c1"))
	refused := func(what string, err error) {
		t.Helper()
		var many *job.TooManyError
		if !errors.As(err, &many) || many.Max != 2 || !strings.Contains(err.Error(), "limits.owner_exports allows 2: delete") {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, _, err := b.Create(ctx, who, []job.Draft{draft("c1"), draft("c2")}, nil)
	refused("two more", err)
	if _, err := b.CreateFull(ctx, who, "jsonl", "standard"); err != nil {
		t.Fatal(err)
	}
	_, err = b.CreateFull(ctx, who, "jsonl", "standard")
	refused("a full one", err)
	_, _, err = b.Create(ctx, who, []job.Draft{draft("c1")}, nil)
	refused("one more", err)
	b.create(t, owner("o"), draft("c1"))
	if _, err := b.Change(ctx, who, "", e.ID, nil, draft("c2")); err != nil {
		t.Errorf("a change: %v", err)
	}
	if err := b.Delete(ctx, who, "", e.ID, nil); err != nil {
		t.Fatal(err)
	}
	b.create(t, who, draft("c1"))
	b.limits.ExportsEach = 3
	b.create(t, who, draft("c1"))
}

func TestLenientDraft(t *testing.T) {
	b := newBench(t)
	d := draft("c1", `"color": 1`)
	d.Lenient = true
	made, _, err := b.Create(t.Context(), owner("o"), []job.Draft{d}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(made[0].IgnoredParameters, []string{"color"}) || strings.Contains(string(made[0].Export.Request), "color") {
		t.Errorf("ignored are %v of %s", made[0].IgnoredParameters, made[0].Export.Request)
	}
}
