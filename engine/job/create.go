package job

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"decant/engine/access"
	"decant/engine/export/request"
)

// Made is an export that Create made, and what its owner should know.
type Made struct {
	Export            Export
	IgnoredParameters []string
	Warnings          []string // what would make a run fail as things are now: series that were never seen
}

// Create makes exports of drafts, all or none: what is wrong with any of them is a *DraftsError, which names every one. A oneTime export that
// runs at once is planned against what is stored, and refused if that fails; of others the plan only gives warnings. One snapshot serves all drafts.
//
// With an idempotency key that its owner used before, for the same drafts, Create makes nothing, gives the exports of that time as they are now, and
// again is true, whatever would be said of the drafts now. key's Owner and Digest are set here.
func (s *Service) Create(ctx context.Context, who access.Caller, drafts []Draft, key *Idempotency) (made []Made, again bool, err error) {
	if len(drafts) == 0 {
		return nil, false, request.Faults{{Message: "there is no request here; at least one is needed"}}
	}
	now := s.c.Clock()
	if key = idempotency(who, drafts, key); key != nil {
		exports, again, err := s.c.Queue.Repeated(ctx, *key, now)
		if err != nil {
			return nil, false, err
		}
		if again {
			made, err := s.repeated(ctx, who, drafts, exports, now)
			return made, true, err
		}
	}
	made = make([]Made, len(drafts))
	adding := make([]Adding, len(drafts))
	faults := faultsOf(drafts)
	snap := snapshot{source: s.c.Source}
	defer snap.close()
	for i, d := range drafts {
		r, err := s.check(who, d)
		if err != nil {
			faults[i] = err
			continue
		}
		adding[i] = newExport(who, r, now)
		if faults[i], err = s.remark(ctx, &snap, who, r, now, now, &made[i]); err != nil {
			return nil, false, err
		}
	}
	faults.repeatedIDs(adding)
	faults.tooManyJobs(adding, s.c.Limits())
	if faults.any() {
		if err := s.takenIDs(ctx, adding, faults); err != nil {
			return nil, false, err
		}
		return nil, false, faults.error()
	}
	exports, again, err := s.c.Queue.Create(ctx, adding, key, s.admission())
	if err != nil {
		return nil, false, s.explainConflict(ctx, adding, faultsOf(drafts), err)
	}
	if again { // of another call with the key, that was quicker
		made, err := s.repeated(ctx, who, drafts, exports, now)
		return made, true, err
	}
	if len(exports) != len(made) {
		return nil, false, fmt.Errorf("create exports: %d requests became %d exports", len(made), len(exports))
	}
	for i, e := range exports {
		made[i].Export = shown(who, e)
	}
	s.wake()
	return made, false, nil
}

