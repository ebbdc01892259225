package broker_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"go.uber.org/goleak"

	"decant/ingest"
	"decant/ingest/broker"
	"decant/ingest/ingesttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 60 * time.Second

var silent = slog.New(slog.NewTextHandler(io.Discard, nil))

// serving is a pipeline behind an embedded broker.
type serving struct {
	t      *testing.T
	broker *broker.Broker
	store  *ingesttest.Memory
	p      *ingest.Pipeline
	cancel context.CancelFunc
	done   chan error
}

func serve(t *testing.T, cfg broker.Config, pipeline ingest.Config) *serving {
	t.Helper()
	cfg.Listen, cfg.Log = "127.0.0.1:0", silent
	b, err := broker.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s := &serving{t: t, broker: b, store: ingesttest.NewMemory(), done: make(chan error, 1)}
	if pipeline.Appender == nil {
		pipeline.Appender = s.store
	} else {
		s.store = pipeline.Appender.(*ingesttest.Memory)
	}
	pipeline.Decoder, pipeline.DeadLetters, pipeline.Log = ingesttest.Words{}, new(ingesttest.Letters), silent
	if s.p, err = ingest.New(pipeline); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.cancel = cancel
	go func() { s.done <- s.p.Run(ctx, b) }()
	t.Cleanup(cancel)
	return s
}

func (s *serving) stop() {
	s.t.Helper()
	s.cancel()
	if err := <-s.done; err != nil {
		s.t.Fatal(err)
	}
}

// client is a paho publisher that does not reconnect.
func client(t *testing.T, b *broker.Broker, id, user, password string) (paho.Client, error) {
	t.Helper()
	o := paho.NewClientOptions().AddBroker(b.URL()).SetClientID(id).SetUsername(user).SetPassword(password)
	o.SetAutoReconnect(false).SetProtocolVersion(4).SetConnectTimeout(patience)
	c := paho.NewClient(o)
	token := c.Connect()
	if !token.WaitTimeout(patience) {
		t.Fatal("no answer to CONNECT")
	}
	return c, token.Error()
}

func TestPubackComesWhenAppendHasReturned(t *testing.T) {
	appending, goOn := make(chan struct{}), make(chan struct{})
	store := ingesttest.NewMemory()
	var returned atomic.Bool
	store.Before = func(ingest.Batch) error {
		close(appending)
		<-goOn
		returned.Store(true)
		return nil
	}
	s := serve(t, broker.Config{}, ingest.Config{Appender: store})
	c, err := client(t, s.broker, "device", "", "")
	if err != nil {
		t.Fatal(err)
	}
	token := c.Publish("m/1", 1, false, "hello")
	<-appending
	select {
	case <-token.Done():
		t.Error("acknowledged while the append was running")
	default:
	}
	go close(goOn)
	if !token.WaitTimeout(patience) || token.Error() != nil {
		t.Fatalf("no PUBACK: %v", token.Error())
	}
	if !returned.Load() {
		t.Error("acknowledged before the append returned")
	}
	c.Disconnect(1000)
	s.stop()
	got := s.store.Samples()
	if len(got) != 1 || got[0].Text != "hello" || got[0].Series.Channel != "m/1" {
		t.Errorf("stored %+v", got)
	}
}

// A store that fails must not have anything acknowledged, however long the publisher waits: here until the broker is gone.
func TestNothingIsAcknowledgedWhenAppendFails(t *testing.T) {
	store := ingesttest.NewMemory()
	full := errors.New("disk full")
	store.Before = func(ingest.Batch) error { return full }
	s := serve(t, broker.Config{}, ingest.Config{Appender: store})
	acked, err := ingesttest.Publisher{Addr: s.broker.Addr(), Client: "device", QoS: 1}.Publish(t.Context(), 100,
		func(n int) (string, []byte) { return "m/1", []byte("w") })
	if err == nil || acked != 0 {
		t.Errorf("%d acknowledged, %v", acked, err)
	}
	if err := <-s.done; !errors.Is(err, full) {
		t.Errorf("run: %v", err)
	}
}

// Many in flight, several publishers, a queue that is much smaller: what is acknowledged equals what is stored.
func TestFiftyThousandMessagesAreAllStored(t *testing.T) {
	const publishers, each = 5, 10000
	s := serve(t, broker.Config{}, ingest.Config{QueueMessages: 64, GroupMessages: 500})
	var work sync.WaitGroup
	for k := range publishers {
		work.Go(func() {
			p := ingesttest.Publisher{Addr: s.broker.Addr(), Client: fmt.Sprint("device-", k), QoS: 1, InFlight: 2000}
			acked, err := p.Publish(t.Context(), each, func(n int) (string, []byte) {
				return fmt.Sprint("m/", k), strconv.AppendInt(nil, int64(n), 10)
			})
			if err != nil || acked != each {
				t.Errorf("publisher %d: %d acknowledged: %v", k, acked, err)
			}
		})
	}
	work.Wait()
	stored := s.store.Samples() // before the drain: the acknowledgement alone is the promise
	s.stop()
	next := make(map[string]int) // a publisher's messages stay in order
	for _, sample := range stored {
		if want := strconv.Itoa(next[sample.Series.Channel]); sample.Text != want {
			t.Fatalf("%s: stored %s, want %s", sample.Series.Channel, sample.Text, want)
		}
		next[sample.Series.Channel]++
	}
	if len(stored) != publishers*each {
		t.Errorf("%d stored, want %d", len(stored), publishers*each)
	}
}

