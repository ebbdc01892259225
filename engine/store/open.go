package store

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// OpenSnapshot takes the state of a store that another process may be writing. It needs no more than the right to read the folder, takes no lock, and writes
// nothing. It sees all that was acknowledged before it began; of the newest log it reads up to the first incomplete frame. It holds the logs'
// samples in memory. A folder without a store is ErrNotStore.
func OpenSnapshot(ctx context.Context, cfg Config) (*Snapshot, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	var snap *Snapshot
	err := whileLive(ctx, cfg.Dir, func(o *contents) error {
		replayed, err := o.replay(ctx)
		if err != nil {
			return err
		}
		snap = newSnapshot(cfg, replayed.arrival)
		for _, h := range replayed.heads {
			snap.heads = append(snap.heads, h.view())
		}
		snap.segments, o.segments = o.segments, nil
		snap.deletes = o.cur.deletes
		return nil
	})
	if err != nil {
		return nil, err
	}
	return snap, nil
}

// whileLive opens all that CURRENT names and lets read read it. If CURRENT changed before all was open, files may have gone, so it starts over; once all is
// open, it stays readable whatever becomes of the names.
//
// Damage is believed only when it is seen twice: the writer may be writing the last frame at that moment, and not every file system shows a write
// whole.
func whileLive(ctx context.Context, dir string, read func(*contents) error) error {
	suspected := false
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		cur, text, err := readCurrent(dir)
		if err != nil {
			return readable(dir, err)
		}
		opened, err := openContents(dir, cur)
		_, again, e := readCurrent(dir)
		if e != nil || !bytes.Equal(text, again) {
			if err == nil {
				opened.close()
			}
			continue
		}
		if err == nil {
			err = read(opened)
			opened.close()
		}
		var corrupt *CorruptError
		if errors.As(err, &corrupt) && !suspected {
			suspected = true
			continue
		}
		return err
	}
}

// Check is nil where dir holds a store, whatever its state, and ErrNotStore where it does not.
func Check(dir string) error {
	_, err := os.Stat(filepath.Join(dir, currentFile))
	if err == nil {
		return nil
	}
	return readable(dir, err)
}

// readable says why there is no CURRENT.
func readable(dir string, err error) error {
	info, e := os.Stat(dir)
	switch {
	case e == nil && info.IsDir() && !errors.Is(err, fs.ErrNotExist):
		return err
	case errors.Is(e, fs.ErrNotExist):
		return notStore(dir, "there is no such folder")
	case e == nil && !info.IsDir():
		return notStore(dir, "it is a file")
	}
	if err := lostCurrent(dir); err != nil {
		return err
	}
	return notStore(dir, "it has no file CURRENT")
}
