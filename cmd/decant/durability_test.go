package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"decant/ingest/ingesttest"
)

// Devices publish while the process that stores is killed with kill -9 over and over. Afterwards every number that was acknowledged to
// its device has to be in the store. DECANT_LONG=1 kills 25 times instead of 5, DECANT_SEED repeats the moments.

// kills is how often a process is killed.
func kills() int {
	if os.Getenv("DECANT_LONG") == "1" {
		return 25
	}
	return 5
}

// random is where the moments of a test come from.
func random(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("DECANT_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("DECANT_SEED: %v", err)
		}
	}
	t.Logf("moments of DECANT_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// batch is how many messages each device publishes for every kill.
func batch() int { return 8000 / kills() }

func TestNothingIsLostWhenIngestIsKilled(t *testing.T) {
	t.Parallel()
	killIngest(t, func(int) bool { return false })
}

// The broker is stopped as an operator does. Mosquitto then saves what it holds for decant, and answers for what it had acknowledged
// to the devices; to a kill -9 of its own it only promises what it last saved.
func TestNothingIsLostWhenTheBrokerRestarts(t *testing.T) {
	t.Parallel()
	killIngest(t, func(kill int) bool { return kill%5 == 2 })
}

// A busy broker reads acknowledgements late, and some versions of mosquitto send a backlog without regard to max_inflight_messages. Then
// far more than a few messages come again after a kill. Here none of the acknowledgements arrives, and all that was stored comes again.
func TestABacklogThatComesAgainIsStoredOnce(t *testing.T) {
	t.Parallel()
	const backlog = 30_000
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{MaxInflight: 2 * backlog})
	tap := newTap(t, broker.Addr())
	data := filepath.Join(t.TempDir(), "store")
	ingest := func() *process { return start(t, "decant", "ingest", "--broker", tap.url, "--data", data) }

	tap.holdBack.Store(true)
	first := ingest()
	first.await("connected to broker", 1)
	f := launch(t, &device{name: "relative", addr: broker.Addr(), inFlight: 1000, relative: true})
	f.publish(backlog)
	poll(t, "all is acknowledged", func() bool { return tap.acked.Load() == backlog })
	first.kill()
	tap.holdBack.Store(false)
	last := ingest()
	f.publish(1) // comes after all that comes again
	f.finish()
	f.awaitStored(data)
	if code := last.stop(); code != exitDone {
		t.Errorf("exit code %d\n%s", code, last.stderr)
	}
	if want := fmt.Sprint("delivered_again=", backlog); !strings.Contains(last.stderr.String(), want) {
		t.Errorf("the log does not say %s\n%s", want, last.stderr)
	}
	f.check(data)
}

// killIngest kills `decant ingest` beside a mosquitto, and restarts the mosquitto before those kills for which it is asked to.
func killIngest(t *testing.T, restartBroker func(kill int) bool) {
	r := random(t)
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{MaxInflight: 50})
	data := filepath.Join(t.TempDir(), "store")
	ingest := func() *process { return start(t, "decant", "ingest", "--broker", broker.URL(), "--data", data) }

	first := ingest() // the broker keeps messages from the first subscription on
	first.await("connected to broker", 1)
	first.kill()
	f := launch(t,
		&device{name: "absolute", addr: broker.Addr(), inFlight: 50},
		// What the device sends again is a new message to a broker, whatever its mark.
		&device{name: "relative", addr: broker.Addr(), inFlight: 50, relative: true, anew: true})
	for kill := range kills() {
		restartAt := f.acked() + r.Int64N(int64(batch()))
		f.publish(batch())
		p := ingest()
		if restartBroker(kill) {
			poll(t, "devices publish", func() bool { return f.acked() > restartAt })
			broker.Restart()
		}
		if r.IntN(3) == 0 {
			time.Sleep(time.Duration(r.Int64N(int64(200 * time.Millisecond)))) // also while it starts
		} else {
			p.await("connected to broker", 1)
			awaitLog(data, 1+r.Int64N(10*int64(batch())))
		}
		p.kill()
	}
	last := ingest()
	f.publish(1) // comes after all that comes again
	f.finish()
	f.awaitStored(data)
	if code := last.stop(); code != exitDone {
		t.Errorf("exit code %d\n%s", code, last.stderr)
	}
	t.Logf("the last process:\n%s", last.stderr)
	f.check(data)
}

// awaitLog returns when the newest log has grown by so many bytes, or is not growing that far.
func awaitLog(data string, bytes int64) {
	log := newestLog(data)
	began := size(log)
	for deadline := time.Now().Add(time.Second); size(log) < began+bytes && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
}

// newestLog is the file that is written, "" where there is none.
func newestLog(data string) string {
	logs, _ := filepath.Glob(filepath.Join(data, "wal", "*.log"))
	if len(logs) == 0 {
		return ""
	}
	return slices.Max(logs)
}

func size(file string) int64 {
	info, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return info.Size()
}
