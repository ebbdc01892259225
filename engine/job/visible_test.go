package job_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"decant/engine/access"
	"decant/engine/job"
)

// mine is an export as the test remembers it.
type mine struct {
	job.Export
	job      string
	channels []string // that its request reads
	lists    bool     // resources
}

// seen is the rule, read plainly.
func (m mine) seen(who access.Caller) bool {
	if !who.Admin() && m.Owner != who.Owner {
		return false
	}
	if who.Channels == nil {
		return true
	}
	if m.lists && !slices.Equal(m.Channels, who.Channels) {
		return false
	}
	for _, c := range m.channels {
		if !who.Sees(c) {
			return false
		}
	}
	return true
}

// TestNobodyReachesAnothers makes exports of several owners and tokens, and lets random callers call every method with every id: what they get is
// theirs, and the rest is as if it were not there.
func TestNobodyReachesAnothers(t *testing.T) {
	b := newBench(t)
	globs := [][]string{nil, {"c*"}, {"c1"}, {"d1", "c2"}, {"*"}}
	exports := manyExports(t, b, globs)
	caller := rapid.Custom(func(t *rapid.T) access.Caller {
		who := owner(rapid.SampledFrom([]string{"o", "p", "q", ""}).Draw(t, "owner"), rapid.SampledFrom(globs).Draw(t, "globs")...)
		if rapid.IntRange(0, 4).Draw(t, "admin") == 0 {
			who.Scopes = []access.Scope{access.Admin}
		}
		return who
	})
	rapid.Check(t, func(t *rapid.T) {
		who, m := caller.Draw(t, "caller"), rapid.SampledFrom(exports).Draw(t, "export")
		named := ""
		if who.Admin() || rapid.Bool().Draw(t, "named") {
			named = m.Owner
		}
		seen := m.seen(who) && (named == "" || who.Admin() || named == who.Owner)
		check := func(what string, err error) {
			if !seen {
				wantNotFound(t, what+" of "+string(m.Request), err)
			} else if errors.Is(err, job.ErrNotFound) {
				t.Errorf("%s of an export that the caller sees: %v", what, err)
			}
		}
		ctx := context.Background()
		e, err := b.Export(ctx, who, named, m.ID)
		check("export", err)
		if err == nil && e.Key != m.Key {
			t.Errorf("it is another export")
		}
		j, err := b.Job(ctx, who, m.job)
		seenJob := m.seen(who)
		if (err == nil) != seenJob {
			t.Errorf("job %s: %v", j.ID, err)
		}
		if !seen { // what changes things, only where nothing may change
			_, err = b.Change(ctx, who, named, m.ID, nil, draft("c1"))
			check("change", err)
			check("delete", b.Delete(ctx, who, named, m.ID, nil))
			_, err = b.Run(ctx, who, named, m.ID, nil)
			check("run", err)
			_, err = b.Cancel(ctx, who, named, m.ID)
			check("cancel", err)
		}
		if !seenJob {
			_, err = b.CancelJob(ctx, who, m.job)
			wantNotFound(t, "cancel the job", err)
			wantNotFound(t, "revoke", b.Revoke(ctx, who, m.job))
		}
		checkLists(t, b, who, exports)
	})
}

// manyExports makes an export of each channel, and one that lists resources, by each owner with each token that may.
func manyExports(t *testing.T, b *bench, globs [][]string) (all []mine) {
	for i, g := range globs {
		for _, name := range []string{"o", "p"} {
			for c, channel := range []string{"c1", "c2", "d1"} {
				who := owner(name, g...)
				if !who.Sees(channel) {
					continue
				}
				d := draft(channel, fmt.Sprintf(`"id": "%s%d.%d"`, name, i, c), `"condition": {"target": "a", "channelId": "c1", "subtopic": "events.data", "period": "PT1H", "op": ">", "value": 1}`)
				reads := []string{channel, "c1"}
				if !who.Sees("c1") {
					d, reads = draft(channel, fmt.Sprintf(`"id": "%s%d.%d"`, name, i, c)), reads[:1]
				}
				e := b.create(t, who, d)
				all = append(all, mine{e, e.Last.ID, reads, false})
			}
			e := b.create(t, owner(name, g...), items([]string{fmt.Sprintf(`"id": "%s%d.r"`, name, i)}, `{"resource": "series"}`))
			all = append(all, mine{e, e.Last.ID, nil, true})
		}
	}
	return all
}

