package job

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"

	"decant/engine/access"
	"decant/engine/export"
	"decant/engine/export/request"
)

// try runs a job once. What it returns of an outcome besides an error is what the job saw on its way. A panic is an error.
func (w *Worker) try(ctx context.Context, h *holding, c *Claimed) (r *request.Request, o Outcome, err error) {
	defer func() {
		if v := recover(); v != nil {
			stack := debug.Stack()
			w.c.Log.Error("an export panicked", "job", c.ID, "panic", v, "stack", string(stack))
			err = fmt.Errorf("the export panicked: %v", v)
		}
	}()
	if c.Type != Full {
		if r, err = parseStored(c.Request); err != nil {
			return nil, o, err
		}
	}
	if c.Tries > mostClaims {
		return r, o, fmt.Errorf("the job was begun %d times and never came to an end; it may be what stops its worker", c.Tries-1)
	}
	snap, err := w.c.Source.Open(ctx)
	if err != nil {
		return r, o, fmt.Errorf("open a snapshot: %w", err)
	}
	defer snap.Close()
	if r != nil && r.Service.Condition != nil {
		if o.Saw, err = evaluate(ctx, snap, r, c); err != nil {
			return r, o, err
		}
		if !o.Saw.Holds {
			o.Status = Skipped
			return r, o, nil
		}
	}
	err = w.export(ctx, snap, h, c, &o)
	return r, o, err
}

// evaluate looks at a job's condition.
func evaluate(ctx context.Context, snap export.Snapshot, r *request.Request, c *Claimed) (*Seen, error) {
	condition := r.Service.Condition
	if who := (access.Caller{Channels: c.Channels}); !who.Sees(condition.Channel) {
		return nil, &export.NotFoundError{Missing: []string{fmt.Sprintf("condition: channel %s: there is no such channel", condition.Channel)}}
	}
	value, holds, err := export.Evaluate(ctx, snap, condition, r.Format.Zone, c.Due)
	if err != nil {
		return nil, err
	}
	return &Seen{Value: value, Holds: holds}, nil
}

// export plans and writes a job's files, and describes them in o.
func (w *Worker) export(ctx context.Context, snap export.Snapshot, h *holding, c *Claimed, o *Outcome) error {
	limits := w.c.Limits()
	opts := export.Options{
		Cores: w.c.Cores, Version: w.c.Version, Clock: w.c.Clock, Progress: h.report,
		Resources: NewResources(w.c.Queue, c.Owner, c.Channels, *c.StartedAt),
	}
	if w.c.FreeDisk != nil {
		free, err := w.c.FreeDisk(w.c.Artifacts)
		if err != nil {
			return err
		}
		opts.Limits.Disk = max(free, 1) // 0 would not be looked at
	}
	plan, err := PlanFor(ctx, snap, c.Job, limits, opts)
	if err != nil {
		return err
	}
	h.begin(plan)
	var bytes int64
	for i := range plan.Items {
		bytes += plan.Items[i].Bytes
		o.Stored = append(o.Stored, plan.Items[i].Stored)
	}
	if err := w.fits(ctx, c.Owner, bytes, limits); err != nil {
		return err
	}
	folder := c.Lease.Folder()
	dir := filepath.Join(w.c.Artifacts, folder)
	if err := os.RemoveAll(dir); err != nil { // a try of the same number, from before the queue was restored from a backup
		return err
	}
	m, err := export.Run(ctx, snap, plan, dir)
	if err != nil {
		return err
	}
	if o.Artifacts, o.Bytes, err = artifactsOf(dir, m); err != nil {
		return err
	}
	if err := w.fits(ctx, c.Owner, o.Bytes, limits); err != nil {
		return err
	}
	w.usage.add(c.Owner, o.Bytes)
	o.Status, o.Folder, o.Arrival = Done, folder, snap.Arrival()
	if limits.ArtifactLife > 0 {
		expires := w.c.Clock() + int64(limits.ArtifactLife)
		o.ExpiresAt = &expires
	}
	return nil
}
