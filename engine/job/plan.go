package job

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"decant/decimation"
	"decant/engine/access"
	"decant/engine/export"
	"decant/engine/export/request"
)

// PlanFor is the plan of a job: of its request, counted from its instant, within what its export may read. opts carry what is the worker's: cores,
// version, clock, progress, resources. limits.Public counts for full exports.
func PlanFor(ctx context.Context, snap export.Snapshot, j Job, limits Limits, opts export.Options) (*export.Plan, error) {
	opts.Now, opts.Run, opts.JobID = j.Due, j.K, j.ID
	opts.Limits, opts.Channels = withDisk(limits.Export, opts.Limits.Disk), j.Channels
	if j.Type == Full {
		return planFull(ctx, snap, j.Request, limits.Public, opts)
	}
	r, err := parseStored(j.Request)
	if err != nil {
		return nil, err
	}
	r.Raw = forReaders(r)
	return export.NewPlan(ctx, snap, anchored(r, j.ExportCreated), opts)
}

// Ranges are the ranges of a job's items, as its plan has them: in the order of its request's items, and with the ends of items that can't be planned as
// far as the request names them. A full export has none.
func (j *Job) Ranges() ([]export.Range, error) {
	if j.Type == Full {
		return nil, nil
	}
	r, err := parseStored(j.Request)
	if err != nil {
		return nil, err
	}
	return export.Ranges(anchored(r, j.ExportCreated), export.Options{Now: j.Due, Run: j.K})
}

// withDisk keeps the free bytes that the worker saw at the destination, where the limits say nothing of them.
func withDisk(l export.Limits, free int64) export.Limits {
	if l.Disk == 0 {
		l.Disk = free
	}
	return l
}

// anchored is a request whose instants are counted from its export's creation, where it names no periodStart.
func anchored(r *request.Request, createdAt int64) *request.Request {
	if !r.Recurring {
		return r
	}
	copied := *r
	start := Recurrence(r, createdAt).Start
	copied.PeriodStart = &start
	return &copied
}

// plan is the plan of a request as a job of an export that was created at createdAt would have it now: of a recurring one the newest run that is due, be
// it one before the first. Where there is no plan, what the condition looks at is not asked for.
func (s *Service) plan(ctx context.Context, snap export.Snapshot, who access.Caller, r *request.Request, createdAt, now int64) (*export.Plan, error) {
	opts := export.Options{
		Now:       now,
		Limits:    s.c.Limits().Export,
		Channels:  who.Channels,
		Resources: NewResources(s.c.Queue, who.Owner, who.Channels, now),
		Version:   s.c.Version,
		Clock:     s.c.Clock,
	}
	if r.Recurring {
		k, _, err := Recurrence(r, createdAt).Last(now)
		if err != nil {
			return nil, &export.RequestError{Faults: request.Faults{{Path: "periodicity", Message: err.Error()}}}
		}
		opts.Run = &k
	}
	p, err := export.NewPlan(ctx, snap, anchored(r, createdAt), opts)
	if err != nil {
		return nil, err
	}
	return p, s.checkCondition(ctx, snap, r, now)
}

// checkCondition looks whether there is the one series that a request's condition means. It reads a second of it: what the job will see is not
// of interest here.
func (s *Service) checkCondition(ctx context.Context, snap export.Snapshot, r *request.Request, now int64) error {
	if r.Service.Condition == nil {
		return nil
	}
	c := *r.Service.Condition
	c.Period = decimation.Period{Clock: 1e9}
	_, _, err := export.Evaluate(ctx, snap, &c, r.Format.Zone, now)
	return err
}

// warnings are what an error of a plan means for runs to come.
func warnings(err error) []string {
	switch e := err.(type) {
	case *export.NotFoundError:
		return slices.Clone(e.Missing)
	case *export.RequestError:
		var list []string
		for _, f := range e.Faults {
			list = append(list, f.String())
		}
		return list
	}
	return []string{err.Error()}
}

// fullRequest is the stored request of a full export.
type fullRequest struct {
	Full struct {
		Format string `json:"format"` // jsonl or parquet
		Scope  string `json:"scope"`  // standard or public
	} `json:"full"`
}

// planFull is the plan of a full export: the channels that there are in the snapshot, each a file.
func planFull(ctx context.Context, snap export.Snapshot, text json.RawMessage, public []string, opts export.Options) (*export.Plan, error) {
	var full fullRequest
	if err := json.Unmarshal(text, &full); err != nil {
		return nil, fmt.Errorf("read the stored request: %w", err)
	}
	all, err := snap.Series(ctx, "", "")
	if err != nil {
		return nil, fmt.Errorf("list series: %w", err)
	}
	var channels []string
	for i, x := range all {
		switch {
		case i > 0 && all[i-1].Channel == x.Channel:
		case full.Full.Scope == publicScope && !access.MatchAny(public, x.Channel):
		case opts.Channels != nil && !access.MatchAny(opts.Channels, x.Channel):
		default:
			channels = append(channels, x.Channel)
		}
	}
	if len(channels) == 0 {
		return nil, nothingFor(full.Full.Scope, len(all) == 0)
	}
	r := request.Full(full.Full.Format, channels)
	r.Raw = text
	return export.NewPlan(ctx, snap, r, opts)
}

func nothingFor(scope string, empty bool) error {
	sentence := "no channel that is stored may be read by this token"
	switch {
	case empty:
		sentence = "nothing is stored yet"
	case scope == publicScope:
		sentence = "no channel that is stored is public; the configuration's service.public names those that are"
	}
	return &export.NotFoundError{Missing: []string{sentence}}
}
