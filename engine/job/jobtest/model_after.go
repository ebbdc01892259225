package jobtest

import (
	"cmp"
	"context"
	"slices"

	"decant/engine/job"
)

func (m *model) Expire(_ context.Context, now int64, limit int) ([]job.Job, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var jobs []job.Job
	for _, e := range m.jobs {
		if e.Folder != "" && e.ExpiresAt != nil && *e.ExpiresAt <= now {
			jobs = append(jobs, e.Job)
		}
	}
	slices.SortFunc(jobs, func(a, b job.Job) int {
		return cmp.Or(cmp.Compare(*a.ExpiresAt, *b.ExpiresAt), cmp.Compare(a.ID, b.ID))
	})
	return jobs[:min(limit, len(jobs))], nil
}

func (m *model) Expired(_ context.Context, id string, now int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entry(id)
	if e == nil || !e.Status.Ended() {
		return job.ErrNotFound
	}
	e.Folder, e.Bytes = "", 0
	if e.Status == job.Done {
		e.Status = job.Expired
	}
	return nil
}

func (m *model) Grown(_ context.Context, id string, bytes int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entry(id)
	if e == nil || e.Folder == "" {
		return job.ErrNotFound
	}
	e.Bytes = bytes
	return nil
}

func (m *model) Folders(context.Context) (map[string]bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	folders := map[string]bool{}
	for _, e := range m.jobs {
		if e.Folder != "" {
			folders[e.Folder] = true
		}
		if e.Status == job.InProgress {
			folders[job.Lease{JobID: e.ID, Try: e.claims}.Folder()] = true
		}
	}
	return folders, nil
}

func (m *model) Usage(_ context.Context, owner string) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var bytes int64
	for _, e := range m.jobs {
		if owner == "" || owner == e.Owner {
			bytes += e.Bytes
		}
	}
	return bytes, nil
}

func (m *model) Counts(context.Context) (map[job.Status]int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	counts := map[job.Status]int64{}
	for _, e := range m.jobs {
		counts[e.Status]++
	}
	return counts, nil
}

// pending are the jobs with a message to send, the oldest first.
func (m *model) pending() []*entry {
	pending := slices.DeleteFunc(slices.Clone(m.jobs), func(e *entry) bool { return e.Message == nil || e.Message.State != job.Pending })
	slices.SortFunc(pending, func(a, b *entry) int { return cmp.Or(cmp.Compare(a.made, b.made), cmp.Compare(a.ID, b.ID)) })
	return pending
}

func (m *model) Collect(_ context.Context, now, until int64, limit int) ([]job.Message, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var messages []job.Message
	for _, e := range m.pending() {
		if e.held <= now && len(messages) < limit {
			e.held = until
			messages = append(messages, *e.Message)
		}
	}
	return messages, nil
}

func (m *model) Record(_ context.Context, r job.Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.jobs {
		if e.Message == nil || e.Message.ID != r.ID {
			continue
		}
		if e.Message.State == job.Pending {
			changed := *e.Message
			changed.State, changed.Tries, changed.NotBefore, changed.SentAt, changed.Error = r.State, r.Tries, r.NotBefore, r.SentAt, r.Error
			e.Message, e.held = &changed, r.NotBefore
		}
		return nil
	}
	return job.ErrNotFound
}

func (m *model) NextMessage(context.Context) (at int64, ok bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.pending() {
		if !ok || e.held < at {
			at, ok = e.held, true
		}
	}
	return at, ok, nil
}
