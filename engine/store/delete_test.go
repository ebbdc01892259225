package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"decant/engine/store/wal"
	"decant/ingest"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestDeleteSaysWhatItDid deletes in the store and beside it, by a running writer.
func TestDeleteSaysWhatItDid(t *testing.T) {
	dir := t.TempDir()
	var log strings.Builder
	cfg := quick(dir)
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	s := serving(t, cfg)
	samples := []ingest.Sample{number("a", 1, 1), number("a", 2, 2), number("a", 2, 2), number("ab", 3, 3), number("b \"*\n", 4, 4)}
	mustAppend(t, s, samples...)
	names := func(names ...Name) Deletion {
		return Deletion{Selection: Selection{Channel: "c", Names: names}, From: math.MinInt64, To: math.MaxInt64}
	}
	for _, c := range []struct {
		what string
		do   func(context.Context, Deletion) (Deleted, error)
		d    Deletion
		want Deleted
	}{
		{"another channel", s.Delete, Deletion{Selection: Selection{Channel: "d", Names: []Name{{"", true}}}, From: 0, To: 9}, Deleted{}},
		{"a range without samples", dial(t, dir).Delete, Deletion{Selection: names(Name{"a", true}).Selection, From: 5, To: 9}, Deleted{}},
		{"a prefix", s.Delete, names(Name{"a", true}),
			Deleted{[]DeletedSeries{{seriesOf("a"), 2, 1, 2}, {seriesOf("ab"), 1, 3, 3}}, 3}},
		{"again", s.Delete, names(Name{"a", true}), Deleted{}},
		{"a name of any characters, by the socket", dial(t, dir).Delete, Deletion{names(Name{"b \"*\n", false}).Selection, 4, 1e18},
			Deleted{[]DeletedSeries{{seriesOf("b \"*\n"), 1, 4, 4}}, 1}},
	} {
		got, err := c.do(context.Background(), c.d)
		if diff := gocmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", c.what, err, diff)
		}
	}
	mustAppend(t, s, samples[0]) // what comes later stays
	if rows, err := readStore(quick(dir)); err != nil || len(rows) != 1 {
		t.Errorf("%v, %v", rows, err)
	}
	if !containsAll(log.String(), "deleted", "channel=c", "a*", "from=open to=open series=2 samples=3",
		"from=1970-01-01T00:00:00.000000004Z to=2001-09-09T01:46:40Z series=1 samples=1") {
		t.Errorf("logged\n%s", log.String())
	}
	c := dial(t, dir)
	if did, err := c.Compact(context.Background()); err != nil || did.Into != 1 || did.Dropped != 5 {
		t.Errorf("compacted %+v, %v", did, err)
	}
	mustClose(t, s)
}

func TestDeleteTakesNoWholeStore(t *testing.T) {
	s := mustOpen(t, quick(t.TempDir()))
	for _, d := range []Deletion{
		{From: 1, To: 2},
		{Selection: Selection{Channel: "c"}, From: 1, To: 2},
		{Selection: Selection{Names: []Name{{"a", false}}}, From: 1, To: 2},
		{Selection: Selection{Channel: "c", Names: []Name{{"a", false}}}, From: 2, To: 2},
	} {
		if _, err := s.Delete(context.Background(), d); err == nil {
			t.Errorf("%+v is taken", d)
		}
	}
	mustClose(t, s)
}

