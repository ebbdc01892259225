package deadletter

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"decant/ingest"
)

var silent = slog.New(slog.NewTextHandler(io.Discard, nil))

func letter(n int) ingest.Letter {
	return ingest.Letter{
		Reason: "senml", Text: fmt.Sprintf("record %d has two values", n), Topic: "m/d/c/x", Client: "c", Received: int64(n), QoS: 1,
		Payload: fmt.Appendf(nil, `[{"n":"%d","v":1,"vs":"a"}]`, n),
	}
}

func letters(from, to int) []ingest.Letter {
	var all []ingest.Letter
	for n := from; n < to; n++ {
		all = append(all, letter(n))
	}
	return all
}

func write(t *testing.T, cfg Config, batches ...[]ingest.Letter) *Writer {
	t.Helper()
	cfg.Log = silent
	w, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		if err := w.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w
}

func ids(entries []Entry) []uint64 {
	var all []uint64
	for _, e := range entries {
		all = append(all, e.ID)
	}
	return all
}

func list(t *testing.T, dir string) Listing {
	t.Helper()
	l, err := List(dir)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLettersAreReadBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		text := rapid.StringN(0, 20, 40)
		one := rapid.Custom(func(t *rapid.T) ingest.Letter {
			return ingest.Letter{
				Reason: text.Draw(t, "reason"), Text: text.Draw(t, "text"), Topic: text.Draw(t, "topic"), Client: text.Draw(t, "client"),
				Received: rapid.Int64().Draw(t, "received"), QoS: rapid.Byte().Draw(t, "qos"), Retained: rapid.Bool().Draw(t, "retained"),
				Payload: rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "payload"),
			}
		})
		batches := rapid.SliceOfN(rapid.SliceOfN(one, 0, 6), 1, 6).Draw(rt, "batches")
		cfg := Config{Dir: dir, SegmentBytes: int64(rapid.IntRange(1, 600).Draw(rt, "segment")), MaxBytes: 1 << 20, Log: silent}
		w, err := Open(cfg)
		if err != nil {
			rt.Fatal(err)
		}
		var want []ingest.Letter
		for _, b := range batches {
			if rapid.Bool().Draw(rt, "reopen") {
				w.Close()
				if w, err = Open(cfg); err != nil {
					rt.Fatal(err)
				}
			}
			if err := w.Append(b); err != nil {
				rt.Fatal(err)
			}
			want = append(want, b...)
		}
		defer w.Close()
		l, err := List(dir) // beside the open writer
		if err != nil || len(l.Entries) != len(want) || l.Dropped != 0 {
			rt.Fatalf("%d of %d letters, %d dropped: %v", len(l.Entries), len(want), l.Dropped, err)
		}
		for i, e := range l.Entries {
			got, err := Get(dir, e.ID)
			if err != nil {
				rt.Fatal(err)
			}
			if len(got.Payload) == 0 {
				got.Payload = want[i].Payload // nil or empty
			}
			if e.ID != uint64(i+1) || got.Cut() {
				rt.Fatalf("letter %d has id %d, cut %v", i+1, e.ID, got.Cut())
			}
			if diff := cmp.Diff(want[i], got.Letter); diff != "" {
				rt.Fatal(diff)
			}
		}
	})
}

func TestOldestAreDroppedAndCounted(t *testing.T) {
	dir := t.TempDir()
	cfg := Config{Dir: dir, SegmentBytes: 1000, MaxBytes: 3000}
	var w *Writer
	for n := range 20 { // each with a new writer, so that segments are small and ids cross restarts
		w = write(t, cfg, letters(5*n+1, 5*n+6))
	}
	l := list(t, dir)
	if len(l.Entries) == 0 || l.Dropped == 0 || uint64(len(l.Entries))+l.Dropped != 100 || w.Dropped() != l.Dropped {
		t.Fatalf("%d letters, %d dropped (writer: %d), want 100 together", len(l.Entries), l.Dropped, w.Dropped())
	}
	var bytes int64
	all, _ := segments(dir)
	for _, s := range all {
		bytes += s.bytes
	}
	if bytes > cfg.MaxBytes {
		t.Errorf("%d bytes, limit %d", bytes, cfg.MaxBytes)
	}
	for i, e := range l.Entries {
		if e.ID != l.Dropped+uint64(i)+1 || e.Received != int64(e.ID) {
			t.Fatalf("entry %d: id %d, received %d after %d dropped", i, e.ID, e.Received, l.Dropped)
		}
	}
	if _, err := Get(dir, 1); !errors.Is(err, ErrNotFound) {
		t.Errorf("dropped letter: %v", err)
	}
	if _, err := Get(dir, 0); !errors.Is(err, ErrNotFound) {
		t.Errorf("letter 0: %v", err)
	}
}

