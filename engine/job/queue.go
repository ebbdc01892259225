package job

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Queue keeps exports, jobs and the outbox. Package database is one, over SQLite and PostgreSQL; package jobtest holds what every Queue must do.
//
// Every method is one transaction. now is the caller's clock (ns). Methods may be called from any number of goroutines and, on PostgreSQL,
// processes.
type Queue interface {
	Catalog
	Line
	Outbox
	Close() error
}

// Catalog is the part of a Queue that keeps exports.
type Catalog interface {
	// Create adds exports of one owner, each with its first jobs, all or none. An id that the owner has already is a *ConflictError. With an
	// idempotency key that its owner has used nothing is added, and the exports of that first time are returned as they are now, deleted ones too,
	// with again true, if the digest is the same; else it is a *ConflictError with Index -1. The first export's CreatedAt is the clock.
	Create(ctx context.Context, adding []Adding, key *Idempotency, admission Admission) (exports []Export, again bool, err error)
	// Repeated gives what Create made with an idempotency key by now, as Create does where it gives it again; again is false where the key is not used, or was a
	// day ago.
	Repeated(ctx context.Context, key Idempotency, now int64) (exports []Export, again bool, err error)
	// Change replaces what a PUT may change: Type, Title, Tags, Request, Enabled, Channels, Next; UpdatedAt is set and Version counted. Where version is
	// not 0 and not the stored one, it is ErrVersion. Waiting jobs keep their request. A Next of KeepNext stays as it is stored.
	Change(ctx context.Context, e Export, version int64, now int64) (Export, error)
	// Delete marks an export as deleted and cancels its jobs: those that wait end at once, those in progress by their workers. Artifacts are
	// then nobody's, and Expire returns their jobs. Its messages that are not sent yet are given up, and it gets no more.
	Delete(ctx context.Context, key string, version int64, now int64) error
	// Find gives the exports with an id that are not deleted, by owner: of one, or where owner is "", of all.
	Find(ctx context.Context, owner, id string) ([]Export, error)
	// List gives a page of exports and how many there are in all. Where the requests are so large that a page of them would not fit into some megabytes,
	// it has fewer than Limit, but at least one.
	List(ctx context.Context, f Filter) (exports []Export, total int64, err error)
	// Due gives recurring exports whose next run is due by now, the longest overdue first, at most limit.
	Due(ctx context.Context, now int64, limit int) ([]Export, error)
	// NextDue is when the next run of any export is due; ok is false where none is.
	NextDue(ctx context.Context) (due int64, ok bool, err error)
	// Advance adds jobs of a recurring export and moves its Next from one run to another, if it still stands there; else it does nothing and
	// returns false, so that of several schedulers one makes a run.
	Advance(ctx context.Context, key string, from Instant, jobs []Job, to *Instant, now int64) (bool, error)
}

// Adding is an export to create with its first jobs. The keys of exports and the ids of jobs are the caller's, here as in Advance and Add. The
// queue sets an export's Version, and of a job ExportKey, ExportID, ExportCreated, Owner, Version, Type, Request and Channels: a job has what its export asks
// for when it is added. A job without Status is NotProcessed; one that has ended, such as a skipped one, is only recorded.
type Adding struct {
	Export Export
	Jobs   []Job
}

// Idempotency is a caller's Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): the same one with the same digest of the request
// creates nothing twice. It is kept for a day.
type Idempotency struct {
	Owner  string
	Key    string
	Digest string
}

// Admission are the limits that new jobs and exports must fit; 0 is none.
type Admission struct {
	Queued      int // jobs not ended, of all owners, the new ones among them: else a *BusyError
	QueuedEach  int // of the new jobs' owner: else a *BusyError with the owner's name
	ExportsEach int // exports that are not deleted, of the new ones' owner, these among them: else a *TooManyError; that comes before a *BusyError
}

// Filter selects exports or jobs. An empty list is as nil. Rows that are equal in what they are sorted by are in the order of their keys, so that pages fit
// together.
type Filter struct {
	Owner     string   // "" is all
	IDs       []string // of exports (List) or of jobs (Jobs); nil is all
	Export    string   // Jobs: the key of one export
	Status    []Status // of the newest job (List) or the job (Jobs); nil is all
	Type      Type     // "" is all
	TagLabels []string // each must be a label of a tag; of jobs: of their export's
	TagValues []string // each must be a value of a tag; where as long as TagLabels, the pairs must be
	From, To  *int64   // CreatedAt in from ≤ t < to
	SortBy    string   // createdAt, updatedAt, title, id, status; "" is createdAt. A job is updated when it starts and ends, and has its export's title
	Ascending bool
	Offset    int
	Limit     int  // 0 is none
	Deleted   bool // List: deleted exports too
}

