package engine

import (
	"context"

	"decant/engine/store"
	"decant/engine/store/segment"
)

// Inspection is what segments hold: series, groups, blocks, rows, and bytes by column and encoding.
type Inspection = segment.Inspection

// Inspect says what a segment file holds, or, where file is empty, what all segments of the store hold together.
func Inspect(ctx context.Context, cfg Config, file string) (Inspection, error) {
	if file != "" {
		return store.InspectFile(ctx, file)
	}
	return store.Inspect(ctx, cfg.Data)
}
