package jobtest

import (
	"cmp"
	"context"
	"slices"

	"decant/engine/job"
)

func (m *model) Add(_ context.Context, j job.Job, admission job.Admission) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, err := m.live(j.ExportKey, 0)
	if err != nil {
		return err
	}
	if err := m.admit(e.Owner, []job.Job{j}, admission); err != nil {
		return err
	}
	m.add(e.Key, []job.Job{j})
	return nil
}

// free says whether a worker may claim a job, but for earlier ones of its schedule.
func (e *entry) free(now int64) bool {
	return e.Status == job.NotProcessed && e.NotBefore <= now || e.Status == job.InProgress && e.until <= now
}

func scheduled(j job.Job) bool { return j.Cause == job.Scheduled || j.Cause == job.Backfill }

// earlier orders jobs by when they were due.
func earlier(a, b *entry) int { return cmp.Or(cmp.Compare(a.Due, b.Due), cmp.Compare(a.ID, b.ID)) }

// heldUp says whether an earlier job of the same schedule has not ended.
func (m *model) heldUp(e *entry) bool {
	return scheduled(e.Job) && slices.ContainsFunc(m.jobs, func(b *entry) bool {
		return b.ExportKey == e.ExportKey && scheduled(b.Job) && !b.Status.Ended() && earlier(b, e) < 0
	})
}

func (m *model) Claim(_ context.Context, worker string, now, until int64) (*job.Claimed, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, owner := range m.owners(now) {
		line := slices.DeleteFunc(slices.Clone(m.jobs), func(e *entry) bool { return e.Owner != owner })
		slices.SortFunc(line, earlier)
		for _, e := range line {
			if !e.free(now) || m.heldUp(e) {
				continue
			}
			if e.Cancel {
				e.end(job.Cancelled, now)
				continue
			}
			e.Status, e.worker, e.until, e.StartedAt, e.Progress = job.InProgress, worker, until, &now, job.Progress{}
			e.claims++
			e.Tries++
			m.turn++
			m.served[owner] = m.turn
			return &job.Claimed{Job: e.Job, Lease: job.Lease{JobID: e.ID, Worker: worker, Try: e.claims}}, nil
		}
	}
	return nil, nil
}

// owners are those with a free job, the one to be served next first.
func (m *model) owners(now int64) []string {
	var owners []string
	running := map[string]int{}
	for _, e := range m.jobs {
		if e.free(now) && !slices.Contains(owners, e.Owner) {
			owners = append(owners, e.Owner)
		}
		if e.Status == job.InProgress && e.until > now {
			running[e.Owner]++
		}
	}
	slices.SortFunc(owners, func(a, b string) int {
		return cmp.Or(cmp.Compare(running[a], running[b]), cmp.Compare(m.served[a], m.served[b]), cmp.Compare(a, b))
	})
	return owners
}

// leased finds the job of a lease that holds.
func (m *model) leased(l job.Lease) (*entry, error) {
	e := m.entry(l.JobID)
	if e == nil || e.Status != job.InProgress || e.worker != l.Worker || e.claims != l.Try {
		return nil, job.ErrLost
	}
	return e, nil
}

func (m *model) entry(id string) *entry {
	for _, e := range m.jobs {
		if e.ID == id {
			return e
		}
	}
	return nil
}

func (m *model) Beat(_ context.Context, l job.Lease, until int64, p job.Progress) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, err := m.leased(l)
	if err != nil {
		return false, err
	}
	e.until, e.Progress = until, p
	return e.Cancel, nil
}

func (m *model) Finish(_ context.Context, l job.Lease, o job.Outcome) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, err := m.leased(l)
	if err != nil {
		return err
	}
	e.Progress, e.Error = o.Progress, o.Error
	switch {
	case o.Status == job.NotProcessed && e.Cancel:
		e.Saw = nil
		e.end(job.Cancelled, o.At)
		return nil
	case o.Status == job.NotProcessed:
		e.Status, e.NotBefore, e.Saw = o.Status, o.NotBefore, o.Saw
		if o.KeepTry {
			e.Tries--
		}
		return nil
	}
	e.Saw, e.Artifacts, e.Folder, e.Bytes, e.ExpiresAt, e.Stored, e.Arrival = o.Saw, o.Artifacts, o.Folder, o.Bytes, o.ExpiresAt, o.Stored, o.Arrival
	e.end(o.Status, o.At)
	deleted := m.find(e.ExportKey).DeletedAt != nil
	if deleted && o.Folder != "" {
		e.ExpiresAt = &o.At
	}
	if o.Message != nil && !deleted {
		e.Message = &job.Message{ID: e.ID, JobID: e.ID, Policy: o.Message.Policy, Medium: o.Message.Medium, State: job.Pending, NotBefore: o.Message.NotBefore}
		e.held, e.made = o.Message.NotBefore, o.At
	}
	return nil
}

func (e *entry) end(s job.Status, at int64) { e.Status, e.EndedAt, e.Cancel = s, &at, false }

// cancel ends a waiting job and marks one in progress.
func (e *entry) cancel(now int64) {
	switch e.Status {
	case job.NotProcessed:
		e.end(job.Cancelled, now)
	case job.InProgress:
		e.Cancel = true
	}
}

func (m *model) Reclaim(_ context.Context, worker string, now int64) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, e := range m.jobs {
		if e.Status != job.InProgress || e.worker != worker {
			continue
		}
		n++
		if e.Cancel {
			e.end(job.Cancelled, now)
		} else {
			e.Status, e.NotBefore = job.NotProcessed, now
		}
	}
	return n, nil
}

// visible finds a job whose export is not deleted.
func (m *model) visible(id string) (*entry, error) {
	e := m.entry(id)
	if e == nil || m.find(e.ExportKey).DeletedAt != nil {
		return nil, job.ErrNotFound
	}
	return e, nil
}

func (m *model) CancelJob(_ context.Context, id string, now int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, err := m.visible(id)
	if err != nil {
		return err
	}
	if e.Status.Ended() {
		return job.ErrEnded
	}
	e.cancel(now)
	return nil
}

func (m *model) Job(_ context.Context, owner, id string) (job.Job, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, err := m.visible(id)
	if err != nil || owner != "" && owner != e.Owner {
		return job.Job{}, job.ErrNotFound
	}
	return e.Job, nil
}

func (m *model) Revoke(_ context.Context, id string, now int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, err := m.visible(id)
	if err == nil {
		e.Links++
	}
	return err
}
