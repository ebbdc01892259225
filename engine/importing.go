package engine

import (
	"context"
	"fmt"
	"io"
	"os"

	"decant/ingest"
	"decant/ingest/file"
)

// Import reads files into the store. A file that would make more series than the store may have is not imported at all, nor is one with a fault,
// unless the configuration skips bad rows; for that each is read twice, and stdin ("-") is kept in a temporary file meanwhile. Files before a faulty one stay imported, and importing a
// file again changes nothing, since equal samples are kept once.
func Import(ctx context.Context, to ingest.Appender, names []string, stdin io.Reader, cfg file.Config, progress func(name string, samples, expected int64)) ([]file.Summary, error) {
	var summaries []file.Summary
	for _, name := range names {
		s, err := importFile(ctx, to, name, stdin, cfg, progress)
		if err != nil {
			return summaries, err
		}
		summaries = append(summaries, s)
	}
	return summaries, nil
}

func importFile(ctx context.Context, to ingest.Appender, name string, stdin io.Reader, cfg file.Config, progress func(string, int64, int64)) (file.Summary, error) {
	in, cleanUp, err := open(name, stdin)
	if err != nil {
		return file.Summary{}, err
	}
	defer cleanUp()
	checked, err := file.Read(ctx, in, name, cfg, func(samples []ingest.Sample) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return admit(to, samples)
	})
	if err != nil {
		return checked, err
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return checked, fmt.Errorf("read %s again: %w", name, err)
	}
	var stored int64
	summary, err := file.Read(ctx, in, name, cfg, func(samples []ingest.Sample) error {
		if err := to.Append(ctx, ingest.Batch{Samples: samples}); err != nil {
			return err
		}
		stored += int64(len(samples))
		progress(name, stored, checked.Samples)
		return nil
	})
	if err != nil && stored > 0 {
		err = &PartialError{File: name, Samples: stored, Err: err}
	}
	return summary, err
}

// PartialError is an import that ended in the middle of a file.
type PartialError struct {
	File    string
	Samples int64 // that are in the store
	Err     error // why it ended
}

func (e *PartialError) Error() string {
	return fmt.Sprintf("%v; %d samples of %s are stored, and importing it again completes them", e.Err, e.Samples, e.File)
}

func (e *PartialError) Unwrap() error { return e.Err }

// open gives a file that can be read twice.
func open(name string, stdin io.Reader) (f *os.File, cleanUp func(), err error) {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, nil, &InputError{err}
		}
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			return f, func() { f.Close() }, nil
		}
		defer f.Close() // a pipe
		stdin = f
	}
	spool, err := os.CreateTemp("", "decant-import-*")
	if err != nil {
		return nil, nil, fmt.Errorf("keep %s: %w", name, err)
	}
	cleanUp = func() {
		spool.Close()
		os.Remove(spool.Name())
	}
	if _, err = io.Copy(spool, stdin); err == nil {
		_, err = spool.Seek(0, io.SeekStart)
	}
	if err != nil {
		cleanUp()
		return nil, nil, fmt.Errorf("keep %s: %w", name, err)
	}
	return spool, cleanUp, nil
}

// InputError is an input file that can't be read: a directory, a missing file.
type InputError struct{ Err error }

func (e *InputError) Error() string { return e.Err.Error() }
func (e *InputError) Unwrap() error { return e.Err }
