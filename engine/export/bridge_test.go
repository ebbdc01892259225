package export

import (
	"context"

	"decant/formats"
)

// Summaries is what a PDF of the plan's first item shows above its table.
func (p *Plan) Summaries(ctx context.Context, snap Snapshot) ([]formats.SeriesSummary, error) {
	return p.summary(ctx, snap, &p.Items[0])
}

// Extensions are the formats that a request can name.
func Extensions() []string {
	names := make([]string, len(formatTable))
	for i, f := range formatTable {
		names[i] = f.extension
	}
	return names
}