// The publisher vanishes with messages in flight and comes back with those that were not acknowledged to it, marked DUP: each is
// stored once.
func TestPublisherKilledInFlightLosesAndDoublesNothing(t *testing.T) {
	const n = 2000
	appended, goOn := make(chan struct{}, n), make(chan struct{})
	store := ingesttest.NewMemory()
	store.Before = func(ingest.Batch) error {
		appended <- struct{}{}
		<-goOn
		return nil
	}
	s := serve(t, broker.Config{}, ingest.Config{Appender: store})
	message := func(i int) (string, []byte) { return "m/1", strconv.AppendInt(nil, int64(i), 10) }

	ctx, kill := context.WithCancel(t.Context())
	killed := make(chan int)
	go func() {
		acked, _ := ingesttest.Publisher{Addr: s.broker.Addr(), Client: "device", QoS: 1, InFlight: n}.Publish(ctx, n, message)
		killed <- acked
	}()
	<-appended // the first group is on its way to disk, and its PUBACKs will find no connection
	kill()
	acked := <-killed
	close(goOn)

	again := ingesttest.Publisher{Addr: s.broker.Addr(), Client: "device", QoS: 1, InFlight: n, Dup: true, First: acked}
	if got, err := again.Publish(t.Context(), n-acked, message); err != nil || got != n-acked {
		t.Fatalf("%d acknowledged at the second try: %v", got, err)
	}
	s.stop()
	var numbers []int
	for _, sample := range s.store.Samples() {
		i, _ := strconv.Atoi(sample.Text)
		numbers = append(numbers, i)
	}
	slices.Sort(numbers)
	for i := range n {
		if i >= len(numbers) || numbers[i] != i {
			t.Fatalf("stored %d numbers; the first that is lost or doubled is %d", len(numbers), i)
		}
	}
	if len(numbers) != n {
		t.Errorf("stored %d numbers, want %d", len(numbers), n)
	}
	if s.p.Stats().Duplicates == 0 {
		t.Error("nothing came twice: the test shows nothing")
	}
}

func TestQoS0IsStoredWithoutAnAnswer(t *testing.T) {
	s := serve(t, broker.Config{}, ingest.Config{})
	if _, err := (ingesttest.Publisher{Addr: s.broker.Addr()}).Publish(t.Context(), 10, func(int) (string, []byte) { return "m/1", []byte("w") }); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.store.WaitFor(ctx, 10); err != nil {
		t.Fatal(err)
	}
	s.stop()
	if got := s.p.Stats().QoS0; got != 10 {
		t.Errorf("%d messages counted as QoS 0", got)
	}
}

func TestWillOfAPublisherThatVanishesIsStored(t *testing.T) {
	s := serve(t, broker.Config{}, ingest.Config{})
	ctx, vanish := context.WithCancel(t.Context())
	o := paho.NewClientOptions().AddBroker(s.broker.URL()).SetClientID("device").SetAutoReconnect(false).SetWill("m/1", "gone", 1, true)
	o.SetCustomOpenConnectionFn(func(u *url.URL, _ paho.ClientOptions) (net.Conn, error) {
		conn, err := net.Dial("tcp", u.Host)
		context.AfterFunc(ctx, func() { conn.Close() })
		return conn, err
	})
	c := paho.NewClient(o)
	if token := c.Connect(); !token.WaitTimeout(patience) || token.Error() != nil {
		t.Fatal(token.Error())
	}
	vanish()
	waiting, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.store.WaitFor(waiting, 1); err != nil {
		t.Fatal(err)
	}
	c.Disconnect(100)
	s.stop()
	if got := s.store.Samples(); got[0].Text != "gone" {
		t.Errorf("stored %+v", got)
	}
}

func TestQoS2IsRefused(t *testing.T) {
	s := serve(t, broker.Config{}, ingest.Config{})
	c, err := client(t, s.broker, "device", "", "")
	if err != nil {
		t.Fatal(err)
	}
	token := c.Publish("m/1", 2, false, "hello")
	deadline := time.Now().Add(patience)
	for c.IsConnectionOpen() { // the broker has to close it
		if time.Now().After(deadline) {
			t.Fatal("still connected")
		}
		time.Sleep(time.Millisecond)
	}
	select {
	case <-token.Done():
		if token.Error() == nil {
			t.Error("acknowledged")
		}
	default:
	}
	s.stop()
	if s.store.Len() != 0 {
		t.Error("stored")
	}
}

func TestUsersAreAskedForTheirPassword(t *testing.T) {
	s := serve(t, broker.Config{Users: map[string]string{"meter": "secret"}}, ingest.Config{})
	for _, c := range []struct {
		user, password string
		in             bool
	}{{"meter", "secret", true}, {"meter", "wrong", false}, {"other", "secret", false}, {"other", "", false}, {"", "", false}} {
		publisher, err := client(t, s.broker, "device", c.user, c.password)
		if (err == nil) != c.in {
			t.Errorf("user %q, password %q: %v", c.user, c.password, err)
		}
		publisher.Disconnect(100)
	}
	s.stop()
}

func TestConfigRefusesOpenDoors(t *testing.T) {
	for listen, want := range map[string]string{
		":1883":          "can be reached from other machines",
		"0.0.0.0:1883":   "can be reached from other machines",
		"127.0.0.1":      "host:port",
		"127.0.0.1:1883": "",
		"[::1]:0":        "",
		"localhost:0":    "",
	} {
		err := broker.Config{Listen: listen}.Validate()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", listen, err)
		}
	}
	if err := (broker.Config{Listen: ":1883", Users: map[string]string{"a": "b"}}).Validate(); err != nil {
		t.Error(err)
	}
	if err := (broker.Config{Users: map[string]string{"a": ""}}).Validate(); err == nil {
		t.Error("an empty password is taken")
	}
}
