package engine

import (
	"context"

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
	return export.Run(ctx, snap, plan, dir)
}