// repeated is what is said of exports that an idempotency key made: they are shown as they are now, and so are the warnings. What would be refused now was taken then.
func (s *Service) repeated(ctx context.Context, who access.Caller, drafts []Draft, exports []Export, now int64) ([]Made, error) {
	if len(exports) != len(drafts) {
		return nil, fmt.Errorf("repeat a request: %d requests had become %d exports", len(drafts), len(exports))
	}
	made := make([]Made, len(exports))
	snap := snapshot{source: s.c.Source}
	defer snap.close()
	for i, e := range exports {
		if !sees(who, e.Request, e.Channels) { // it has changed since
			return nil, ErrNotFound
		}
		made[i].Export = shown(who, e)
		r, err := request.Parse(drafts[i].Text, request.Options{Lenient: drafts[i].Lenient, Service: true})
		if err != nil { // an older decant took it
			continue
		}
		if _, err := s.remark(ctx, &snap, who, r, e.CreatedAt, now, &made[i]); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// remark notes what the owner of a request should know of it. problem is what refuses one that would run at once.
func (s *Service) remark(ctx context.Context, snap *snapshot, who access.Caller, r *request.Request, createdAt, now int64, m *Made) (problem, err error) {
	m.IgnoredParameters = r.IgnoredParameters
	problem, err = s.foresee(ctx, snap, who, r, createdAt, now)
	if err != nil || problem != nil && runsAtOnce(r) {
		return problem, err
	}
	if problem != nil {
		m.Warnings = warnings(problem)
	}
	m.Warnings = append(m.Warnings, idleWarnings(r, createdAt, now)...)
	return nil, nil
}

// newExport is the export that a checked request makes, with its first jobs.
func newExport(who access.Caller, r *request.Request, now int64) Adding {
	e := Export{
		Key:       newID(),
		ID:        r.Service.ID,
		Owner:     who.Owner,
		Channels:  slices.Clone(who.Channels),
		Version:   1,
		CreatedAt: now,
		UpdatedAt: now,
	}
	if e.ID == "" {
		e.ID = e.Key
	}
	e.take(r)
	a := Adding{Export: e}
	switch {
	case runsAtOnce(r):
		a.Jobs = []Job{newJob(&e, Created, now, Instant{Due: now})}
	case runsByItself(r):
		a.Export.Next = nextRun(r, now, now)
		for _, run := range backfill(r, now, r.Service.Backfill) {
			j := newJob(&e, Backfill, now, run)
			j.NotBefore = max(now, afterGrace(r, run.Due))
			a.Jobs = append(a.Jobs, j)
		}
	}
	return a
}

// runsByItself says whether anything runs without being asked for.
func runsByItself(r *request.Request) bool { return !r.Service.Manual && !r.Service.Paused }

// runsAtOnce says whether an export's run begins with its creation.
func runsAtOnce(r *request.Request) bool { return runsByItself(r) && !r.Recurring }

// idleWarnings name what a request asks for that won't come by itself.
func idleWarnings(r *request.Request, createdAt, now int64) (list []string) {
	if runsByItself(r) {
		if r.Recurring && nextRun(r, createdAt, now) == nil {
			list = append(list, "no run comes any more: the instants from periodStart on can't be counted so far; choose a periodStart nearer to now")
		}
		return list
	}
	if r.Service.Backfill > 0 {
		list = append(list, "backfill makes no runs, because the export is manual or paused; ask for single runs of the past with POST /exports/{id}/run?at=")
	}
	if !r.Recurring && !r.Service.Manual {
		list = append(list, "nothing runs, because enabled is false; ask for a run with POST /exports/{id}/run")
	}
	return list
}

// take sets what a request says of its export.
func (e *Export) take(r *request.Request) {
	e.Type = OneTime
	if r.Recurring {
		e.Type = Recurring
	}
	e.Title = r.Service.Title
	e.Tags = nil
	for _, t := range r.Service.Tags {
		e.Tags = append(e.Tags, Tag(t))
	}
	e.Request = r.Raw
	e.Enabled = !r.Service.Paused
}

// newJob is a run of an export that is made now and may start at once. Its K is kept where the export recurs.
func newJob(e *Export, cause Cause, now int64, run Instant) Job {
	j := Job{
		ID:            newID(),
		ExportKey:     e.Key,
		ExportID:      e.ID,
		ExportCreated: e.CreatedAt,
		Owner:         e.Owner,
		Channels:      slices.Clone(e.Channels),
		Request:       e.Request,
		Type:          e.Type,
		Version:       e.Version,
		Cause:         cause,
		Due:           run.Due,
		Status:        NotProcessed,
		NotBefore:     now,
		CreatedAt:     now,
	}
	if e.Type == Recurring {
		j.K = &run.K
	}
	return j
}

// newID makes an id that sorts by when it was made. Its time is the system's, whatever the clock says; nothing reads it.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (s *Service) admission() Admission {
	l := s.c.Limits()
	return Admission{Queued: l.Queued, QueuedEach: l.QueuedEach, ExportsEach: l.ExportsEach}
}

// idempotency completes a caller's key with whose it is and what it stands for: the drafts' texts, each behind its length.
func idempotency(who access.Caller, drafts []Draft, key *Idempotency) *Idempotency {
	if key == nil {
		return nil
	}
	h := sha256.New()
	for _, d := range drafts {
		length := uint64(len(d.Text)) << 1
		if d.Lenient {
			length |= 1
		}
		h.Write(binary.BigEndian.AppendUint64(nil, length))
		h.Write(d.Text)
	}
	return &Idempotency{Owner: who.Owner, Key: key.Key, Digest: hex.EncodeToString(h.Sum(nil))}
}

// explainConflict names every draft whose id is in use, where the queue stopped at the first. Other errors it leaves as they are, and so
// a conflict of the idempotency key (index -1).
func (s *Service) explainConflict(ctx context.Context, adding []Adding, faults draftFaults, err error) error {
	var conflict *ConflictError
	if !errors.As(err, &conflict) || conflict.Index < 0 {
		return err
	}
	if e := s.takenIDs(ctx, adding, faults); e != nil {
		return e
	}
	if faults.any() {
		return faults.error()
	}
	return err
}
