package mqtt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"decant/ingest"
	"decant/ingest/ingesttest"
	"decant/ingest/mqtt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds a test that would otherwise wait for ever. No test waits that long unless it fails.
const patience = 60 * time.Second

// logged is what a source wrote to its log.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func config(broker *ingesttest.Broker, log io.Writer) mqtt.Config {
	return mqtt.Config{
		URL: broker.URL(), ClientID: "decant-test", Topics: []string{"m/#"}, QoS: 1,
		RetryMin: 5 * time.Millisecond, RetryMax: 50 * time.Millisecond,
		Log: slog.New(slog.NewTextHandler(log, nil)),
	}
}

// ingesting is a pipeline that reads from a broker.
type ingesting struct {
	t      *testing.T
	store  *ingesttest.Memory
	p      *ingest.Pipeline
	cancel context.CancelFunc
	done   chan error
}

// start runs a pipeline over the source. before is called at each Append.
func start(t *testing.T, cfg mqtt.Config, recent []ingest.Delivery, before func(ingest.Batch) error) *ingesting {
	t.Helper()
	r := &ingesting{t: t, store: ingesttest.NewMemory(), done: make(chan error, 1)}
	r.store.Before = before
	source, err := mqtt.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.p, err = ingest.New(ingest.Config{
		Decoder: ingesttest.Words{}, Appender: r.store, DeadLetters: new(ingesttest.Letters), Recent: recent, Log: cfg.Log,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	go func() { r.done <- r.p.Run(ctx, source) }()
	t.Cleanup(cancel)
	return r
}

func (r *ingesting) waitFor(n int) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	if err := r.store.WaitFor(ctx, n); err != nil {
		r.t.Fatalf("%d samples after %s, want %d", r.store.Len(), patience, n)
	}
}

// stop ends the run and gives its error.
func (r *ingesting) stop() error {
	r.cancel()
	return <-r.done
}

// subscribed returns when the source has said that it is connected for the nth time.
func subscribed(t *testing.T, log *logged, n int) {
	t.Helper()
	waitUntil(t, "connected", func() bool { return strings.Count(log.String(), "connected to broker") >= n })
}

// waitUntil asks until it is so. It is for what another program has to do first.
func waitUntil(t *testing.T, what string, so func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !so() {
		if time.Now().After(deadline) {
			t.Fatalf("not %s after %s", what, patience)
		}
		time.Sleep(time.Millisecond)
	}
}

// publish publishes the numbers from to to-1, one a message.
func publish(t *testing.T, broker *ingesttest.Broker, from, to int) {
	t.Helper()
	p := ingesttest.Publisher{Addr: broker.Addr(), Client: "publisher", QoS: 1}
	_, err := p.Publish(t.Context(), to-from, func(n int) (string, []byte) {
		return "m/numbers", strconv.AppendInt(nil, int64(from+n), 10)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// checkNumbers fails unless the stores together hold each number below n exactly once.
func checkNumbers(t *testing.T, n int, stores ...*ingesttest.Memory) {
	t.Helper()
	count := make([]int, n)
	for _, store := range stores {
		for _, s := range store.Samples() {
			i, err := strconv.Atoi(s.Text)
			if err != nil || i >= n {
				t.Fatalf("stored %q", s.Text)
			}
			count[i]++
		}
	}
	for i, c := range count {
		if c != 1 {
			t.Errorf("number %d stored %d times", i, c)
		}
	}
}

func TestMessagesReachTheStoreAndAreAcknowledged(t *testing.T) {
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{})
	for qos := range byte(3) {
		t.Run(fmt.Sprintf("qos=%d", qos), func(t *testing.T) {
			var log logged
			cfg := config(broker, &log)
			cfg.QoS, cfg.ClientID = qos, fmt.Sprint("decant-", qos)
			r := start(t, cfg, nil, nil)
			subscribed(t, &log, 1)
			publish(t, broker, 0, 1000)
			r.waitFor(1000)
			if err := r.stop(); err != nil {
				t.Fatal(err)
			}
			checkNumbers(t, 1000, r.store)

			// Had anything stayed unacknowledged, the session would deliver it now, before the new message.
			var again logged
			cfg.Log = slog.New(slog.NewTextHandler(&again, nil))
			second := start(t, cfg, nil, nil)
			subscribed(t, &again, 1)
			publish(t, broker, 1000, 1001)
			second.waitFor(1)
			if err := second.stop(); err != nil {
				t.Fatal(err)
			}
			checkNumbers(t, 1001, r.store, second.store)
			if !strings.Contains(again.String(), "session_present=true") {
				t.Errorf("the second connection found no session:\n%s", &again)
			}
		})
	}
}

// A store that fails stops the run; what it did not take comes again to the next run, marked, once each.
func TestUnacknowledgedMessagesComeAgain(t *testing.T) {
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{MaxInflight: 100})
	full := errors.New("disk full")
	for _, qos := range []byte{1, 2} {
		t.Run(fmt.Sprintf("qos=%d", qos), func(t *testing.T) {
			var log logged
			cfg := config(broker, &log)
			cfg.QoS, cfg.ClientID = qos, fmt.Sprint("decant-", qos)
			groups := 0
			first := start(t, cfg, nil, func(ingest.Batch) error {
				if groups++; groups > 3 {
					return full
				}
				return nil
			})
			subscribed(t, &log, 1)
			publish(t, broker, 0, 500)
			if err := <-first.done; !errors.Is(err, full) {
				t.Fatalf("run: %v", err)
			}
			if first.store.Len() == 500 {
				t.Fatal("everything was stored before the disk was full: the test shows nothing")
			}
			second := start(t, cfg, first.store.Deliveries(), nil)
			second.waitFor(500 - first.store.Len())
			if err := second.stop(); err != nil {
				t.Fatal(err)
			}
			checkNumbers(t, 500, first.store, second.store)
		})
	}
}

// The connection breaks between the sync and the acknowledgement, which is therefore lost: the broker delivers again
// while the process still runs.
func TestBrokerRestartLosesAndDoublesNothing(t *testing.T) {
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{MaxInflight: 50})
	var log logged
	appending, goOn := make(chan struct{}, 1), make(chan struct{})
	var once sync.Once
	r := start(t, config(broker, &log), nil, func(ingest.Batch) error {
		once.Do(func() { appending <- struct{}{}; <-goOn })
		return nil
	})
	subscribed(t, &log, 1)
	publish(t, broker, 0, 200)
	<-appending
	broker.Restart()
	close(goOn)
	subscribed(t, &log, 2)
	publish(t, broker, 200, 400)
	r.waitFor(400)
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	checkNumbers(t, 400, r.store)
	if r.p.Stats().Duplicates == 0 {
		t.Error("nothing was delivered twice: the test shows nothing")
	}
	for _, want := range []string{"connection to broker lost; trying again", "session_present=true"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log does not say %q:\n%s", want, &log)
		}
	}
}

