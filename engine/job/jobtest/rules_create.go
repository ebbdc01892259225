package jobtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"decant/engine/job"
)

var creating = []rule{
	{"create: what was given comes back", func(k kit) {
		e := export("ada", "e", 5)
		e.Type, e.Title, e.Tags, e.Next = job.Recurring, `"; DROP TABLE exports; -- é 😀`, []job.Tag{{Label: "b", Value: "2"}, {Label: "a", Value: "1"}, {Label: "b", Value: "2"}}, &job.Instant{K: -3, Due: 99}
		e.Request, e.Channels = json.RawMessage("{\n \"a\" : 1e400,\"b\":\"\\u0000\"}"), []string{"a*"}
		j := run("j", -3, -7)
		j.Cause = job.Backfill
		got := k.create(e, j)
		last := got.Last
		e.Version, got.Last = 1, nil
		k.same("export", got, e)
		j.ExportKey, j.ExportID, j.ExportCreated, j.Owner, j.Channels, j.Request, j.Type, j.Version, j.Status = e.Key, "e", 5, "ada", e.Channels, e.Request, e.Type, 1, job.NotProcessed
		k.same("newest job", *last, j)
		k.same("job", k.job("j"), j)
	}},
	{"create: no channels are not any channel", func(k kit) {
		e := export("ada", "none", 1)
		e.Channels = []string{}
		if got := k.create(e).Channels; got == nil {
			k.Error("an export that may read no channel now may read any")
		}
		if got := k.create(export("ada", "any", 1)).Channels; got != nil {
			k.Errorf("an export that may read any channel is limited to %q", got)
		}
	}},
	{"create: all or none", func(k kit) {
		k.create(export("ada", "taken", 1))
		adding := []job.Adding{{Export: export("ada", "new", 2), Jobs: []job.Job{waiting("j", 2)}}, {Export: export("ada", "taken", 2)}}
		adding[1].Export.Key = "another"
		_, _, err := k.q.Create(k.Context(), adding, nil, job.Admission{})
		k.conflict(err, 1)
		adding[1] = job.Adding{Export: export("ada", "new", 2)}
		adding[1].Export.Key = "another"
		_, _, err = k.q.Create(k.Context(), adding, nil, job.Admission{})
		k.conflict(err, 1)
		if keys, _ := k.list(job.Filter{}); len(keys) != 1 {
			k.Errorf("there are exports %v", keys)
		}
		k.claim("w", 10, 20, "")
	}},
	{"create: an id is one owner's, and free again once it is deleted", func(k kit) {
		k.create(export("ada", "e", 1))
		k.create(export("bob", "e", 1))
		k.want(k.q.Delete(k.Context(), "ada/e", 0, 2), nil)
		again := export("ada", "e", 3)
		again.Key = "second"
		k.create(again)
		found, err := k.q.Find(k.Context(), "ada", "e")
		if err != nil || len(found) != 1 || found[0].Key != "second" {
			k.Errorf("found %v, %v", found, err)
		}
	}},
	{"create: of many at once with one id, one succeeds", func(k kit) {
		errs := together(8, func(i int) error {
			e := export("ada", "e", 1)
			e.Key = number("key", i)
			_, _, err := k.q.Create(context.Background(), []job.Adding{{Export: e, Jobs: []job.Job{waiting(number("j", i), 1)}}}, nil, job.Admission{})
			return err
		})
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else {
				k.conflict(err, 0)
			}
		}
		if _, total := k.jobs(job.Filter{}); won != 1 || total != 1 {
			k.Errorf("%d succeeded and made %d jobs", won, total)
		}
	}},
	{"idempotency: the same request creates nothing twice", func(k kit) {
		key := &job.Idempotency{Owner: "ada", Key: "k", Digest: "d"}
		two := []job.Adding{{Export: export("ada", "b", 1), Jobs: []job.Job{waiting("j", 1)}}, {Export: export("ada", "a", 1)}}
		first, again, err := k.q.Create(k.Context(), two, key, job.Admission{})
		if err != nil || again {
			k.Fatal(again, err)
		}
		second, again, err := k.q.Create(k.Context(), two, key, job.Admission{Queued: 1})
		if err != nil || !again {
			k.Fatal(again, err)
		}
		k.same("exports", second, first)
		other := *key
		other.Digest = "other"
		_, _, err = k.q.Create(k.Context(), []job.Adding{{Export: export("ada", "c", 1)}}, &other, job.Admission{})
		k.conflict(err, -1)
		theirs := *key
		theirs.Owner = "bob"
		if _, again, err := k.q.Create(k.Context(), []job.Adding{{Export: export("bob", "b", 1)}}, &theirs, job.Admission{}); err != nil || again {
			k.Errorf("another owner's key: again %v, %v", again, err)
		}
	}},
	{"idempotency: what a key made is known before anything is created", func(k kit) {
		key := job.Idempotency{Owner: "ada", Key: "k", Digest: "d"}
		repeated := func(now int64, key job.Idempotency) []job.Export {
			k.Helper()
			exports, again, err := k.q.Repeated(k.Context(), key, now)
			k.want(err, nil)
			if again != (len(exports) > 0) {
				k.Errorf("again %v, with %v", again, exports)
			}
			return exports
		}
		if exports := repeated(1, key); exports != nil {
			k.Errorf("a key that nobody used made %v", exports)
		}
		first, _, err := k.q.Create(k.Context(), []job.Adding{{Export: export("ada", "b", 1), Jobs: []job.Job{waiting("j", 1)}}, {Export: export("ada", "a", 1)}}, &key, job.Admission{})
		k.want(err, nil)
		k.same("exports", repeated(2, key), first)
		other := key
		other.Digest = "other"
		_, _, err = k.q.Repeated(k.Context(), other, 2)
		k.conflict(err, -1)
		for _, name := range []job.Idempotency{{Owner: "bob", Key: "k", Digest: "d"}, {Owner: "ada", Key: "K", Digest: "d"}} {
			if exports := repeated(2, name); exports != nil {
				k.Errorf("%+v made %v", name, exports)
			}
		}
		k.want(k.q.Delete(k.Context(), "ada/a", 0, 3), nil)
		if exports := repeated(4, key); len(exports) != 2 || exports[1].DeletedAt == nil {
			k.Errorf("after one was deleted: %v", exports)
		}
		day := int64(24 * time.Hour)
		if repeated(day, key) == nil || repeated(day+1, key) != nil {
			k.Error("a key doesn't last a day")
		}
	}},
	{"idempotency: a key lasts a day", func(k kit) {
		key := &job.Idempotency{Owner: "ada", Key: "k", Digest: "d"}
		day := int64(24 * time.Hour)
		for i, c := range []struct {
			at    int64
			again bool
		}{{0, false}, {day - 1, true}, {day, false}, {2*day - 1, true}} {
			_, again, err := k.q.Create(k.Context(), []job.Adding{{Export: export("ada", number("e", i), c.at)}}, key, job.Admission{})
			if err != nil || again != c.again {
				k.Errorf("at %d: again %v, %v", c.at, again, err)
			}
		}
	}},
	{"idempotency: a refused request leaves its key unused", func(k kit) {
		key := &job.Idempotency{Owner: "ada", Key: "k", Digest: "d"}
		k.create(export("ada", "taken", 1))
		taken := export("ada", "taken", 1)
		taken.Key = "another"
		_, _, err := k.q.Create(k.Context(), []job.Adding{{Export: taken}}, key, job.Admission{})
		k.conflict(err, 0)
		if _, again, err := k.q.Create(k.Context(), []job.Adding{{Export: export("ada", "free", 1)}}, key, job.Admission{}); err != nil || again {
			k.Errorf("again %v, %v", again, err)
		}
	}},
	{"idempotency: of many at once, one creates", func(k kit) {
		errs := together(8, func(i int) error {
			e := export("ada", "e", 1)
			e.Key = number("key", i)
			made, _, err := k.q.Create(context.Background(), []job.Adding{{Export: e}}, &job.Idempotency{Owner: "ada", Key: "k", Digest: "d"}, job.Admission{})
			if err == nil && len(made) != 1 {
				return fmt.Errorf("made %v", made)
			}
			return err
		})
		if err := errors.Join(errs...); err != nil {
			k.Error(err)
		}
		if _, total := k.list(job.Filter{}); total != 1 {
			k.Errorf("%d exports were created", total)
		}
	}},
	{"admission: limits hold for all and for each", func(k kit) {
		limits := job.Admission{Queued: 3, QueuedEach: 2}
		k.create(export("ada", "e", 1), waiting("a1", 1))
		k.create(export("bob", "e", 1))
		add := func(owner, id string, s job.Status) error {
			j := waiting(id, 1)
			j.ExportKey, j.Status = owner+"/e", s
			return k.q.Add(k.Context(), j, limits)
		}
		k.want(add("ada", "a2", ""), nil)
		k.busy(add("ada", "a3", ""), "owner_queued")
		k.want(add("ada", "a4", job.Skipped), nil)
		k.want(add("bob", "b1", ""), nil)
		k.busy(add("bob", "b2", ""), "queued")
		_, _, err := k.q.Create(k.Context(), []job.Adding{{Export: export("cyd", "e", 1), Jobs: []job.Job{waiting("c1", 1)}}}, nil, limits)
		k.busy(err, "queued")
		if keys, _ := k.list(job.Filter{Owner: "cyd"}); keys != nil {
			k.Errorf("a refused export is there: %v", keys)
		}
		k.do(1, "a1", job.Outcome{Status: job.Done}) // bob's turn comes after: both have none in progress, and none was served
		k.want(add("bob", "b2", ""), nil)
	}},
	{"admission: many at once don't pass it together", func(k kit) {
		k.create(export("ada", "e", 1))
		errs := together(10, func(i int) error {
			j := waiting(number("j", i), 1)
			j.ExportKey = "ada/e"
			return k.q.Add(context.Background(), j, job.Admission{QueuedEach: 4})
		})
		taken := 0
		for _, err := range errs {
			if err == nil {
				taken++
			} else {
				k.busy(err, "owner_queued")
			}
		}
		if taken != 4 {
			k.Errorf("%d jobs were taken, want 4", taken)
		}
	}},
	{"admission: an owner has so many exports", func(k kit) {
		limits := job.Admission{Queued: 1, ExportsEach: 2}
		create := func(owner string, key *job.Idempotency, ids ...string) error {
			var adding []job.Adding
			for _, id := range ids {
				adding = append(adding, job.Adding{Export: export(owner, id, 1)})
			}
			_, _, err := k.q.Create(k.Context(), adding, key, limits)
			return err
		}
		first := &job.Idempotency{Owner: "ada", Key: "k", Digest: "d"}
		k.tooMany(create("ada", nil, "a", "b", "c"), job.TooManyError{Owner: "ada", Have: 0, Adding: 3, Max: 2})
		k.want(create("ada", first, "a"), nil)
		k.tooMany(create("ada", nil, "b", "c"), job.TooManyError{Owner: "ada", Have: 1, Adding: 2, Max: 2})
		k.want(create("ada", nil, "b"), nil)
		k.tooMany(create("ada", nil, "c"), job.TooManyError{Owner: "ada", Have: 2, Adding: 1, Max: 2})
		k.want(create("ada", first, "a"), nil) // nothing new
		k.want(create("bob", nil, "a", "b"), nil)
		if keys, _ := k.list(job.Filter{Owner: "ada"}); len(keys) != 2 {
			k.Errorf("there are exports %v", keys)
		}
		j := waiting("j", 1)
		j.ExportKey = "ada/a"
		k.want(k.q.Add(k.Context(), j, limits), nil) // a job is no export
		k.want(k.q.Delete(k.Context(), "ada/b", 0, 2), nil)
		k.want(create("ada", nil, "c"), nil)
		_, _, err := k.q.Create(k.Context(), []job.Adding{{Export: export("ada", "d", 1), Jobs: []job.Job{waiting("d", 1)}}}, nil, limits)
		k.tooMany(err, job.TooManyError{Owner: "ada", Have: 2, Adding: 1, Max: 2}) // though the queue is full, too: that passes
	}},
	{"admission: many exports at once don't pass it together", func(k kit) {
		errs := together(10, func(i int) error {
			adding := []job.Adding{{Export: export("ada", number("e", i), 1)}}
			_, _, err := k.q.Create(context.Background(), adding, nil, job.Admission{ExportsEach: 4})
			return err
		})
		taken := 0
		for _, err := range errs {
			if err == nil {
				taken++
			} else {
				k.tooMany(err, job.TooManyError{Owner: "ada", Have: 4, Adding: 1, Max: 4})
			}
		}
		if taken != 4 {
			k.Errorf("%d exports were taken, want 4", taken)
		}
	}},
	{"add: only to an export that is there", func(k kit) {
		j := waiting("j", 1)
		j.ExportKey = "ada/e"
		k.want(k.q.Add(k.Context(), j, job.Admission{}), job.ErrNotFound)
		k.create(export("ada", "e", 1))
		k.want(k.q.Delete(k.Context(), "ada/e", 0, 2), nil)
		k.want(k.q.Add(k.Context(), j, job.Admission{}), job.ErrNotFound)
	}},
}

// conflict checks for a *job.ConflictError of an index.
func (k kit) conflict(err error, index int) {
	k.Helper()
	var c *job.ConflictError
	if !errors.As(err, &c) || c.Index != index || c.Message == "" {
		k.Fatalf("error %#v, want a conflict of %d that says so", err, index)
	}
}

// busy checks for a *job.BusyError of a limit.
func (k kit) busy(err error, limit string) {
	k.Helper()
	var b *job.BusyError
	if !errors.As(err, &b) || b.Limit != limit || b.Max <= 0 || (b.Owner != "") != (limit == "owner_queued") || b.Retry <= 0 {
		k.Fatalf("error %#v, want that the limit %s is reached", err, limit)
	}
}

// tooMany checks for a *job.TooManyError.
func (k kit) tooMany(err error, want job.TooManyError) {
	k.Helper()
	var many *job.TooManyError
	if !errors.As(err, &many) || *many != want {
		k.Fatalf("error %#v, want %+v", err, want)
	}
}

// together calls do n times at once.
func together(n int, do func(i int) error) []error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = do(i) })
	}
	all.Wait()
	return errs
}
