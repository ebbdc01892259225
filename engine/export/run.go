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
func Run(ctx context.Context, snap Snapshot, p *Plan, dir string) (m *Manifest, err error) {
	err = Guard(snap)(func() (err error) {
		m, err = p.run(ctx, snap, dir)
		return err
	})
	return m, err
}

func (p *Plan) run(ctx context.Context, snap Snapshot, dir string) (*Manifest, error) {
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
	for _, g := range p.groups {
		if err := p.writeFiles(ctx, snap, g, d.temp, files); err != nil {
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

// writeFiles writes the files of a group's items into the job's temporary folder, syncs them, and describes them in files, by item.
func (p *Plan) writeFiles(ctx context.Context, snap Snapshot, g *group, temp string, files []File) error {
	var artifacts []*artifact
	var into []io.Writer
	defer func() {
		for _, a := range artifacts {
			a.abandon()
		}
	}()
	for _, it := range g.items {
		a, err := createArtifact(filepath.Join(temp, it.File))
		if err != nil {
			return err
		}
		artifacts, into = append(artifacts, a), append(into, a)
	}
	results, err := p.writeGroup(ctx, snap, g, into, temp)
	if err != nil {
		return err
	}
	for i, a := range artifacts {
		if err := a.finish(); err != nil {
			return err
		}
		files[g.items[i].Index] = p.fileOf(g.items[i], results[i], a.bytes, a.sum())
	}
	return nil
}

// Stream writes a plan's only item to w. An error may come when a part is already written. The manifest is of use for what it counts; w's
// bytes and checksum are in it.
func Stream(ctx context.Context, snap Snapshot, p *Plan, w io.Writer) (m *Manifest, err error) {
	err = Guard(snap)(func() (err error) {
		m, err = p.stream(ctx, snap, w)
		return err
	})
	return m, err
}

func (p *Plan) stream(ctx context.Context, snap Snapshot, w io.Writer) (*Manifest, error) {
	if len(p.Items) != 1 {
		return nil, &RequestError{request.Faults{{Path: "items", Message: fmt.Sprintf("there are %d items; one stream holds one: write into a folder", len(p.Items))}}}
	}
	started := p.opts.Clock()
	a := newArtifact(w)
	results, err := p.writeGroup(ctx, snap, p.groups[0], []io.Writer{a}, p.opts.TempDir)
	if err != nil {
		return nil, err
	}
	if err := a.flush(); err != nil {
		return nil, err
	}
	return p.manifest(snap, []File{p.fileOf(&p.Items[0], results[0], a.bytes, a.sum())}, started), nil
}
