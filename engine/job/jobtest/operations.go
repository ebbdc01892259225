package jobtest

import (
	"context"
	"fmt"

	"pgregory.net/rapid"

	"decant/engine/job"
)

// The operations of a duel: each draws what to do and does it to both.

func (d *duel) create(t *rapid.T) {
	owner := owners.Draw(t, "owner")
	var adding []job.Adding
	for range rapid.IntRange(1, 2).Draw(t, "exports") {
		e := export(owner, labels.Draw(t, "id"), d.now)
		e.Key = d.name("k")
		d.drawRequest(t, &e)
		adding = append(adding, job.Adding{Export: e, Jobs: d.drawJobs(t)})
	}
	var key *job.Idempotency
	if rapid.Bool().Draw(t, "idempotent") {
		key = &job.Idempotency{Owner: owner, Key: labels.Draw(t, "key"), Digest: labels.Draw(t, "digest")}
	}
	admission := d.drawAdmission(t)
	type made struct {
		Exports []job.Export
		Again   bool
	}
	if key != nil {
		both(t, d, "repeated", func(q job.Queue) (m made, err error) {
			m.Exports, m.Again, err = q.Repeated(context.Background(), *key, d.now)
			return m, err
		})
	}
	both(t, d, "create", func(q job.Queue) (m made, err error) {
		m.Exports, m.Again, err = q.Create(context.Background(), adding, key, admission)
		return m, err
	})
}

func (d *duel) change(t *rapid.T) {
	e := job.Export{Key: d.key(t)}
	d.made++
	d.drawRequest(t, &e)
	if rapid.IntRange(0, 2).Draw(t, "keep") == 0 {
		e.Next = job.KeepNext
	}
	version := rapid.Int64Range(0, 3).Draw(t, "version")
	both(t, d, "change "+e.Key, func(q job.Queue) (job.Export, error) {
		return q.Change(context.Background(), e, version, d.now)
	})
}

func (d *duel) delete(t *rapid.T) {
	key, version := d.key(t), rapid.Int64Range(0, 2).Draw(t, "version")
	if rapid.IntRange(0, 2).Draw(t, "really") > 0 {
		t.Skip("deletes are to be few")
	}
	both(t, d, "delete "+key, func(q job.Queue) (any, error) {
		return nil, q.Delete(context.Background(), key, version, d.now)
	})
}

func (d *duel) advance(t *rapid.T) {
	key := d.key(t)
	from := *d.drawInstant(t)
	if e := d.model.find(key); e != nil && e.Next != nil && rapid.IntRange(0, 4).Draw(t, "stale") > 0 {
		from = *e.Next
	}
	to := &job.Instant{K: from.K + 1, Due: from.Due + 10}
	if rapid.IntRange(0, 4).Draw(t, "last") == 0 {
		to = nil
	}
	jobs := d.drawJobs(t)
	both(t, d, "advance "+key, func(q job.Queue) (bool, error) {
		return q.Advance(context.Background(), key, from, jobs, to, d.now)
	})
}

func (d *duel) due(t *rapid.T) {
	limit := rapid.IntRange(1, 3).Draw(t, "limit")
	both(t, d, "due", func(q job.Queue) ([]job.Export, error) { return q.Due(context.Background(), d.now, limit) })
	id, owner := labels.Draw(t, "id"), rapid.SampledFrom([]string{"", "ada", "bob"}).Draw(t, "owner")
	both(t, d, "find", func(q job.Queue) ([]job.Export, error) { return q.Find(context.Background(), owner, id) })
}

func (d *duel) add(t *rapid.T) {
	j, admission := d.drawJob(t), d.drawAdmission(t)
	j.ExportKey = d.key(t)
	both(t, d, "add "+j.ID, func(q job.Queue) (any, error) { return nil, q.Add(context.Background(), j, admission) })
}

func (d *duel) claim(t *rapid.T) {
	worker, until := workers.Draw(t, "worker"), d.now+rapid.Int64Range(1, 60).Draw(t, "lease")
	c := both(t, d, "claim", func(q job.Queue) (*job.Claimed, error) { return q.Claim(context.Background(), worker, d.now, until) })
	if c != nil {
		d.leases = append(d.leases, c.Lease)
	}
}

// lease draws one of the newest leases, most of which hold.
func (d *duel) lease(t *rapid.T) job.Lease {
	if len(d.leases) == 0 {
		t.Skip("nothing was claimed yet")
	}
	l := d.leases[len(d.leases)-1-rapid.IntRange(0, min(3, len(d.leases)-1)).Draw(t, "lease")]
	if rapid.IntRange(0, 9).Draw(t, "another worker") == 0 {
		l.Worker = "another"
	}
	return l
}

func (d *duel) beat(t *rapid.T) {
	l, until := d.lease(t), d.now+rapid.Int64Range(1, 60).Draw(t, "until")
	p := job.Progress{Rows: rapid.Int64Range(0, 9).Draw(t, "rows"), Expected: 9}
	both(t, d, fmt.Sprintf("beat %+v", l), func(q job.Queue) (bool, error) { return q.Beat(context.Background(), l, until, p) })
}

