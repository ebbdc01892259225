package job

import (
	"encoding/json"

	"decant/engine/export/request"
)

// Status is where a job stands.
type Status string

const (
	NotProcessed Status = "notProcessed" // waits: for its instant and grace, for a worker, or for the next try
	InProgress   Status = "inProgress"
	Done         Status = "done"
	Failed       Status = "failed"
	Expired      Status = "expired" // was done; its artifacts are gone
	Cancelled    Status = "cancelled"
	Skipped      Status = "skipped" // its condition did not hold, or it was missed too long ago
)

// Statuses are all of them.
var Statuses = []Status{NotProcessed, InProgress, Done, Failed, Expired, Cancelled, Skipped}

// Ended says whether a job in this status will not run again.
func (s Status) Ended() bool { return s != NotProcessed && s != InProgress }

// Cause is what made a job.
type Cause string

const (
	Created   Cause = "created"   // the export itself: a oneTime export's run
	Scheduled Cause = "scheduled" // an instant of a recurring export
	Backfill  Cause = "backfill"  // an instant before the export was created
	Manual    Cause = "manual"    // somebody asked for it
)

// Job is one run of an export.
type Job struct {
	ID            string // UUID version 7: sorts by when it was made
	ExportKey     string
	ExportID      string
	Owner         string
	ExportCreated int64           // when the export was created: its recurrence starts then, where the request names no periodStart
	Channels      []string        // of the export: globs that limit what it may read; nil is any channel
	Request       json.RawMessage // of the export when the job was made
	Type          Type
	Version       int64 // of the export when the job was made
	Cause         Cause

	Due      int64  // the instant that the job is for: ranges are counted from it
	K        *int64 // recurring: which run it is
	Skipping int64  // of a job that stands for missed runs: how many; else 0

	Status    Status
	NotBefore int64 // it isn't claimed before: due and grace, or the pause before the next try
	Tries     int   // begun so far
	CreatedAt int64
	StartedAt *int64 // of the newest try
	EndedAt   *int64
	Cancel    bool // somebody asked to cancel it, and its worker has not seen that yet

	Progress  Progress
	Error     *Fault // of a failed job, or of the newest try of one that waits for the next
	Saw       *Seen  // where the request has a condition: what it saw
	Artifacts []Artifact
	Folder    string   // of the artifacts, relative to the service's folder of artifacts; empty where there are none
	Bytes     int64    // of all files in Folder
	ExpiresAt *int64   // when the artifacts go
	Stored    []int64  // by item: samples stored in its range when the job ran, from which a newer snapshot tells whether it is stale
	Arrival   uint64   // newest sample that the job saw
	Links     int64    // version of the signed links: those of a lesser one are revoked
	Message   *Message // nil where there is none to send
}

// Progress is how far a job is, over all its items.
type Progress struct {
	Rows     int64 `json:"rows"`
	Expected int64 `json:"expected"` // at most so many
}

// Seen is the value that a condition saw; nil is no sample.
type Seen struct {
	Value *float64 `json:"value"`
	Holds bool     `json:"holds"`
}

// Artifact is a file that a job made. The manifest is one of them, the last.
type Artifact struct {
	File      string `json:"file"`
	MediaType string `json:"mediaType"`
	Item      int    `json:"item"` // index into the request's items; -1 for the manifest
	Rows      int64  `json:"rows"`
	Bytes     int64  `json:"bytes"`
	SHA256    string `json:"sha256"` // hex
}

// Fault is why a job failed.
type Fault struct {
	Kind    FaultKind      `json:"kind"`
	Message string         `json:"message"`
	Faults  request.Faults `json:"faults,omitempty"`
}

// FaultKind says whose fault it was.
type FaultKind string

const (
	UserFault     FaultKind = "request"  // the request can't be met as it stands; not tried again
	NotFoundFault FaultKind = "notFound" // it names what the source never saw; not tried again
	LimitFault    FaultKind = "limit"    // a limit refuses it; not tried again
	DataFault     FaultKind = "data"     // a file of the store is damaged; not tried again
	ServiceFault  FaultKind = "service"  // anything else: tried again with growing pauses
)

// Message is the state of a job's notification in the outbox. A job has at most one: onSuccess when it is done, onFailure when it failed.
type Message struct {
	ID        string // stable: the Message-ID of an email
	JobID     string
	Policy    string // onSuccess or onFailure
	Medium    string
	State     MessageState
	Tries     int
	NotBefore int64
	SentAt    *int64
	Error     string // of the newest try
}

// MessageState is where a message stands.
type MessageState string

const (
	Pending     MessageState = "pending"
	Sent        MessageState = "sent"
	Undelivered MessageState = "undelivered" // given up
)
