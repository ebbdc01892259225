package export

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"decant/engine/export/request"
)

// Run writes a plan's files and its manifest into the folder dir, all or none. dir must be absent or empty, unless the options say
// Overwrite. snap is the one that the plan was made with, and stays the caller's. A job that fails or is cancelled leaves no file behind.
func Run(ctx context.Context, snap Snapshot, p *Plan, dir string) (*Manifest, error) {
	started := p.opts.Clock()
	names := make([]string, len(p.Items))
	for i := range p.Items {
		names[i] = p.Items[i].File
	}
	d, err := openDestination(dir, names, p.opts.Overwrite)
	if err != nil {
		return nil, err
	}
	defer d.abandon()
	files := make([]File, len(p.Items))
	for i := range p.Items {
		it := &p.Items[i]
		if files[i], err = p.writeFile(ctx, snap, it, d.temp); err != nil {
			return nil, err
		}
	}
	m := p.manifest(snap, files, started)
	if err := writeManifest(d.temp, m); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return m, d.commit()
}

// writeFile writes one item's file into the job's temporary folder and syncs it.
func (p *Plan) writeFile(ctx context.Context, snap Snapshot, it *Item, temp string) (File, error) {
	a, err := createArtifact(filepath.Join(temp, it.File))
	if err != nil {
		return File{}, err
	}
	result, err := p.writeItem(ctx, snap, it, a, temp)
	if err != nil {
		a.abandon()
		return File{}, err
	}
	if err := a.finish(); err != nil {
		return File{}, err
	}
	return p.fileOf(it, result, a.bytes, a.sum()), nil
}

// Stream writes a plan's only item to w. An error may come when a part is already written. The manifest is of use for what it counts; w's
// bytes and checksum are in it.
func Stream(ctx context.Context, snap Snapshot, p *Plan, w io.Writer) (*Manifest, error) {
	if len(p.Items) != 1 {
		return nil, &RequestError{request.Faults{{Path: "items", Message: fmt.Sprintf("there are %d items; one stream holds one: write into a folder", len(p.Items))}}}
	}
	started := p.opts.Clock()
	a := newArtifact(w)
	it := &p.Items[0]
	result, err := p.writeItem(ctx, snap, it, a, p.opts.TempDir)
	if err != nil {
		return nil, err
	}
	if err := a.flush(); err != nil {
		return nil, err
	}
	return p.manifest(snap, []File{p.fileOf(it, result, a.bytes, a.sum())}, started), nil
}
