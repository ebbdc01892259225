package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"decant/ingest"
)

// serving opens a store with its socket.
func serving(t *testing.T, cfg Config) *Store {
	t.Helper()
	cfg.NoSocket = false
	s := mustOpen(t, cfg)
	if err := s.Serving(); err != nil {
		t.Fatal(err)
	}
	return s
}

func dial(t *testing.T, dir string) *Client {
	t.Helper()
	c, err := Dial(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestAnotherProcessHandsSamplesOver(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("long/", 40))
	for _, dir := range []string{t.TempDir(), long} {
		s := serving(t, quick(dir))
		var samples []ingest.Sample
		var wait sync.WaitGroup
		for _, name := range []string{"a", "b", "c"} {
			c := dial(t, dir)
			var own []ingest.Sample
			for i := range 50 {
				own = append(own, number(name, int64(i), float64(i)/10))
			}
			samples = append(samples, own...)
			wait.Add(1)
			go func() {
				defer wait.Done()
				for i := range own {
					if err := c.Append(context.Background(), ingest.Batch{Samples: own[i : i+1], Deliveries: []ingest.Delivery{{Client: name, PacketID: uint16(i)}}}); err != nil {
						t.Error(err)
						return
					}
				}
			}()
		}
		wait.Wait()
		rows, err := readStore(quick(dir)) // beside the writer: durable means on disk
		if err != nil {
			t.Fatal(err)
		}
		same(t, dir, rows, expected(samples, "keep"))
		if n := len(s.Deliveries()); n != 150 {
			t.Errorf("%d deliveries", n)
		}
		mustClose(t, s)
		for _, left := range []string{socketFile, pointerFile} {
			if _, err := os.Lstat(filepath.Join(dir, left)); err == nil {
				t.Errorf("%s is left behind", left)
			}
		}
	}
}

func TestALongBatchGoesInPieces(t *testing.T) {
	dir := t.TempDir()
	s := serving(t, quick(dir))
	text := strings.Repeat("x", 1<<20)
	var samples []ingest.Sample
	for i := range 20 {
		samples = append(samples, ingest.Sample{Series: seriesOf("long"), Time: int64(i), Kind: ingest.KindString, Text: text})
	}
	mustAppend(t, dial(t, dir), samples...)
	mustClose(t, s)
	rows, err := readStore(quick(dir))
	if err != nil || len(rows) != len(samples) {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
}

func TestErrorsCrossTheSocket(t *testing.T) {
	dir := t.TempDir()
	if _, err := Dial(dir); !errors.Is(err, ErrNoWriter) {
		t.Errorf("without a writer: %v", err)
	}
	cfg := quick(dir)
	cfg.MaxSeries = 1
	s := serving(t, cfg)
	c := dial(t, dir)
	mustAppend(t, c, number("a", 1, 1))
	for range 2 {
		err := c.Append(context.Background(), ingest.Batch{Samples: []ingest.Sample{number("b", 1, 1)}})
		if !errors.Is(err, ErrLimit) || !strings.Contains(err.Error(), "limit of 1 series") {
			t.Errorf("too many series: %v", err)
		}
	}
	idle := dial(t, dir)
	mustAppend(t, idle, number("a", 2, 1))
	s.keeper.cancel() // as Close begins
	d := Deletion{Selection: Selection{Channel: "c", Names: []Name{{"a", false}}}, From: 1, To: 2}
	if _, err := dial(t, dir).Delete(context.Background(), d); !errors.Is(err, ErrClosed) {
		t.Errorf("delete while the writer closes: %v", err)
	}
	mustClose(t, s)
	if err := idle.Append(context.Background(), ingest.Batch{Samples: []ingest.Sample{number("a", 3, 1)}}); err == nil {
		t.Error("a closed writer took samples")
	}
	rows, err := readStore(quick(dir))
	if err != nil || len(rows) != 2 {
		t.Errorf("%v, %v", rows, err)
	}
}

func TestNoiseOnTheSocketHurtsNobody(t *testing.T) {
	dir := t.TempDir()
	s := serving(t, quick(dir))
	c := dial(t, dir)
	if _, err := c.conn.Write([]byte(strings.Repeat("GET / HTTP/1.1\r\n", 10))); err != nil {
		t.Fatal(err)
	}
	if _, err := c.r.ReadByte(); err == nil {
		t.Error("noise was answered")
	}
	mustAppend(t, dial(t, dir), number("a", 1, 1))
	mustClose(t, s)
}

func TestAStaleSocketIsReplaced(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{socketFile, pointerFile} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("/nowhere\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s := serving(t, quick(dir))
	mustAppend(t, dial(t, dir), number("a", 1, 1))
	mustClose(t, s)
}

func TestAStoreWithoutASocketWorks(t *testing.T) {
	dir := t.TempDir()
	// A folder that is not empty can't be replaced by a socket.
	if err := os.MkdirAll(filepath.Join(dir, socketFile, "full"), 0o777); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, Config{Dir: dir})
	if s.Serving() == nil {
		t.Error("it says that it serves")
	}
	mustAppend(t, s, number("a", 1, 1))
	mustClose(t, s)
}
