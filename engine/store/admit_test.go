package store

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"decant/ingest"
)

// TestSeriesAreCountedFromAFewSegments opens a store, asks its newest segment alone, and comes to the limit: then all are asked, and the count is exact.
func TestSeriesAreCountedFromAFewSegments(t *testing.T) {
	cfg := quick(t.TempDir())
	s := mustOpen(t, cfg)
	for i := range 6 {
		mustAppend(t, s, number(fmt.Sprint(i), int64(i), 1))
		if i%2 == 1 {
			if err := s.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
	}
	mustClose(t, s)
	s = mustOpen(t, cfg)
	if n := s.admission.bound(); n != 6 || s.admission.unread != 0 {
		t.Errorf("a small store counts %d series, %d unread", n, s.admission.unread)
	}
	s.admission = admission{}
	s.admission.init(7)
	if err := s.countSeries(1); err != nil {
		t.Fatal(err)
	}
	if n, known := s.admission.bound(), len(s.admission.known); n != 6 || known != 2 {
		t.Errorf("%d series, %d known", n, known)
	}
	for _, c := range []struct {
		name    string
		refused bool
		bound   int64
	}{
		{"5", false, 6}, // known
		{"0", false, 7}, // may be new for all that is known
		{"1", false, 6}, // that makes too many: all are asked
		{"x", false, 7}, // is new
		{"y", true, 7},  // one too many
		{"2", false, 7}, // an old one
		{"x", false, 7}, // let in before
	} {
		err := s.Admit([]ingest.Sample{number(c.name, 9, 1)})
		if errors.Is(err, ErrLimit) != c.refused || s.admission.bound() != c.bound {
			t.Errorf("series %s: %v, bound %d; want %d", c.name, err, s.admission.bound(), c.bound)
		}
	}
	mustClose(t, s)
}
