package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"

	"decant/engine/archive"
	"decant/engine/export"
	"decant/engine/store"
)

// archivedSource is the archive that the configuration's data names in the store's place, as exports see it; ok is false where it names none.
func archivedSource(cfg Config) (s export.Source, ok bool, err error) {
	if !archive.Is(cfg.Data) {
		return nil, false, nil
	}
	place, err := archive.Open(cfg.Data, os.Getenv)
	return archive.Source{Place: place, Last: cfg.Duplicates == "last"}, true, err
}

// refuseArchive refuses to write where an archive is: only `decant archive` writes one.
func (c Config) refuseArchive() error {
	if archive.Is(c.Data) {
		return &InputError{fmt.Errorf("%s is an archive, which is only read; name the folder of a store with --data", c.Data)}
	}
	return nil
}

// Archive brings the store's settled days to the place that to names, a folder or s3://bucket/prefix.
func Archive(ctx context.Context, cfg Config, to string, opts archive.Options) (*archive.Report, error) {
	place, snap, err := openArchiving(ctx, cfg, to)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	return archive.Run(ctx, snap, place, archiving(cfg, opts))
}

// ArchiveAway is Archive, and then deletes from the store what the archive has, after it has read that back. The store's lock is held from before the first sample is read until the last
// is deleted, so that none can come between; a store that another process writes is store.ErrInUse.
func ArchiveAway(ctx context.Context, cfg Config, to string, opts archive.Options, log *slog.Logger) (report *archive.Report, deleted int64, err error) {
	place, err := archive.Open(to, os.Getenv)
	if err != nil {
		return nil, 0, err
	}
	if err := CheckStore(cfg); err != nil {
		return nil, 0, err
	}
	c := cfg.store()
	c.NoSocket, c.NoUpkeep, c.Log = true, true, log
	st, err := store.Open(c)
	if errors.Is(err, store.ErrInUse) {
		return nil, 0, fmt.Errorf("%w; what it takes while days are archived could not be told from what is archived, so nothing is deleted beside it: archive without deleting, or stop it meanwhile", err)
	}
	if err != nil {
		return nil, 0, err
	}
	defer func() {
		if closing := st.Close(); err == nil {
			err = closing
		}
	}()
	snap, err := st.Snapshot(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer snap.Close()
	if report, err = archive.Run(ctx, snapshot{snap}, place, archiving(cfg, opts)); err != nil {
		return report, 0, err
	}
	deleted, err = archive.Remove(ctx, place, report.Complete, deleter{st})
	return report, deleted, err
}

// deleter deletes whole channels' ranges.
type deleter struct{ store *store.Store }

func (d deleter) DeleteChannel(ctx context.Context, channel string, from, to int64) (int64, error) {
	every := []store.Name{{Prefix: true}}
	deleted, err := d.store.Delete(ctx, store.Deletion{Selection: store.Selection{Channel: channel, Names: every}, From: from, To: to})
	return deleted.Samples, err
}

// archiving completes the options of a run.
func archiving(cfg Config, opts archive.Options) archive.Options {
	opts.Last = cfg.Duplicates == "last"
	opts.Version = Version()
	opts.Workers = runtime.GOMAXPROCS(0)
	return opts
}

// PreviewArchive says what Archive would do.
func PreviewArchive(ctx context.Context, cfg Config, to string, opts archive.Options) ([]archive.Planned, error) {
	place, snap, err := openArchiving(ctx, cfg, to)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	return archive.Preview(ctx, snap, place, opts)
}

func openArchiving(ctx context.Context, cfg Config, to string) (archive.Place, export.Snapshot, error) {
	place, err := archive.Open(to, os.Getenv)
	if err != nil {
		return nil, nil, err
	}
	snap, err := source{cfg}.Open(ctx)
	return place, snap, err
}

// verifyArchive is Verify of an archive.
func verifyArchive(ctx context.Context, cfg Config, report func(file string, offset int64, fault string)) (VerifySummary, error) {
	place, err := archive.Open(cfg.Data, os.Getenv)
	if err != nil {
		return VerifySummary{}, err
	}
	m, err := archive.Verify(ctx, place, func(d *archive.DamageError) { report(d.File, 0, d.Text) })
	if err != nil {
		return VerifySummary{}, err
	}
	return VerifySummary{Files: int64(1 + len(m.Parts)), Bytes: m.Bytes, Samples: m.Rows}, nil
}