// checkLists asks for pages of exports and of jobs.
func checkLists(t *rapid.T, b *bench, who access.Caller, all []mine) {
	var want []string
	for _, m := range all {
		if m.seen(who) {
			want = append(want, m.Key)
		}
	}
	f := job.Filter{Ascending: true, Offset: rapid.IntRange(0, len(want)+1).Draw(t, "offset"), Limit: rapid.IntRange(1, 10).Draw(t, "limit")}
	got, total, err := b.Exports(context.Background(), who, f)
	if err != nil || total != int64(len(want)) {
		t.Fatalf("exports: %d in all, want %d, %v", total, len(want), err)
	}
	first := min(f.Offset, len(want))
	page := want[first:min(first+f.Limit, len(want))]
	if !slices.EqualFunc(got, page, func(e job.Export, key string) bool { return e.Key == key }) {
		t.Fatalf("exports %d to %d are %d others", first, first+len(page), len(got))
	}
	jobs, total, err := b.Jobs(context.Background(), who, f)
	if err != nil || total != int64(len(want)) || len(jobs) != len(page) {
		t.Fatalf("jobs: %d of %d in all, want %d of %d, %v", len(jobs), total, len(page), len(want), err)
	}
	for _, j := range jobs {
		if !slices.Contains(want, j.ExportKey) {
			t.Fatalf("a job of %s is listed", j.Request)
		}
	}
	if f.Owner = "p"; !who.Admin() && who.Owner != "p" {
		if got, total, err := b.Exports(context.Background(), who, f); err != nil || total != 0 || len(got) != 0 {
			t.Fatalf("another's exports: %d, %v", total, err)
		}
		if got, total, err := b.Stale(context.Background(), who, f); err != nil || total != 0 || len(got) != 0 {
			t.Fatalf("another's stale jobs: %d, %v", total, err)
		}
	}
}

func TestAdministratorsNameTheOwner(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	o, p := b.create(t, owner("o"), draft("c1", `"id": "x"`)), b.create(t, owner("p"), draft("c1", `"id": "x"`))
	only := b.create(t, owner("p"), draft("c1", `"id": "y"`))
	var conflict *job.ConflictError
	if _, err := b.Export(ctx, admin(), "", "x"); !errors.As(err, &conflict) {
		t.Errorf("an id that two owners share: %v", err)
	}
	for _, c := range []struct{ owner, id, key string }{{"o", "x", o.Key}, {"p", "x", p.Key}, {"", "y", only.Key}} {
		if e, err := b.Export(ctx, admin(), c.owner, c.id); err != nil || e.Key != c.key {
			t.Errorf("%s of %q: %v, %v", c.id, c.owner, e.Key, err)
		}
	}
	_, err := b.Export(ctx, admin(), "q", "x")
	wantNotFound(t, "an owner without it", err)
	if _, total, _ := b.Exports(ctx, admin(), job.Filter{}); total != 3 {
		t.Errorf("an administrator lists %d exports", total)
	}
}

func TestAgainShowsNoExportThatBecameAnothersToRead(t *testing.T) {
	b := newBench(t)
	drafts := []job.Draft{draft("c1", `"id": "x"`)}
	key := &job.Idempotency{Key: "k"}
	if _, _, err := b.Create(t.Context(), owner("o"), drafts, key); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Change(t.Context(), owner("o"), "", "x", nil, draft("d1")); err != nil {
		t.Fatal(err)
	}
	_, _, err := b.Create(t.Context(), owner("o", "c1"), drafts, key)
	wantNotFound(t, "the export as it is now", err)
}

func TestSeriesAndChannels(t *testing.T) {
	b := newBench(t)
	b.append(t, "c1", noon-8000*second)
	for _, c := range []struct {
		who      access.Caller
		channels []string
	}{{owner("o"), []string{"c1", "c2", "d1"}}, {owner("o", "c*"), []string{"c1", "c2"}}, {owner("o", "x"), nil}, {owner("o", []string{}...), nil}} {
		list, err := b.Channels(t.Context(), c.who)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(list, c.channels, func(x job.Channel, id string) bool { return x.ID == id }) {
			t.Errorf("channels of %v are %v", c.who.Channels, list)
		}
		series, err := b.Series(t.Context(), c.who, "", "")
		if err != nil || len(series) != len(c.channels) {
			t.Errorf("series of %v are %v, %v", c.who.Channels, series, err)
		}
	}
	list, err := b.Channels(t.Context(), owner("o"))
	if err != nil {
		t.Fatal(err)
	}
	if c := list[0]; c.Samples != 101 || c.Series != 1 || c.First != noon-8000*second || c.Last != noon || !slices.Equal(c.Subtopics, []string{"events.data"}) {
		t.Errorf("channel c1 is %+v", c)
	}
	series, err := b.Series(t.Context(), owner("o", "c*"), "d1", "events.data")
	if err != nil || len(series) != 0 {
		t.Errorf("series of a channel out of reach are %v, %v", series, err)
	}
}
