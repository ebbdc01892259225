package engine

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"decant/engine/store"
)

// TestSession: what is kept of the broker's session is read as it was written, or not at all.
func TestSession(t *testing.T) {
	dir := t.TempDir()
	if s, err := readSession(dir); err != nil || s.ClientID != "" {
		t.Fatalf("no file: %+v, %v", s, err)
	}
	if err := writeSession(dir, session{ClientID: "decant-1", Filters: []string{"a/#", `b"\ü/+`}}); err != nil {
		t.Fatal(err)
	}
	s, err := readSession(dir)
	if err != nil || s.ClientID != "decant-1" || len(s.Filters) != 2 || s.Filters[1] != `b"\ü/+` {
		t.Fatalf("read back %+v, %v", s, err)
	}
	file := filepath.Join(dir, sessionFile)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := range text {
		for bit := range 8 {
			flipped := bytes.Clone(text)
			flipped[i] ^= 1 << bit
			if err := os.WriteFile(file, flipped, 0o666); err != nil {
				t.Fatal(err)
			}
			if s, err := readSession(dir); !errors.As(err, new(*store.CorruptError)) {
				t.Fatalf("bit %d of byte %d flipped: read %+v, %v", bit, i, s, err)
			}
		}
	}
}
