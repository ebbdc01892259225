package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"slices"
	"time"
)

// Job is one run of an export.
type Job struct {
	ID         string     `json:"id"`
	ExportID   string     `json:"exportId"`
	Status     string     `json:"status"`
	Cause      string     `json:"cause"`
	Due        time.Time  `json:"due"`
	Ranges     []Range    `json:"ranges"`   // of the request's items, in their order
	Skipping   int64      `json:"skipping"` // how many missed runs it stands for
	Tries      int        `json:"tries"`
	CreatedAt  time.Time  `json:"createdAt"`
	StartedAt  *time.Time `json:"startedAt"`
	FinishedAt *time.Time `json:"finishedAt"`
	Progress   struct {
		Rows     int64 `json:"rows"`
		Expected int64 `json:"expected"`
	} `json:"progress"`
	Error     *JobFault  `json:"error"`
	Saw       *Seen      `json:"condition"`
	Artifacts []Artifact `json:"artifacts"`
	ExpiresAt *time.Time `json:"expiresAt"`

	Notification *Notification `json:"notification"` // nil: none is to be sent

	Raw json.RawMessage `json:"-"` // as the service sent it
}

// The statuses of a job.
const (
	Waiting    = "notProcessed"
	InProgress = "inProgress"
	Done       = "done"
	Failed     = "failed"
	Expired    = "expired"
	Cancelled  = "cancelled"
	Skipped    = "skipped"
)

// JobFault is why a job failed. Kind is request, notFound, limit, data or service.
type JobFault struct {
	Kind    string  `json:"kind"`
	Message string  `json:"message"`
	Faults  []Fault `json:"faults"`
}

// Seen is the value that a job's condition saw; nil is no sample.
type Seen struct {
	Value *float64 `json:"value"`
	Holds bool     `json:"holds"`
}

// Range is what an item's from, to and period mean in a job; nil is an open end.
type Range struct {
	From *time.Time `json:"from"`
	To   *time.Time `json:"to"`
}

// Notification is how far the message about a job is.
type Notification struct {
	State string `json:"state"` // pending, sent or undelivered
	Error string `json:"error"` // of the newest try; "" where none failed
}

// Artifact is a file that a job made.
type Artifact struct {
	File        string `json:"file"`
	MediaType   string `json:"mediaType"`
	Item        int    `json:"item"` // -1: the manifest
	Rows        int64  `json:"rows"`
	Bytes       int64  `json:"bytes"`
	SHA256      string `json:"sha256"` // hex
	DownloadURL string `json:"downloadUrl"`
}

// Manifest says whether the artifact is the job's manifest.
func (a Artifact) Manifest() bool { return a.Item < 0 }

// Ended says whether the job will not run again.
func (j Job) Ended() bool { return j.Status != Waiting && j.Status != InProgress }

// UnmarshalJSON reads a job and keeps its text.
func (j *Job) UnmarshalJSON(data []byte) error {
	type plain Job
	j.Raw = append(json.RawMessage(nil), data...)
	return json.Unmarshal(data, (*plain)(j))
}

// JobError is a job that did not end well.
type JobError struct{ Job Job }

func (e *JobError) Error() string {
	j := e.Job
	text := "job " + j.ID + " of export " + j.ExportID + ": " + j.Status
	if j.Error == nil {
		return text
	}
	problem := Error{Detail: text + ": " + j.Error.Message}
	// The message of a single fault is the fault.
	if len(j.Error.Faults) > 1 {
		problem.Detail = text
		problem.Faults = j.Error.Faults
	}
	return problem.Error()
}

// Outcome is nil for a job that ended well: done, or skipped because its condition did not hold.
func (j Job) Outcome() error {
	switch j.Status {
	case Failed, Cancelled:
		return &JobError{Job: j}
	}
	return nil
}

// Job gives one job.
func (c *Client) Job(ctx context.Context, id string) (Job, error) {
	var j Job
	err := c.do(ctx, call{method: http.MethodGet, path: "/jobs/" + segment(id), again: safe}, &j)
	return j, err
}

// JobFilter selects jobs. Empty fields select all.
type JobFilter struct {
	Status []string
	Stale  bool // only done ones whose range has got samples since
	Limit  int  // at most so many; 0: all
}

// Jobs lists the jobs of an export, or of all exports where its id is "", the newest first, a page at a time as Exports does.
func (c *Client) Jobs(ctx context.Context, export string, f JobFilter) iter.Seq2[Job, error] {
	query := c.owned()
	for _, s := range f.Status {
		query.Add("status[]", s)
	}
	if f.Stale {
		query.Set("stale", "true")
	}
	path := "/jobs"
	if export != "" {
		path = "/exports/" + segment(export) + "/jobs"
	}
	return pages[Job](ctx, c, path, query, "jobs", f.Limit)
}

// Unended gives the jobs of an export that have not ended, the oldest first.
func (c *Client) Unended(ctx context.Context, export string) ([]Job, error) {
	var jobs []Job
	for job, err := range c.Jobs(ctx, export, JobFilter{Status: []string{Waiting, InProgress}}) {
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, job)
	}
	slices.Reverse(jobs)
	return jobs, nil
}

// Newest gives the newest job of an export, of some statuses (none: any); nil where there is none.
func (c *Client) Newest(ctx context.Context, export string, status ...string) (*Job, error) {
	for job, err := range c.Jobs(ctx, export, JobFilter{Status: status, Limit: 1}) {
		return &job, err
	}
	return nil, nil
}