func TestBrokerThatForgotItsSessionIsWorthAWarning(t *testing.T) {
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{NoPersistence: true})
	var log logged
	r := start(t, config(broker, &log), nil, nil)
	subscribed(t, &log, 1)
	if strings.Contains(log.String(), "no session") {
		t.Errorf("the first connection of all expected a session:\n%s", &log)
	}
	broker.Restart()
	subscribed(t, &log, 2)
	publish(t, broker, 0, 10) // the subscription was made again
	r.waitFor(10)
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "no session for this client id") {
		t.Errorf("log does not warn:\n%s", &log)
	}
}

func TestBrokerThatIsDownAtFirstIsTriedAgain(t *testing.T) {
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{})
	broker.Stop()
	var log logged
	r := start(t, config(broker, &log), nil, nil)
	waitUntil(t, "tried twice", func() bool { return strings.Count(log.String(), "trying again") > 1 })
	broker.Start()
	subscribed(t, &log, 1)
	publish(t, broker, 0, 3)
	r.waitFor(3)
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
}

func TestStopWhileTheBrokerIsDownReturnsAtOnce(t *testing.T) {
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{})
	broker.Stop()
	var log logged
	cfg := config(broker, &log)
	cfg.RetryMin, cfg.RetryMax = time.Hour, time.Hour
	r := start(t, cfg, nil, nil)
	waitUntil(t, "waiting", func() bool { return strings.Contains(log.String(), "trying again") })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
}

func TestFiltersThatLeftTheConfigurationAreUnsubscribed(t *testing.T) {
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{})
	var recorded [][]string
	record := func(filters []string) error { recorded = append(recorded, filters); return nil }

	var log logged
	cfg := config(broker, &log)
	cfg.Topics, cfg.Record = []string{"old/#", "m/#"}, record
	first := start(t, cfg, nil, nil)
	subscribed(t, &log, 1)
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}

	var again logged
	cfg = config(broker, &again)
	cfg.Topics, cfg.Record, cfg.Subscribed = []string{"m/#", "new/#"}, record, recorded[len(recorded)-1]
	second := start(t, cfg, nil, nil)
	subscribed(t, &again, 1)
	p := ingesttest.Publisher{Addr: broker.Addr(), QoS: 1}
	topics := []string{"old/1", "new/1", "old/2", "m/1"}
	if _, err := p.Publish(t.Context(), len(topics), func(n int) (string, []byte) { return topics[n], []byte(topics[n]) }); err != nil {
		t.Fatal(err)
	}
	second.waitFor(2)
	if err := second.stop(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range second.store.Samples() {
		got = append(got, s.Text)
	}
	if !slices.Equal(got, []string{"new/1", "m/1"}) {
		t.Errorf("received %v", got)
	}
	want := [][]string{{"m/#", "old/#"}, {"m/#", "new/#", "old/#"}, {"m/#", "new/#"}}
	if !slices.EqualFunc(recorded, want, slices.Equal) {
		t.Errorf("recorded %v, want %v", recorded, want)
	}
}

func TestRetainedMessagesAreMarked(t *testing.T) {
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{})
	if err := ingesttest.Retain(broker.Addr(), "m/retained", []byte("old")); err != nil {
		t.Fatal(err)
	}
	var log logged
	source, err := mqtt.New(config(broker, &log))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	got := make(chan ingest.Message, 2)
	done := make(chan error, 1)
	go func() {
		done <- source.Run(ctx, func(m ingest.Message) bool { m.Ack(); got <- m; return true })
	}()
	retained := <-got
	subscribed(t, &log, 1)
	publish(t, broker, 0, 1)
	live := <-got
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if !retained.Retained || live.Retained {
		t.Errorf("retained: %v and %v, want true for the first only", retained.Retained, live.Retained)
	}
	if live.Topic != "m/numbers" || string(live.Payload) != "0" || live.Client != "decant-test" || live.PacketID == 0 || live.Received == 0 || live.QoS != 1 {
		t.Errorf("message %+v", live)
	}
}