func (d *duel) finish(t *rapid.T) {
	l := d.lease(t)
	o := job.Outcome{
		Status: rapid.SampledFrom([]job.Status{job.NotProcessed, job.Done, job.Done, job.Failed, job.Cancelled, job.Skipped}).Draw(t, "status"),
		At:     d.now, Progress: job.Progress{Rows: rapid.Int64Range(0, 9).Draw(t, "rows")},
	}
	switch o.Status {
	case job.NotProcessed:
		o.NotBefore, o.KeepTry = d.now+rapid.Int64Range(0, 30).Draw(t, "pause"), rapid.Bool().Draw(t, "keep try")
		o.Error = &job.Fault{Kind: job.ServiceFault, Message: labels.Draw(t, "fault")}
	case job.Done:
		o.Folder, o.Bytes, o.Artifacts = l.Folder(), rapid.Int64Range(0, 9).Draw(t, "bytes"), []job.Artifact{{File: "a", Item: -1}}
		o.ExpiresAt, o.Stored, o.Arrival = ptr(d.now+rapid.Int64Range(0, 90).Draw(t, "life")), []int64{1, 2}, rapid.Uint64().Draw(t, "arrival")
	case job.Failed:
		o.Error = &job.Fault{Kind: job.UserFault, Message: labels.Draw(t, "fault")}
	case job.Skipped:
		o.Saw = &job.Seen{Value: ptr(rapid.Float64().Draw(t, "value"))}
	}
	if rapid.Bool().Draw(t, "message") {
		o.Message = &job.Message{Policy: "onSuccess", Medium: labels.Draw(t, "medium"), NotBefore: d.now + rapid.Int64Range(0, 20).Draw(t, "not before")}
	}
	both(t, d, fmt.Sprintf("finish %+v as %s", l, o.Status), func(q job.Queue) (any, error) { return nil, q.Finish(context.Background(), l, o) })
}

func (d *duel) reclaim(t *rapid.T) {
	if rapid.IntRange(0, 4).Draw(t, "restart") > 0 {
		t.Skip("restarts are to be few")
	}
	worker := workers.Draw(t, "worker")
	both(t, d, "reclaim "+worker, func(q job.Queue) (int, error) { return q.Reclaim(context.Background(), worker, d.now) })
}

func (d *duel) cancel(t *rapid.T) {
	id := d.id(t)
	both(t, d, "cancel "+id, func(q job.Queue) (any, error) { return nil, q.CancelJob(context.Background(), id, d.now) })
	owner := owners.Draw(t, "owner")
	both(t, d, "job "+id, func(q job.Queue) (job.Job, error) { return q.Job(context.Background(), owner, id) })
}

func (d *duel) revoke(t *rapid.T) {
	id := d.id(t)
	both(t, d, "revoke "+id, func(q job.Queue) (any, error) { return nil, q.Revoke(context.Background(), id, d.now) })
}

func (d *duel) grown(t *rapid.T) {
	id, bytes := d.id(t), rapid.Int64Range(0, 99).Draw(t, "bytes")
	both(t, d, "grown "+id, func(q job.Queue) (any, error) { return nil, q.Grown(context.Background(), id, bytes) })
}

func (d *duel) expire(t *rapid.T) {
	limit := rapid.IntRange(1, 3).Draw(t, "limit")
	jobs := both(t, d, "expire", func(q job.Queue) ([]job.Job, error) { return q.Expire(context.Background(), d.now, limit) })
	ids := []string{d.id(t)}
	if rapid.Bool().Draw(t, "what is due") {
		ids = ids[:0]
		for _, j := range jobs {
			ids = append(ids, j.ID)
		}
	}
	for _, id := range ids {
		both(t, d, "expired "+id, func(q job.Queue) (any, error) { return nil, q.Expired(context.Background(), id, d.now) })
	}
}

func (d *duel) collect(t *rapid.T) {
	limit, until := rapid.IntRange(1, 3).Draw(t, "limit"), d.now+rapid.Int64Range(1, 60).Draw(t, "until")
	d.messages = append(d.messages, both(t, d, "collect", func(q job.Queue) ([]job.Message, error) {
		return q.Collect(context.Background(), d.now, until, limit)
	})...)
}

func (d *duel) record(t *rapid.T) {
	if len(d.messages) == 0 {
		t.Skip("nothing was collected yet")
	}
	m := rapid.SampledFrom(d.messages).Draw(t, "message")
	m.State = rapid.SampledFrom([]job.MessageState{job.Pending, job.Sent, job.Undelivered}).Draw(t, "state")
	m.Tries++
	m.NotBefore, m.Error = d.now+rapid.Int64Range(0, 30).Draw(t, "pause"), labels.Draw(t, "error")
	if m.State == job.Sent {
		m.SentAt = ptr(d.now)
	}
	both(t, d, "record "+m.ID, func(q job.Queue) (any, error) { return nil, q.Record(context.Background(), m) })
}
