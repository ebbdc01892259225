package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"decant/engine"
)

// generation is raised when a data set's samples change, or when a store written today is laid out otherwise than one of before: kept data sets are then
// made anew.
const generation = 4

// bytesASample is what a store takes on disk at most. Segments take 1 to 6 bytes a sample; beside them lie logs of 64 MiB and, for a while, what compaction has merged.
const bytesASample = 32

// A data set's folder holds the store, and one of two files that say what it is:
//
//	walk-50x1000000/
//	    making.json   while it is made, or was when something stopped it
//	    made.json     when it is whole
//	    store/
const (
	makingFile  = "making.json"
	madeFile    = "made.json"
	storeFolder = "store"
)

// made is what these files hold.
type made struct {
	Generation int
	Dataset
}

// Prepare gives the folder of a store under root that holds the data set. One that an earlier call made is used again; what it left half done is
// made anew. say is told what takes a while.
func Prepare(ctx context.Context, root string, d Dataset, say func(text string)) (store string, err error) {
	if err := d.Validate(); err != nil {
		return "", &engine.InputError{Err: err}
	}
	folder := filepath.Join(root, d.String())
	store = filepath.Join(folder, storeFolder)
	if err := os.MkdirAll(root, 0o777); err != nil {
		return "", fmt.Errorf("make the folder of the data sets: %w", err)
	}
	lock := flock.New(folder + ".lock")
	locked, err := lock.TryLock()
	if err != nil {
		return "", fmt.Errorf("lock the data set %s: %w", folder, err)
	}
	if !locked {
		return "", &engine.InputError{Err: fmt.Errorf("%s is being made by another process; wait for it, or choose another folder with --dir", folder)}
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	want, err := json.Marshal(made{generation, d})
	if err != nil {
		return "", err
	}
	if have, err := os.ReadFile(filepath.Join(folder, madeFile)); err == nil && string(have) == string(want) {
		return store, nil
	}
	if err := discard(folder); err != nil {
		return "", err
	}
	return store, fill(ctx, folder, d, want, say)
}

// discard removes a data set that is not whole, or not today's. A folder that no call of Prepare made is refused.
func discard(folder string) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == makingFile || e.Name() == madeFile {
			return os.RemoveAll(folder)
		}
	}
	return &engine.InputError{Err: fmt.Errorf("%s is not empty and no data set; choose another folder with --dir", folder)}
}

// fill makes the data set. That it is whole is the last thing that the folder says.
func fill(ctx context.Context, folder string, d Dataset, description []byte, say func(string)) error {
	if free, err := engine.FreeDisk(folder); err == nil && free < bytesASample*d.Points() {
		return &engine.InputError{Err: fmt.Errorf("%d points need about %d MB in %s, which has %d MB left; take fewer with --points or another folder with --dir",
			d.Points(), bytesASample*d.Points()/1e6, folder, free/1e6)}
	}
	say(fmt.Sprintf("making the data set %s, which is kept", folder))
	began := time.Now()
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	making := filepath.Join(folder, makingFile)
	if err := os.WriteFile(making, description, 0o666); err != nil {
		return err
	}
	if err := Fill(ctx, filepath.Join(folder, storeFolder), d); err != nil {
		return fmt.Errorf("make the data set %s: %w", folder, err)
	}
	if err := os.Rename(making, filepath.Join(folder, madeFile)); err != nil {
		return err
	}
	say(fmt.Sprintf("%d points were stored in %s", d.Points(), time.Since(began).Round(time.Millisecond)))
	return nil
}
