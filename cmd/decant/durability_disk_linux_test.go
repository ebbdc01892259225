package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"decant/ingest/ingesttest"
)

// smallDisk mounts a disk that is nearly full, and returns its folder and what makes room on it.
func smallDisk(t *testing.T) (dir string, makeRoom func()) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=16m"); err != nil {
		const missing = "no small disk: mounting a tmpfs needs root, and a container that may mount"
		if os.Getenv("CI") == "true" && os.Geteuid() == 0 {
			t.Fatalf("%s: %v", missing, err)
		}
		t.Skipf("%s: %v", missing, err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 16<<20-600<<10), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir, func() {
		t.Helper()
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	}
}

func TestIngestOntoAFullDiskLosesNothing(t *testing.T) {
	t.Parallel()
	disk, makeRoom := smallDisk(t)
	data := filepath.Join(disk, "store")
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{})
	tap := newTap(t, broker.Addr())
	ingest := func() *process { return start(t, "decant", "ingest", "--broker", tap.url, "--data", data) }

	first := ingest()
	first.await("connected to broker", 1)
	d := &device{name: "absolute", addr: broker.Addr(), inFlight: 500}
	f := launch(t, d)
	poll(t, "the disk is full", func() bool {
		if len(f.orders[0]) == 0 {
			f.publish(2000)
		}
		select {
		case <-first.done:
			return true
		default:
			return false
		}
	})
	refused(t, first)
	// One device, in order, and nothing delivered twice: the numbers that decant acknowledged are the first ones.
	stored := d.stored(t, data)
	for number := range int(tap.acked.Load()) {
		if stored[number] != 1 {
			t.Fatalf("number %d of %d acknowledged ones is there %d times", number, tap.acked.Load(), stored[number])
		}
	}
	refused(t, ingest()) // nothing has changed

	makeRoom()
	f.finish()
	last := ingest()
	f.awaitStored(data)
	if code := last.stop(); code != exitDone {
		t.Errorf("exit code %d\n%s", code, last.stderr)
	}
	f.check(data)
}

// What can't be decoded needs room too.
func TestDeadLettersOntoAFullDiskLoseNothing(t *testing.T) {
	t.Parallel()
	disk, makeRoom := smallDisk(t)
	data := filepath.Join(disk, "store")
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{})
	ingest := func() *process { return start(t, "decant", "ingest", "--broker", broker.URL(), "--data", data) }

	first := ingest()
	first.await("connected to broker", 1)
	const letters = 100
	noise := bytes.Repeat([]byte("noise "), 2000)
	acked, err := ingesttest.Publisher{Addr: broker.Addr(), QoS: 1}.Publish(t.Context(), letters,
		func(number int) (string, []byte) { return fmt.Sprint("channels/noise/messages/", number), noise })
	if err != nil || acked != letters {
		t.Fatalf("%d acknowledged: %v", acked, err)
	}
	if code := first.exit(); code != exitLimit || !strings.Contains(first.stderr.String(), "no space left") {
		t.Errorf("exit code %d, want %d and why\n%s", code, exitLimit, first.stderr)
	}

	makeRoom()
	last := ingest()
	var listing string
	poll(t, "all letters are listed", func() bool {
		listing, _, _ = decantOutput(t, "deadletters", "list", "--json", "--data", data)
		return strings.Count(listing, "channels/noise/messages/") >= letters
	})
	if code := last.stop(); code != exitDone {
		t.Errorf("exit code %d\n%s", code, last.stderr)
	}
	for number := range letters {
		if !strings.Contains(listing, fmt.Sprintf("channels/noise/messages/%d\"", number)) {
			t.Fatalf("letter %d is not listed", number)
		}
	}
}

func refused(t *testing.T, p *process) {
	t.Helper()
	if code := p.exit(); code != exitLimit || !strings.Contains(p.stderr.String(), "free some space") {
		t.Errorf("exit code %d, want %d and what to do\n%s", code, exitLimit, p.stderr)
	}
}

func TestImportOntoAFullDiskCanBeDoneAgain(t *testing.T) {
	t.Parallel()
	disk, makeRoom := smallDisk(t)
	data := filepath.Join(disk, "store")
	rows := filepath.Join(t.TempDir(), "rows.csv")
	var text strings.Builder
	text.WriteString("time,counter,noise\n")
	const imported = 100_000
	for i := range imported {
		fmt.Fprintf(&text, "%d,%d,%d\n", 1_600_000_000+i, i, i*i%1_000_003)
	}
	if err := os.WriteFile(rows, []byte(text.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	args := []string{"import", rows, "--data", data, "--channel", "file", "--subtopic", subtopic, "-q"}
	for range 2 {
		refused(t, start(t, "decant", args...))
	}
	makeRoom()
	if _, stderr, code := decantOutput(t, args...); code != exitDone {
		t.Fatalf("import: exit code %d\n%s", code, stderr)
	}
	d := &device{name: "file", sent: imported}
	d.acked.Store(imported)
	d.check(t, d.stored(t, data))
}