// Line is the part of a Queue that keeps jobs.
type Line interface {
	// Add puts a job of the export ExportKey in line. It is ErrNotFound where there is none, or it was deleted.
	Add(ctx context.Context, j Job, admission Admission) error
	// Claim gives the job that is to run next to a worker, under a lease that ends at until; nil where none is to run now. The owner with the fewest jobs in
	// progress comes first, among these the one served the longest time ago; of an owner's jobs the one that was due first. A job whose export has an earlier one of the
	// schedule (Scheduled, Backfill) that has not ended isn't claimed. A claim counts a try. Jobs whose lease has ended are claimed again, unless they were
	// to be cancelled: these end.
	Claim(ctx context.Context, worker string, now, until int64) (*Claimed, error)
	// Beat extends a lease and stores progress. It is ErrLost where another worker has the job or it ended; cancel is true where somebody asked to cancel it.
	Beat(ctx context.Context, lease Lease, until int64, p Progress) (cancel bool, err error)
	// Finish ends a claimed job, or puts it back in line: status, artifacts and message in one transaction. It is ErrLost as with Beat; then
	// nothing has changed. A job that was to be cancelled is cancelled instead of put back.
	Finish(ctx context.Context, lease Lease, o Outcome) error
	// Reclaim puts back in line what workers of this name have claimed, or ends what was to be cancelled, and says how many jobs these were: after a
	// restart nobody works on them any more. The tries stay counted.
	Reclaim(ctx context.Context, worker string, now int64) (int, error)
	// CancelJob ends a waiting job, and asks the worker of one in progress to. It is ErrEnded where the job has ended.
	CancelJob(ctx context.Context, id string, now int64) error
	// Job gives one job; owner "" is any. ErrNotFound where there is none, or its export was deleted.
	Job(ctx context.Context, owner, id string) (Job, error)
	// Jobs gives a page of jobs, the newest first, and how many there are in all, as List does. Those of deleted exports are not among them.
	Jobs(ctx context.Context, f Filter) (jobs []Job, total int64, err error)
	// Revoke makes all signed links of a job invalid.
	Revoke(ctx context.Context, id string, now int64) error
	// Expire gives ended jobs whose artifacts are to go: expired by now, or of a deleted export. At most limit, the longest expired first.
	Expire(ctx context.Context, now int64, limit int) ([]Job, error)
	// Expired records that a job's artifacts are gone: Folder and Bytes are then empty, and a done job is expired. What is known of each artifact stays.
	Expired(ctx context.Context, id string, now int64) error
	// Grown records how many bytes the files in a job's folder take since one was added. It is ErrNotFound where the job has no folder.
	Grown(ctx context.Context, id string, bytes int64) error
	// Folders are the folders of all artifacts that there should be, and of all jobs in progress (Lease.Folder): what else lies there is a killed worker's.
	// Who removes the rest lists what lies there first and asks then, or a folder that was begun in between would go.
	Folders(ctx context.Context) (map[string]bool, error)
	// Usage is how many bytes of artifacts an owner has ("" is all), those of deleted exports that are not gone yet among them.
	Usage(ctx context.Context, owner string) (int64, error)
	// Counts is the number of jobs by status, for the metrics; those of deleted exports count too.
	Counts(ctx context.Context) (map[Status]int64, error)
}

// Lease says which claim of a job a worker holds.
type Lease struct {
	JobID  string
	Worker string
	Try    int // counts all claims of the job, those too that Outcome.KeepTry took out of Job.Tries: no two claims have the same
}

// Folder is where the job's artifacts go under this lease, relative to the service's folder of artifacts.
func (l Lease) Folder() string { return fmt.Sprintf("%s-%d", l.JobID, l.Try) }

// Claimed is a job with the lease under which it runs.
type Claimed struct {
	Job
	Lease Lease
}

// Outcome is how a try ended.
type Outcome struct {
	Status    Status // NotProcessed puts the job back in line
	NotBefore int64  // of the next try
	KeepTry   bool   // the try doesn't count: the worker was told to stop
	At        int64
	Error     *Fault
	Saw       *Seen
	Progress  Progress
	Artifacts []Artifact
	Folder    string // Lease.Folder, where there are artifacts
	Bytes     int64
	ExpiresAt *int64
	Stored    []int64
	Arrival   uint64
	Message   *Message // to put into the outbox; ID, JobID, State and Tries are the queue's
}

// Outbox is the part of a Queue that keeps messages to send.
type Outbox interface {
	// Collect gives pending messages that are to be sent by now, the oldest first, and keeps others from collecting them before until.
	Collect(ctx context.Context, now, until int64, limit int) ([]Message, error)
	// Record stores what became of a message: State, Tries, NotBefore, SentAt, Error. One that isn't pending any more stays as it is: another
	// collected it meanwhile, and brought it to an end. ErrNotFound where there is none.
	Record(ctx context.Context, m Message) error
	// NextMessage is when the next pending message is to be sent; ok is false where there is none.
	NextMessage(ctx context.Context) (at int64, ok bool, err error)
}

// Errors of a Queue.
var (
	ErrNotFound = errors.New("there is no such export or job")
	ErrVersion  = errors.New("the export has changed since it was read")
	ErrLost     = errors.New("the lease of the job is lost")
	ErrEnded    = errors.New("the job has ended")
)

// ConflictError is an id or an idempotency key that is in use.
type ConflictError struct {
	Index   int // of the export that was to be created; -1: it is the idempotency key
	Message string
}

func (e *ConflictError) Error() string { return e.Message }

// TooManyError is an owner who would have more exports than are allowed. Waiting doesn't help.
type TooManyError struct {
	Owner             string
	Have, Adding, Max int
}

func (e *TooManyError) Error() string {
	return fmt.Sprintf("%s has %d exports, and with %d more there are too many; limits.owner_exports allows %d: delete exports that are not needed any more",
		e.Owner, e.Have, e.Adding, e.Max)
}

// BusyError is a queue that takes no more at the moment.
type BusyError struct {
	Limit string // queued or owner_queued
	Max   int
	Owner string // whose limit it is; "" for all
	Retry time.Duration
}

func (e *BusyError) Error() string {
	if e.Owner != "" {
		return fmt.Sprintf("%s has %d jobs that have not ended, which is the limit; wait for one, or cancel one", e.Owner, e.Max)
	}
	return fmt.Sprintf("%d jobs wait or run, which is the limit; try again later", e.Max)
}