// TestAnOlderWriterSaysThatItCantDelete answers a command as writers did before there were any.
func TestAnOlderWriterSaysThatItCantDelete(t *testing.T) {
	dir := t.TempDir()
	s := serving(t, quick(dir))
	c := dial(t, dir)
	old, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	go func() {
		conn, err := old.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		var buf []byte
		frame, err := wal.ReadFrame(conn, &buf)
		if err == nil {
			conn.Write(wal.AppendFrame(nil, reply(frame.Sequence, "", fmt.Errorf("a frame of type %d is not taken here", frame.Type))))
		}
	}()
	conn, err := net.Dial("unix", old.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	e := &Client{conn: conn, r: bufio.NewReader(conn)}
	if _, err := e.Compact(context.Background()); err == nil || !strings.Contains(err.Error(), "it is an older decant, which can't: restart it with this version") {
		t.Errorf("an older writer: %v", err)
	}
	unknown := wal.Type(9)
	if _, err := c.call(unknown, nil, "ask", ""); err == nil || !strings.Contains(err.Error(), "a frame of type 9 is not taken here") {
		t.Errorf("a frame that is not known: %v", err)
	}
	d := dial(t, dir)
	if err := d.ask(context.Background(), []byte("fly"), "have it fly", "", nil); err == nil || !strings.Contains(err.Error(), "newer decant") {
		t.Errorf("a command that is not known: %v", err)
	}
	mustClose(t, s)
}

// TestTooManyDeletesWait fills the list of tombstones of a store that has no room to rewrite its segment.
func TestTooManyDeletesWait(t *testing.T) {
	cfg := quick(t.TempDir())
	free := int64(0)
	cfg.FreeDisk = func(string) (int64, error) { return free, nil }
	s := mustOpen(t, cfg)
	mustAppend(t, s, number("a", 1, 1), number("a", 2000, 1))
	if err := s.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	fill := func(expired bool) {
		err := s.change(func(next *current) {
			for i := range int64(mostDeletes) {
				next.deletes = append(next.deletes, tombstone{Selection: Selection{Channel: "c"}, arrival: next.arrival, from: 2000 - i, to: 2001, expired: expired})
			}
		}, func() { s.deletes = s.current.deletes })
		if err != nil {
			t.Fatal(err)
		}
	}
	d := Deletion{Selection: Selection{Channel: "c", Names: []Name{{"a", false}}}, From: 1, To: 2}
	fill(true) // what retention took waits, too, for as many channels as there are
	if did, err := s.Delete(context.Background(), d); did.Samples != 1 || err != nil {
		t.Errorf("a delete beside retention: %+v, %v", did, err)
	}
	fill(false)
	mustAppend(t, s, number("a", 3, 1))
	d.To = 4
	if _, err := s.Delete(context.Background(), d); !errors.Is(err, ErrLimit) || !errors.Is(err, errLater) {
		t.Errorf("delete %d: %v", mostDeletes+1, err)
	}
	free = 1 << 40 // with room, a store without upkeep in the background makes some for deletes
	if did, err := s.Delete(context.Background(), d); did.Samples != 1 || err != nil || len(s.deletes) != 1 {
		t.Errorf("delete %d: %+v, %v; %d tombstones are left", mostDeletes+1, did, err, len(s.deletes))
	}
	mustAppend(t, s, number("a", 3, 1)) // the store goes on
	mustClose(t, s)
}

// TestUpkeepSparesADamagedSegment flips a bit in one of many segments: the others are compacted, and reading still tells.
func TestUpkeepSparesADamagedSegment(t *testing.T) {
	dir := t.TempDir()
	var log strings.Builder
	cfg := quick(dir)
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	s := mustOpen(t, cfg)
	for i := range 20 {
		for k := range 10 {
			mustAppend(t, s, number("a", int64(10*i+k), float64(i*k)/7))
		}
		if err := s.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	bad := s.path(s.listed()[3].name)
	b, err := os.ReadFile(bad)
	if err != nil {
		t.Fatal(err)
	}
	b[70] ^= 1 // in the first block
	replace(t, bad, b)
	if err = s.Upkeep(context.Background()); err != nil || !containsAll(log.String(), bad, "left out of upkeep") {
		t.Errorf("%v, logged\n%s", err, log.String())
	}
	if n := len(rangesOf(s.listed())); n > 8 {
		t.Errorf("%d ranges are left", n)
	}
	_, err = readStore(quick(dir))
	names(t, "read", bad, 70, err)
	mustClose(t, s)
}

// onErr is a context that calls a function when it is asked for its error the n-th time, from 0.
type onErr struct {
	context.Context
	n  int
	do func()
}

func (c *onErr) Err() error {
	if c.n--; c.n == -1 {
		c.do()
	}
	return c.Context.Err()
}

// TestADeleteWhileAnotherCounts deletes the same in two calls: one of them has done it.
func TestADeleteWhileAnotherCounts(t *testing.T) {
	s := mustOpen(t, quick(t.TempDir()))
	mustAppend(t, s, number("a", 1, 1), number("a", 2, 1))
	d := Deletion{Selection: Selection{Channel: "c", Names: []Name{{Name: "a"}}}, From: 1, To: 3}
	asked := false
	ctx := &onErr{Context: context.Background(), n: 1, do: func() { // its snapshot is taken
		asked = true
		if did, err := s.Delete(context.Background(), d); err != nil || did.Samples != 2 {
			t.Errorf("%+v, %v", did, err)
		}
	}}
	if did, err := s.Delete(ctx, d); err != nil || did.Samples != 0 || !asked {
		t.Errorf("%+v, %v; asked: %v", did, err, asked)
	}
	mustClose(t, s)
}

// TestADeleteWhileUpkeepLooks deletes from a segment that a join would leave as it is, and stores on, while the keeper looks what tombstones take.
func TestADeleteWhileUpkeepLooks(t *testing.T) {
	cfg := quick(t.TempDir())
	cfg.SegmentBytes = 1 // no segment is too small to stay
	cfg.Expire = func(string, time.Time) (int64, bool) { return 1, true }
	s := mustOpen(t, cfg)
	store := func(i int64) {
		for k := range int64(8) {
			mustAppend(t, s, number("a", i*hour+k, 1))
		}
		if err := s.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	for i := range int64(growth - 1) {
		store(i)
	}
	if err := s.Upkeep(context.Background()); err != nil { // a tombstone takes one row, too few to rewrite the segment
		t.Fatal(err)
	}
	d := Deletion{Selection: Selection{Channel: seriesOf("a").Channel, Names: []Name{{Name: "a"}}}, From: 3 * hour, To: 3*hour + 8}
	ctx := &onErr{Context: context.Background(), do: func() {
		if did, err := s.Delete(context.Background(), d); err != nil || did.Samples != 8 {
			t.Errorf("%+v, %v", did, err)
		}
		store(growth - 1)
		store(growth)
	}}
	s.keeper.mu.Lock()
	_, err := s.keeper.tidy(ctx, nil)
	s.keeper.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		rows, err := readStore(quick(cfg.Dir))
		if want := (growth+1)*8 - 1 - 8; err != nil || len(rows) != want {
			t.Errorf("%d rows are there, want %d; %v", len(rows), want, err)
		}
		if err := s.Upkeep(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	mustClose(t, s)
}
