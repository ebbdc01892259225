package export

import (
	"context"

	"decant/formats"
)

// Summaries is what a PDF of the plan's first item shows above its table. The request's format is pdf.
func (p *Plan) Summaries(ctx context.Context, snap Snapshot) ([]formats.SeriesSummary, error) {
	g := p.groups[0]
	fronts, err := g.readAhead(ctx, snap, g.cursors(ctx, snap, p.Request.Format.Zone.Location))
	if err != nil {
		return nil, err
	}
	defer releaseFronts(fronts)
	return p.Items[0].summary(fronts)
}

// Extensions are the formats that a request can name.
func Extensions() []string {
	names := make([]string, len(formatTable))
	for i, f := range formatTable {
		names[i] = f.extension
	}
	return names
}
