package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"decant/ingest/ingesttest"
)

// A broker that is not there yet is waited for, with growing pauses and a word about each.
func TestIngestWaitsForItsBroker(t *testing.T) {
	t.Parallel()
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{})
	broker.Stop()
	data := filepath.Join(t.TempDir(), "store")
	ingest := start(t, "decant", "ingest", "--broker", broker.URL(), "--data", data)
	ingest.await("can't be reached; trying again", 2)
	pauses := saidPauses(t, ingest.stderr.String())
	if pauses[0] < time.Second || pauses[1] < 3*pauses[0]/2 {
		t.Errorf("pauses %v don't grow", pauses)
	}
	broker.Start()
	ingest.await("connected to broker", 1)
	stillStores(t, broker, ingest, data)
}

// So is one that goes away.
func TestIngestComesBackToItsBroker(t *testing.T) {
	t.Parallel()
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{})
	data := filepath.Join(t.TempDir(), "store")
	ingest := start(t, "decant", "ingest", "--broker", broker.URL(), "--data", data)
	ingest.await("connected to broker", 1)
	broker.Stop()
	ingest.await("connection to broker lost; trying again", 1)
	broker.Start()
	ingest.await("connected to broker", 2)
	stillStores(t, broker, ingest, data)
}

func stillStores(t *testing.T, broker *ingesttest.Broker, ingest *process, data string) {
	t.Helper()
	f := launch(t, &device{name: "absolute", addr: broker.Addr(), inFlight: 50})
	f.publish(100)
	f.finish()
	f.awaitStored(data)
	if code := ingest.stop(); code != exitDone {
		t.Errorf("exit code %d\n%s", code, ingest.stderr)
	}
	f.check(data)
}

// SIGTERM ends it while it waits, too.
func TestIngestWithoutABrokerCanBeStopped(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "store")
	ingest := start(t, "decant", "ingest", "--broker", "tcp://127.0.0.1:1", "--data", data)
	ingest.await("can't be reached; trying again", 1)
	if code := ingest.stop(); code != exitDone {
		t.Errorf("exit code %d\n%s", code, ingest.stderr)
	}
}

var pause = regexp.MustCompile(` pause=(\S+)`)

// saidPauses are the pauses that a log names.
func saidPauses(t *testing.T, log string) []time.Duration {
	t.Helper()
	var pauses []time.Duration
	for _, m := range pause.FindAllStringSubmatch(log, -1) {
		d, err := time.ParseDuration(m[1])
		if err != nil {
			t.Fatal(err)
		}
		pauses = append(pauses, d)
	}
	return pauses
}

func TestIngestRefusedByItsBrokerEnds(t *testing.T) {
	t.Parallel()
	users := ingesttest.PasswordFile(t, map[string]string{"meter": "secret"})
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{Extra: "allow_anonymous false\npassword_file " + users})
	dir := t.TempDir()
	password := filepath.Join(dir, "password")
	for _, c := range []struct {
		password string
		in       bool
	}{{"wrong", false}, {"secret", true}} {
		write(t, strings.NewReader(c.password+"\n"), password)
		ingest := start(t, "decant", "ingest", "--broker", broker.URL(), "--username", "meter", "--password-file", password, "--data", filepath.Join(dir, "store"))
		if c.in {
			ingest.await("connected to broker", 1)
			ingest.kill()
			continue
		}
		if code := ingest.exit(); code != exitBroker || !strings.Contains(ingest.stderr.String(), "password") {
			t.Errorf("exit code %d, want %d\n%s", code, exitBroker, ingest.stderr)
		}
	}
}
