package engine

import (
	"context"
	"io"

	"decant/engine/export"
	"decant/engine/export/request"
)

// Export reads a request, plans it against a snapshot, and writes its files and their manifest into dir.
func Export(ctx context.Context, snap export.Snapshot, text []byte, dir string, opts export.Options) (*export.Manifest, error) {
	r, err := request.Parse(text, request.Options{})
	if err != nil {
		return nil, err
	}
	plan, err := export.NewPlan(ctx, snap, r, opts)
	if err != nil {
		return nil, err
	}
	return Run(ctx, snap, plan, dir)
}

// Run is export.Run over the store: a disk that fails under a mapped segment is an error that names the file.
func Run(ctx context.Context, snap export.Snapshot, plan *export.Plan, dir string) (*export.Manifest, error) {
	return guarded(snap, func() (*export.Manifest, error) { return export.Run(ctx, snap, plan, dir) })
}

// Stream is export.Stream over the store, as Run is export.Run.
func Stream(ctx context.Context, snap export.Snapshot, plan *export.Plan, w io.Writer) (*export.Manifest, error) {
	return guarded(snap, func() (*export.Manifest, error) { return export.Stream(ctx, snap, plan, w) })
}

func guarded(snap export.Snapshot, job func() (*export.Manifest, error)) (m *export.Manifest, err error) {
	s, ok := snap.(snapshot)
	if !ok {
		return job()
	}
	err = s.Guard(func() (err error) {
		m, err = job()
		return err
	})
	return m, err
}
