package jobtest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"decant/engine/job"
)

// model is a job.Queue that is right because it is plain: it keeps everything in slices and looks through all of it.
type model struct {
	mu      sync.Mutex
	exports []job.Export
	jobs    []*entry // in the order in which they were added
	served  map[string]int
	turn    int
	keys    map[job.Idempotency]used
}

var _ job.Queue = (*model)(nil)

// entry is a job with what a queue keeps of it beside.
type entry struct {
	job.Job
	worker string
	claims int
	until  int64 // end of the lease
	held   int64 // its message isn't collected before
	made   int64 // when its message was
}

// used is what an idempotency key (without digest) made.
type used struct {
	digest string
	keys   []string
	at     int64
}

// newModel makes an empty one.
func newModel() *model {
	return &model{served: map[string]int{}, keys: map[job.Idempotency]used{}}
}

func (m *model) Close() error { return nil }

func (m *model) Create(_ context.Context, adding []job.Adding, key *job.Idempotency, admission job.Admission) ([]job.Export, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(adding) == 0 {
		return nil, false, nil
	}
	now := adding[0].Export.CreatedAt
	if key != nil {
		maps.DeleteFunc(m.keys, func(_ job.Idempotency, u used) bool { return u.at <= now-keyLife })
		if exports, again, err := m.repeated(*key, now); again || err != nil {
			return exports, again, err
		}
	}
	owner := adding[0].Export.Owner
	if have := m.owned(owner); admission.ExportsEach > 0 && have+len(adding) > admission.ExportsEach {
		return nil, false, &job.TooManyError{Owner: owner, Have: have, Adding: len(adding), Max: admission.ExportsEach}
	}
	var jobs []job.Job
	for _, a := range adding {
		jobs = append(jobs, a.Jobs...)
	}
	if err := m.admit(owner, jobs, admission); err != nil {
		return nil, false, err
	}
	var keys []string
	before := len(m.exports)
	for i, a := range adding {
		if slices.ContainsFunc(m.exports, func(e job.Export) bool {
			return e.DeletedAt == nil && e.Owner == a.Export.Owner && e.ID == a.Export.ID
		}) {
			m.exports = m.exports[:before]
			return nil, false, &job.ConflictError{Index: i, Message: "the id is in use"}
		}
		a.Export.Version = 1
		m.exports = append(m.exports, a.Export)
		keys = append(keys, a.Export.Key)
	}
	for _, a := range adding {
		m.add(a.Export.Key, a.Jobs)
	}
	if key != nil {
		m.keys[nameOf(*key)] = used{key.Digest, keys, now}
	}
	return m.byKeys(keys), false, nil
}

const keyLife = int64(24 * time.Hour)

// nameOf is an idempotency key without its digest.
func nameOf(key job.Idempotency) job.Idempotency {
	return job.Idempotency{Owner: key.Owner, Key: key.Key}
}

func (m *model) Repeated(_ context.Context, key job.Idempotency, now int64) ([]job.Export, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.repeated(key, now)
}

func (m *model) repeated(key job.Idempotency, now int64) ([]job.Export, bool, error) {
	u, ok := m.keys[nameOf(key)]
	switch {
	case !ok || u.at <= now-keyLife:
		return nil, false, nil
	case u.digest != key.Digest:
		return nil, false, &job.ConflictError{Index: -1, Message: "the key is in use"}
	}
	return m.byKeys(u.keys), true, nil
}

// owned is how many exports an owner has.
func (m *model) owned(owner string) (n int) {
	for _, e := range m.exports {
		if e.Owner == owner && e.DeletedAt == nil {
			n++
		}
	}
	return n
}

// admit says whether jobs of an owner fit.
func (m *model) admit(owner string, jobs []job.Job, a job.Admission) error {
	adding, all, theirs := 0, 0, 0
	for _, j := range jobs {
		if !cmp.Or(j.Status, job.NotProcessed).Ended() {
			adding++
		}
	}
	for _, e := range m.jobs {
		if !e.Status.Ended() {
			all++
			if e.Owner == owner {
				theirs++
			}
		}
	}
	switch {
	case adding == 0:
		return nil
	case a.QueuedEach > 0 && theirs+adding > a.QueuedEach:
		return &job.BusyError{Limit: "owner_queued", Max: a.QueuedEach, Owner: owner, Retry: time.Second}
	case a.Queued > 0 && all+adding > a.Queued:
		return &job.BusyError{Limit: "queued", Max: a.Queued, Retry: time.Second}
	}
	return nil
}