func TestLongPayloadIsCutAndSaysSo(t *testing.T) {
	dir := t.TempDir()
	write(t, Config{Dir: dir, MaxPayload: 10}, letters(1, 2))
	e, err := Get(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	if want := letter(1).Payload; !e.Cut() || e.PayloadBytes != len(want) || !bytes.Equal(e.Payload, want[:10]) {
		t.Errorf("%+v", e)
	}
	r, err := BeginReplay(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Pending(func(e Entry) bool {
		if !e.Cut() {
			t.Errorf("letter %d is not known to be cut", e.ID)
		}
		return true
	}); err != nil {
		t.Fatal(err)
	}
}

// onlySegment is the path and content of a folder's one segment.
func onlySegment(t *testing.T, dir string) (string, []byte) {
	t.Helper()
	all, err := segments(dir)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d segments: %v", len(all), err)
	}
	content, err := os.ReadFile(all[0].path)
	if err != nil {
		t.Fatal(err)
	}
	return all[0].path, content
}

func put(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
}

// Whatever a crash leaves of the last letter, the letters before it are read without an error and new ones follow.
func TestTornTailIsPassedOver(t *testing.T) {
	dir := t.TempDir()
	write(t, Config{Dir: dir}, letters(1, 3))
	path, whole := onlySegment(t, dir)
	_, first, err := parseRecord(whole)
	if err != nil {
		t.Fatal(err)
	}
	for cut := 0; cut < len(whole); cut += 7 { // a step that does not divide a letter's length, so all fields are cut
		for _, zeros := range []int{0, 100} {
			content := append(bytes.Clone(whole[:cut]), make([]byte, zeros)...)
			if zeros > 0 && cut != 0 && cut != first {
				content = append(bytes.Clone(whole[:first]), make([]byte, zeros)...) // the file grew before its content came
			}
			dir := t.TempDir()
			put(t, filepath.Join(dir, filepath.Base(path)), content)
			survivors := 0
			if len(content) >= first && bytes.Equal(content[:first], whole[:first]) {
				survivors = 1
			}
			if got := list(t, dir).Entries; len(got) != survivors {
				t.Fatalf("cut at %d of %d: %d letters, want %d", cut, len(whole), len(got), survivors)
			}
			write(t, Config{Dir: dir}, letters(7, 8))
			got := list(t, dir).Entries
			if len(got) != survivors+1 || got[survivors].Received != 7 || got[survivors].ID != uint64(survivors+1) {
				t.Fatalf("cut at %d: after the next letter %v", cut, ids(got))
			}
		}
	}
}

// A flipped bit is an error that names the file, wherever it is; what is read beside it is what was written.
func TestFlippedBitsAreNamed(t *testing.T) {
	dir := t.TempDir()
	write(t, Config{Dir: dir}, letters(1, 4))
	path, whole := onlySegment(t, dir)
	for i := range whole {
		bit := i * 5 % 8
		content := bytes.Clone(whole)
		content[i] ^= 1 << bit
		put(t, path, content)
		l, err := List(dir)
		var corrupt *CorruptError
		if !errors.As(err, &corrupt) || corrupt.File != path || !strings.Contains(err.Error(), filepath.Base(path)) {
			t.Fatalf("bit %d of byte %d: %v", bit, i, err)
		}
		if len(l.Entries) > 2 {
			t.Fatalf("bit %d of byte %d: %d letters of 2 undamaged", bit, i, len(l.Entries))
		}
		for _, e := range l.Entries {
			if e.Text != letter(int(e.ID)).Text {
				t.Fatalf("bit %d of byte %d: letter %d reads %q", bit, i, e.ID, e.Text)
			}
		}
	}
	// A damaged folder still takes letters, under ids that were never given.
	write(t, Config{Dir: dir}, letters(9, 10))
	l, err := List(dir)
	if last := l.Entries[len(l.Entries)-1]; err == nil || last.Received != 9 || last.ID < 4 {
		t.Errorf("last letter %+v, error %v", last, err)
	}
}

func TestWriterIsSticky(t *testing.T) {
	cfg := Config{Dir: t.TempDir(), Log: silent}
	w, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append(letters(1, 2)); err != nil {
		t.Fatal(err)
	}
	w.file.Close() // the disk goes away
	fault := w.Append(letters(2, 3))
	if fault == nil {
		t.Fatal("no error from a closed file")
	}
	if err := w.Append(letters(3, 4)); err != fault {
		t.Errorf("second error %v, want the first again", err)
	}
	if got := list(t, cfg.Dir).Entries; len(got) != 1 {
		t.Errorf("%d letters", len(got))
	}
}

func TestMissingFolderHoldsNoLetters(t *testing.T) {
	l, err := List(filepath.Join(t.TempDir(), "nothing"))
	if err != nil || len(l.Entries) != 0 {
		t.Errorf("%v, %v", l, err)
	}
}

func TestConfigReportsFaults(t *testing.T) {
	err := Config{SegmentBytes: 100, MaxBytes: 10}.Validate()
	if err == nil || !strings.Contains(err.Error(), "no folder") || !strings.Contains(err.Error(), "smaller than a segment") {
		t.Errorf("%v", err)
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add(appendRecord(nil, 1, letter(1), 1000))
	f.Add(appendRecord(nil, 1, ingest.Letter{Retained: true}, 0))
	f.Add(make([]byte, 30))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, size, err := parseRecord(b)
		if err != nil {
			return
		}
		if e.Cut() || e.PayloadBytes > len(e.Payload) {
			return // its written form depends on where it was cut
		}
		again, _, err := parseRecord(appendRecord(nil, e.ID, e.Letter, len(e.Payload)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e, again); diff != "" || size > len(b) {
			t.Fatal(diff, size)
		}
	})
}
