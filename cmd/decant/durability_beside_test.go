package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"decant/engine/store/wal"
	"decant/ingest/ingesttest"
)

// SIGTERM in the middle of a stream: what was taken is stored and acknowledged, the rest stays with the broker.
func TestIngestDrainsBeforeItEnds(t *testing.T) {
	t.Parallel()
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{MaxInflight: 50})
	tap := newTap(t, broker.Addr())
	data := filepath.Join(t.TempDir(), "store")
	ingest := func() *process { return start(t, "decant", "ingest", "--broker", tap.url, "--data", data) }

	first := ingest()
	first.await("connected to broker", 1)
	d := &device{name: "relative", addr: broker.Addr(), inFlight: 50, relative: true}
	f := launch(t, d)
	f.publish(5000)
	poll(t, "decant acknowledges", func() bool { return tap.acked.Load() > 500 })
	if code := first.stop(); code != exitDone {
		t.Errorf("exit code %d\n%s", code, first.stderr)
	}
	if log := first.stderr.String(); !strings.Contains(log, "stopped; everything acknowledged is stored") {
		t.Errorf("it does not say how it ended:\n%s", log)
	}
	if stored := len(d.stored(t, data)); stored != int(tap.acked.Load()) {
		t.Errorf("%d messages stored, %d acknowledged", stored, tap.acked.Load())
	}
	if !endsCleanly(t, data) {
		t.Error("the log has no end mark")
	}

	second := ingest()
	f.publish(1) // comes after all that comes again
	f.finish()
	f.awaitStored(data)
	if code := second.stop(); code != exitDone {
		t.Errorf("exit code %d\n%s", code, second.stderr)
	}
	f.check(data)
}

// endsCleanly says whether the newest log ends with the mark of a writer that stopped by itself.
func endsCleanly(t *testing.T, data string) bool {
	t.Helper()
	f, err := os.Open(newestLog(data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := wal.NewReader(f)
	for err == nil {
		_, err = r.Next()
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return r.Ended()
}

// Other processes read and write beside a running `decant ingest`.
func TestOthersWorkBesideIngest(t *testing.T) {
	t.Parallel()
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{MaxInflight: 50})
	tap := newTap(t, broker.Addr())
	dir := t.TempDir()
	data := filepath.Join(dir, "store")
	ingest := start(t, "decant", "ingest", "--broker", tap.url, "--data", data)
	ingest.await("connected to broker", 1)
	d := &device{name: "absolute", addr: broker.Addr(), inFlight: 50}
	f := launch(t, d)

	// An export sees all that was acknowledged before it began. One device, in order, and nothing delivered twice: the numbers
	// that are acknowledged are the first ones.
	for range 5 {
		acked := tap.acked.Load()
		f.publish(2000)
		poll(t, "decant acknowledges", func() bool { return tap.acked.Load() > acked+200 })
		acked = tap.acked.Load()
		stored := d.stored(t, data)
		for number := range int(acked) {
			if stored[number] != 1 {
				t.Fatalf("number %d was acknowledged before the export began, and is there %d times", number, stored[number])
			}
		}
	}

	// An import hands its samples over.
	rows := filepath.Join(dir, "rows.csv")
	var text strings.Builder
	text.WriteString("time,counter\n")
	const imported = 3000
	for i := range imported {
		fmt.Fprintf(&text, "%d,%d\n", 1_600_000_000+i, i)
	}
	if err := os.WriteFile(rows, []byte(text.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	_, stderr, code := decantOutput(t, "import", rows, "--data", data, "--channel", "file", "--subtopic", subtopic)
	if code != exitDone {
		t.Fatalf("import beside a running writer: exit code %d\n%s", code, stderr)
	}
	if n := len((&device{name: "file"}).stored(t, data)); n != imported {
		t.Errorf("%d samples of the import are there, want %d", n, imported)
	}
	listing, stderr, code := decantOutput(t, "series", "--json", "--data", data)
	var series []struct{ Channel string }
	if err := json.Unmarshal([]byte(listing), &series); code != exitDone || err != nil || len(series) != 2 {
		t.Errorf("series: exit code %d, %v\n%s%s", code, err, listing, stderr)
	}

	// A second writer is refused.
	_, stderr, code = decantOutput(t, "ingest", "--broker", tap.url, "--data", data)
	if want := fmt.Sprintf("pid %d", ingest.cmd.Process.Pid); code != exitInUse || !strings.Contains(stderr, want) {
		t.Errorf("second ingest: exit code %d, want %d and the words %q\n%s", code, exitInUse, want, stderr)
	}

	f.finish()
	f.awaitStored(data)
	if code := ingest.stop(); code != exitDone {
		t.Errorf("exit code %d\n%s", code, ingest.stderr)
	}
	f.check(data)
}