// add gives jobs what the queue knows of their export.
func (m *model) add(key string, jobs []job.Job) {
	e := m.find(key)
	for _, j := range jobs {
		j.ExportKey, j.ExportID, j.ExportCreated, j.Owner = key, e.ID, e.CreatedAt, e.Owner
		j.Version, j.Type, j.Request, j.Channels = e.Version, e.Type, e.Request, e.Channels
		j.Status = cmp.Or(j.Status, job.NotProcessed)
		m.jobs = append(m.jobs, &entry{Job: j})
	}
}

func (m *model) find(key string) *job.Export {
	for i := range m.exports {
		if m.exports[i].Key == key {
			return &m.exports[i]
		}
	}
	return nil
}

// live finds an export that is not deleted and has a version; 0 is any.
func (m *model) live(key string, version int64) (*job.Export, error) {
	e := m.find(key)
	if e == nil || e.DeletedAt != nil {
		return nil, job.ErrNotFound
	}
	if version != 0 && version != e.Version {
		return nil, job.ErrVersion
	}
	return e, nil
}

// show is an export as a caller sees it.
func (m *model) show(e job.Export) job.Export {
	for _, j := range m.jobs {
		if j.ExportKey == e.Key && (e.Last == nil || newer(j.Job, *e.Last)) {
			last := j.Job
			e.Last = &last
		}
	}
	return e
}

// newer says whether a job was made after another.
func newer(a, b job.Job) bool {
	return cmp.Or(cmp.Compare(a.CreatedAt, b.CreatedAt), cmp.Compare(a.ID, b.ID)) > 0
}

func (m *model) byKeys(keys []string) []job.Export {
	var exports []job.Export
	for _, key := range keys {
		exports = append(exports, m.show(*m.find(key)))
	}
	return exports
}

func (m *model) Change(_ context.Context, e job.Export, version int64, now int64) (job.Export, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	stored, err := m.live(e.Key, version)
	if err != nil {
		return job.Export{}, err
	}
	stored.Type, stored.Title, stored.Tags, stored.Request, stored.Enabled, stored.Channels = e.Type, e.Title, e.Tags, e.Request, e.Enabled, e.Channels
	if e.Next != job.KeepNext {
		stored.Next = e.Next
	}
	stored.UpdatedAt = now
	stored.Version++
	return m.show(*stored), nil
}

func (m *model) Delete(_ context.Context, key string, version int64, now int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, err := m.live(key, version)
	if err != nil {
		return err
	}
	e.DeletedAt, e.UpdatedAt, e.Next = &now, now, nil
	for _, j := range m.jobs {
		if j.ExportKey != key {
			continue
		}
		j.cancel(now)
		if j.Folder != "" {
			j.ExpiresAt = &now
		}
		if j.Message != nil && j.Message.State == job.Pending {
			given := *j.Message
			given.State, given.Error = job.Undelivered, "the export was deleted"
			j.Message = &given
		}
	}
	return nil
}

func (m *model) Find(_ context.Context, owner, id string) ([]job.Export, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []job.Export
	for _, e := range m.exports {
		if e.DeletedAt == nil && e.ID == id && (owner == "" || e.Owner == owner) {
			found = append(found, m.show(e))
		}
	}
	slices.SortFunc(found, func(a, b job.Export) int { return cmp.Compare(a.Owner, b.Owner) })
	return found, nil
}

func (m *model) Due(_ context.Context, now int64, limit int) ([]job.Export, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []job.Export
	for _, e := range m.exports {
		if e.Next != nil && e.Next.Due <= now {
			due = append(due, m.show(e))
		}
	}
	slices.SortFunc(due, func(a, b job.Export) int {
		return cmp.Or(cmp.Compare(a.Next.Due, b.Next.Due), cmp.Compare(a.Key, b.Key))
	})
	return due[:min(limit, len(due))], nil
}

func (m *model) NextDue(context.Context) (due int64, ok bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.exports {
		if e.Next != nil && (!ok || e.Next.Due < due) {
			due, ok = e.Next.Due, true
		}
	}
	return due, ok, nil
}

func (m *model) Advance(_ context.Context, key string, from job.Instant, jobs []job.Job, to *job.Instant, now int64) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.find(key)
	if e == nil || e.Next == nil || *e.Next != from {
		return false, nil
	}
	e.Next = to
	m.add(key, jobs)
	return true, nil
}
