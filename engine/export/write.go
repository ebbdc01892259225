package export

import (
	"context"
	"io"
)

// writeGroup writes the files of a group's items, each to one of files: the loop from the scans to the finished files.
func (p *Plan) writeGroup(ctx context.Context, snap Snapshot, g *group, files []io.Writer, tempDir string) ([]itemResult, error) {
	if g.request.Resource != "" {
		result, err := p.writeResource(ctx, snap, g.Item, files[0], tempDir)
		return []itemResult{result}, err
	}
	cursors := g.cursors(ctx, snap, p.Request.Format.Zone.Location)
	var fronts map[int]*front
	if p.format.summary { // it stands above the rows
		var err error
		if fronts, err = g.readAhead(ctx, snap, cursors); err != nil {
			return nil, err
		}
		defer releaseFronts(fronts)
	}
	outputs := make([]*output, len(g.items))
	defer abandon(outputs)
	for i, it := range g.items {
		doc, err := p.document(it, fronts, tempDir)
		if err != nil {
			return nil, err
		}
		o, err := p.openOutput(it, doc, files[i])
		if err != nil {
			return nil, err
		}
		o.merged = newMergedShape(p, it, o.emit)
		o.shape = o.merged
		outputs[i] = o
	}

	m := newMerge(cursors)
	defer m.close()
	for {
		runs, err := m.next(mergeRows)
		if err != nil {
			return nil, err
		}
		if len(runs) == 0 {
			break
		}
		for _, o := range outputs {
			if err := o.add(ctx, runs); err != nil {
				return nil, p.explainCell(ctx, snap, g, o, err)
			}
		}
	}

	results := make([]itemResult, len(outputs))
	for i, o := range outputs {
		if err := o.finish(ctx); err != nil {
			return nil, p.explainCell(ctx, snap, g, o, err)
		}
		results[i] = o.result
	}
	return results, nil
}
