package bench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gofrs/flock"

	"decant/engine"
)

// TestPrepareMakesOnce: a whole data set is used again, one that is not whole is made anew.
func TestPrepareMakesOnce(t *testing.T) {
	root := t.TempDir()
	d := walk(2, 50)
	said := 0
	prepare := func() string {
		t.Helper()
		said = 0
		dir, err := Prepare(t.Context(), root, d, func(string) { said++ })
		if err != nil {
			t.Fatal(err)
		}
		in := &input{}
		if in.snap, err = engine.Source(Config(dir)).Open(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		list, err := in.snap.Series(t.Context(), "", "")
		if err != nil || len(list) != 2 || list[0].Samples != 50 {
			t.Fatalf("the store holds %+v, %v", list, err)
		}
		return filepath.Dir(dir)
	}
	folder := prepare()
	if said == 0 {
		t.Error("it was made without a word")
	}
	if prepare(); said > 0 {
		t.Error("a whole data set was made again")
	}
	marker := filepath.Join(folder, madeFile)
	if err := os.Rename(marker, filepath.Join(folder, makingFile)); err != nil { // as after a crash
		t.Fatal(err)
	}
	if prepare(); said == 0 {
		t.Error("half a data set was used")
	}
	if err := os.WriteFile(marker, []byte(`{"Generation":0}`), 0o666); err != nil {
		t.Fatal(err)
	}
	if prepare(); said == 0 {
		t.Error("a data set of another generation was used")
	}
}

// TestPrepareStopped: a run that the user stops leaves nothing that looks whole.
func TestPrepareStopped(t *testing.T) {
	root := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	if _, err := Prepare(ctx, root, walk(2, 50_000), func(string) { stop() }); !errors.Is(err, context.Canceled) {
		t.Fatalf("stopped: %v", err)
	}
	if _, err := os.Stat(filepath.Join(root, walk(2, 50_000).String(), madeFile)); err == nil {
		t.Error("it says that it is whole")
	}
}

func TestPrepareLeavesOthersAlone(t *testing.T) {
	root := t.TempDir()
	d := walk(1, 1)
	folder := filepath.Join(root, d.String())
	mine := filepath.Join(folder, "letters", "to-my-mother.txt")
	if err := os.MkdirAll(filepath.Dir(mine), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mine, []byte("Dear mother"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := Prepare(t.Context(), root, d, func(string) {})
	if input := (*engine.InputError)(nil); !errors.As(err, &input) || !strings.Contains(err.Error(), "--dir") {
		t.Errorf("a folder that is not ours: %v", err)
	}
	if _, err := os.Stat(mine); err != nil {
		t.Error(err)
	}

	other := walk(1, 2)
	lock := flock.New(filepath.Join(root, other.String()+".lock"))
	if ok, err := lock.TryLock(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	defer lock.Unlock()
	if _, err := Prepare(t.Context(), root, other, func(string) {}); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a data set that another process makes: %v", err)
	}
}
