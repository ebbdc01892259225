package deadletter

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestReplayHandsOutEachLetterOnce(t *testing.T) {
	dir := t.TempDir()
	write(t, Config{Dir: dir}, letters(1, 6))
	r, err := BeginReplay(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := BeginReplay(dir); !errors.Is(err, ErrReplaying) {
		t.Errorf("second replay at a time: %v", err)
	}
	pending := func(r *Replay) (all []uint64) {
		t.Helper()
		err := r.Pending(func(e Entry) bool {
			if m := e.Message(); string(m.Payload) != string(letter(int(e.ID)).Payload) || m.Received != int64(e.ID) || m.Ack != nil {
				t.Errorf("letter %d as a message: %+v", e.ID, m)
			}
			all = append(all, e.ID)
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if got := pending(r); !slices.Equal(got, []uint64{1, 2, 3, 4, 5}) {
		t.Errorf("pending %v", got)
	}
	if err := r.Done(2, 4); err != nil {
		t.Fatal(err)
	}
	if got := pending(r); !slices.Equal(got, []uint64{1, 3, 5}) {
		t.Errorf("pending %v", got)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r, err = BeginReplay(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got := pending(r); !slices.Equal(got, []uint64{1, 3, 5}) {
		t.Errorf("pending in the next process %v", got)
	}
	for _, e := range list(t, dir).Entries {
		if e.Replayed != (e.ID%2 == 0) {
			t.Errorf("letter %d listed as replayed: %v", e.ID, e.Replayed)
		}
	}
}

func TestDamagedMarksAreNamed(t *testing.T) {
	dir := t.TempDir()
	write(t, Config{Dir: dir}, letters(1, 3))
	r, err := BeginReplay(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Done(1), r.Close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, marksName)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	content[0] ^= 3 // now it says letter 2
	put(t, path, content)
	var corrupt *CorruptError
	if _, err := List(dir); !errors.As(err, &corrupt) || corrupt.File != path {
		t.Errorf("list: %v", err)
	}
}
