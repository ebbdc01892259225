package job

import (
	"time"

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
	// CheckMessage says why a message of a request can't be delivered as the service is configured, or "".
	CheckMessage func(m request.Message) (path, problem string)
	// Wake is told that there may be a job to claim or an instant to wait for.
	Wake func()
}

// Limits bound what owners may ask for. Zero is none, but for Export, which has defaults of its own.
type Limits struct {
	Export       export.Limits
	Queued       int           // jobs not ended, in all
	QueuedEach   int           // and of one owner
	ExportsEach  int           // exports of one owner that are not deleted
	Bytes        int64         // of artifacts, in all
	BytesEach    int64         // and of one owner
	FullBytes    int64         // of a full export, estimated
	ArtifactLife time.Duration // until artifacts expire
	Missed       int           // runs that are made after a downtime; older ones are skipped
	Tries        int           // of a job, where the service is at fault
	Public       []string      // globs of the channels that a full export of scope public holds
	Workers      int           // jobs at a time
}

// Service takes what users ask for. Its methods check what the caller's token may see: another owner's export is ErrNotFound, and so is one that
// a limited token doesn't reach. They may be called from any number of goroutines. Scopes are the API's to check.
//
//	create.go, check.go      drafts to exports and their first jobs, all or none (faults.go: what is wrong with which)
//	change.go, run.go        what becomes of an export later
//	visible.go, listing.go   who sees what (secret.go: what nobody is shown)
//	plan.go, preview.go      what a request would do; the plan that a worker runs
//	stale.go                 done jobs whose ranges have got samples since
//	full.go                  everything at once
//	series.go, resources.go  what there is
//	artifact.go, zip.go      files
type Service struct {
	c    Config
	zips zips
}

// New makes a Service.
func New(c Config) *Service { return &Service{c: c} }

// wake tells who runs jobs that there may be one.
func (s *Service) wake() {
	if s.c.Wake != nil {
		s.c.Wake()
	}
}
