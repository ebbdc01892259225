package job

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"decant/engine/access"
	"decant/engine/export"
	"decant/engine/export/request"
)

// Config is what a Service works with.
type Config struct {
	Queue     Queue
	Source    export.Source
	Artifacts string        // folder of all artifacts
	Limits    func() Limits // as they are now; the configuration may be read again
	Clock     func() int64
	Version   string // decant's, for manifests
	Log       *slog.Logger
	// CheckMessage says why a message of a request can't be delivered as the service is configured, or "".
	CheckMessage func(m request.Message) (path, problem string)
	// Permanent says of an error of the source that another try would meet it again: a damaged file.
	Permanent func(err error) bool
	// Wake is told that there may be a job to claim or an instant to wait for.
	Wake func()
}

// Limits bound what owners may ask for. Zero is none, but for Export, which has defaults of its own.
type Limits struct {
	Export       export.Limits
	Queued       int           // jobs not ended, in all
	QueuedEach   int           // and of one owner
	Bytes        int64         // of artifacts, in all
	BytesEach    int64         // and of one owner
	FullBytes    int64         // of a full export, estimated
	ArtifactLife time.Duration // until artifacts expire
	Missed       int           // runs that are made after a downtime; older ones are skipped
	Tries        int           // of a job, where the service is at fault
	Public       []string      // globs of the channels that a full export of scope public holds
	Workers      int           // jobs at a time
}

// Service takes what users ask for. Its methods check what the caller's token may see: another owner's export is ErrNotFound.
type Service struct{ c Config }

// New makes a Service.
func New(c Config) *Service { return &Service{c} }

// Draft is a request that is to become an export.
type Draft struct {
	Text    []byte
	Lenient bool
}

// DraftsError says what is wrong with drafts; none of them was created.
type DraftsError struct {
	Drafts []DraftFault
}

// DraftFault is one draft that can't be taken, and why: request.Faults, *export.RequestError, *export.NotFoundError, *export.LimitError, *ForbiddenError
// or *ConflictError.
type DraftFault struct {
	Index int
	Err   error
}

func (e *DraftsError) Error() string {
	if len(e.Drafts) == 1 {
		return e.Drafts[0].Err.Error()
	}
	return fmt.Sprintf("%d of the requests can't be taken", len(e.Drafts))
}

// ForbiddenError is something that the caller's token may not do, or that can never succeed.
type ForbiddenError struct {
	Path    string
	Message string
}

func (e *ForbiddenError) Error() string { return e.Message }

// Made is an export that Create made, and what its owner should know.
type Made struct {
	Export            Export
	IgnoredParameters []string
	Warnings          []string // what would make a run fail as things are now: series that were never seen
}

// Create makes exports of drafts, all or none. With an idempotency key that was used before it makes nothing and again is true.
func (s *Service) Create(ctx context.Context, who access.Caller, drafts []Draft, key *Idempotency) (made []Made, again bool, err error) {
	return nil, false, nil
}

// CreateFull makes an export of all that the store holds. format is jsonl or parquet; scope standard or public.
func (s *Service) CreateFull(ctx context.Context, who access.Caller, format, scope string) (Made, error) {
	return Made{}, nil
}

// Preview prints the first rows of each item.
func (s *Service) Preview(ctx context.Context, who access.Caller, d Draft) ([]export.Preview, []string, error) {
	return nil, nil, nil
}

// Plan says what a request would do.
func (s *Service) Plan(ctx context.Context, who access.Caller, d Draft) (*export.Plan, []string, error) {
	return nil, nil, nil
}

// Change replaces an export's request. version is what If-Match named; 0 is any.
func (s *Service) Change(ctx context.Context, who access.Caller, owner, id string, version int64, d Draft) (Made, error) {
	return Made{}, nil
}

// Delete deletes an export, its jobs and their artifacts.
func (s *Service) Delete(ctx context.Context, who access.Caller, owner, id string, version int64) error {
	return nil
}

// Run makes a job of an export now: of a recurring one the run that was due last, or the one due last at another moment (ns).
func (s *Service) Run(ctx context.Context, who access.Caller, owner, id string, at *int64) (Job, error) {
	return Job{}, nil
}

// Cancel cancels the jobs of an export that have not ended, and says how many.
func (s *Service) Cancel(ctx context.Context, who access.Caller, owner, id string) (int, error) {
	return 0, nil
}

// Export gives one export. owner is what an administrator may name; "" is the caller's own, or of an administrator the only one with that id: where two owners
// share it, it is a *ConflictError.
func (s *Service) Export(ctx context.Context, who access.Caller, owner, id string) (Export, error) {
	return Export{}, nil
}

// Exports lists exports of the caller's; an administrator's filter may name an owner, or none for all.
func (s *Service) Exports(ctx context.Context, who access.Caller, f Filter) ([]Export, int64, error) {
	return nil, 0, nil
}

// Job gives one job.
func (s *Service) Job(ctx context.Context, who access.Caller, id string) (Job, error) {
	return Job{}, nil
}

// Jobs lists jobs as Exports does exports. Filter.Export is the key of an export.
func (s *Service) Jobs(ctx context.Context, who access.Caller, f Filter) ([]Job, int64, error) {
	return nil, 0, nil
}

// Stale is Jobs of those done jobs whose range has got samples since.
func (s *Service) Stale(ctx context.Context, who access.Caller, f Filter) ([]Job, int64, error) {
	return nil, 0, nil
}

// CancelJob cancels one job.
func (s *Service) CancelJob(ctx context.Context, who access.Caller, id string) (Job, error) {
	return Job{}, nil
}

// Revoke makes all signed links of a job invalid.
func (s *Service) Revoke(ctx context.Context, who access.Caller, id string) error {
	return nil
}

// Linked gives a job by a link whose signature was verified: no caller is asked for.
func (s *Service) Linked(ctx context.Context, id string) (Job, error) {
	return Job{}, nil
}

// Open opens an artifact of a job; the caller closes it. ErrNotFound where the job has no such file, or has it no more.
func (s *Service) Open(j Job, file string) (*os.File, error) {
	return nil, nil
}

// Zip opens a zip of all of a job's artifacts, made at its first use and kept with them; the caller closes it. The same artifacts give the same bytes.
func (s *Service) Zip(ctx context.Context, j Job) (*os.File, error) {
	return nil, nil
}

// Series lists series of a channel and subtopic ("" is any) that the caller may see.
func (s *Service) Series(ctx context.Context, who access.Caller, channel, subtopic string) ([]export.Series, error) {
	return nil, nil
}

// Channel is a channel and what the store holds of it.
type Channel struct {
	ID          string
	Subtopics   []string
	Series      int64
	Samples     int64
	First, Last int64 // ns
}

// Channels lists channels that the caller may see, by id.
func (s *Service) Channels(ctx context.Context, who access.Caller) ([]Channel, error) {
	return nil, nil
}
