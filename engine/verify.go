package engine

import (
	"context"
	"errors"

	"decant/engine/archive"
	"decant/engine/store"
	"decant/ingest/deadletter"
)

// VerifySummary is what Verify read.
type VerifySummary struct {
	Files   int64 // CURRENT, segments and logs
	Bytes   int64 // of these
	Samples int64
	Letters int64 // dead letters
}

// Verify reads every byte of the store, of its dead letters and of what is kept of the broker's session against the checksums and reports
// each fault. Of an archive it reads what the manifest names.
func Verify(ctx context.Context, cfg Config, report func(file string, offset int64, fault string)) (VerifySummary, error) {
	if archive.Is(cfg.Data) {
		return verifyArchive(ctx, cfg, report)
	}
	s, err := store.Verify(ctx, cfg.Data, func(f store.Fault) { report(f.File, f.Offset, f.Text) })
	summary := VerifySummary{Files: int64(1 + s.Segments + s.Logs), Bytes: s.Bytes, Samples: s.Samples} // CURRENT is one, too
	var damage *store.CorruptError
	if err != nil && !errors.As(err, &damage) { // damage is reported
		return summary, err
	}
	if _, err := readSession(cfg.Data); errors.As(err, &damage) {
		report(damage.File, damage.Offset, damage.Text)
	} else if err != nil {
		return summary, err
	}
	letters, err := deadletter.List(deadLetters(cfg.Data))
	summary.Letters = int64(len(letters.Entries))
	for _, err := range unjoin(err) {
		var damage *deadletter.CorruptError
		if !errors.As(err, &damage) {
			return summary, err
		}
		report(damage.File, damage.Offset, damage.What)
	}
	return summary, nil
}

// unjoin takes apart what errors.Join put together.
func unjoin(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, err := range joined.Unwrap() {
		all = append(all, unjoin(err)...)
	}
	return all
}
