package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"decant/ingest"
	"decant/ingest/ingesttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// source hands over its messages and then stays connected until it is disconnected.
type source struct {
	messages []ingest.Message
	stay     bool
	err      error
	refused  int // messages for which take returned false
}

func (s *source) Run(ctx context.Context, take func(ingest.Message) bool) error {
	for _, m := range s.messages {
		if !take(m) {
			s.refused++
		}
	}
	if s.stay {
		<-ctx.Done()
	}
	return s.err
}

// bench is a pipeline between stand-ins.
type bench struct {
	store   *ingesttest.Memory
	letters *ingesttest.Letters
	config  ingest.Config

	mu    sync.Mutex
	acked []uint16
}

func newBench() *bench {
	b := &bench{store: ingesttest.NewMemory(), letters: new(ingesttest.Letters)}
	b.config = ingest.Config{Decoder: ingesttest.Words{}, Appender: b.store, DeadLetters: b.letters}
	return b
}

func (b *bench) pipeline(t interface{ Fatal(...any) }) *ingest.Pipeline {
	p, err := ingest.New(b.config)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// message is a QoS 1 message whose Ack is noted.
func (b *bench) message(id int, payload string) ingest.Message {
	return ingest.Message{
		Topic: "t", Payload: []byte(payload), Received: int64(id), QoS: 1, Client: "c", PacketID: uint16(id),
		Ack: func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.acked = append(b.acked, uint16(id))
		},
	}
}

func (b *bench) acknowledged() []uint16 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.acked)
}

func texts(samples []ingest.Sample) string {
	var words []string
	for _, s := range samples {
		words = append(words, s.Text)
	}
	return strings.Join(words, " ")
}

func TestMessagesAreStoredAndAcknowledgedInOrder(t *testing.T) {
	b := newBench()
	p := b.pipeline(t)
	err := p.Run(t.Context(), &source{messages: []ingest.Message{
		b.message(1, "a b"), b.message(2, "c"), {Topic: "t", Payload: []byte("d")}, b.message(3, "e"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := texts(b.store.Samples()); got != "a b c d e" {
		t.Errorf("stored %q", got)
	}
	if got := b.acknowledged(); !slices.Equal(got, []uint16{1, 2, 3}) {
		t.Errorf("acknowledged %v", got)
	}
	s := p.Stats()
	if s.Messages != 4 || s.Samples != 5 || s.Bytes != 6 || s.QoS0 != 1 || s.QueueMessages != 0 || s.QueueBytes != 0 {
		t.Errorf("stats %+v", s)
	}
}

// Whatever arrives, with whatever limits: everything good is stored once and in order, everything bad is a letter,
// everything is acknowledged in order, and never before it was durable.
func TestEveryMessageIsStoredOrSetAsideThenAcknowledged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBench()
		b.config.QueueMessages = rapid.IntRange(1, 5).Draw(t, "queue")
		b.config.QueueBytes = int64(rapid.IntRange(1, 50).Draw(t, "queueBytes"))
		b.config.GroupMessages = rapid.IntRange(1, 5).Draw(t, "group")
		b.config.GroupBytes = int64(rapid.IntRange(1, 50).Draw(t, "groupBytes"))
		b.config.GroupSamples = rapid.IntRange(1, 5).Draw(t, "groupSamples")
		payloads := rapid.SliceOfN(rapid.SampledFrom([]string{"", "one", "two words", "bad", "three bad words"}), 0, 40).Draw(t, "payloads")

		durable := make(map[int]bool) // by number of message
		var src source
		var good []string
		for i, payload := range payloads {
			m := b.message(i+1, payload)
			ack := m.Ack
			m.Ack = func() {
				isBad := strings.Contains(payload, "bad")
				if payload != "" && !isBad && !slices.ContainsFunc(b.store.Samples(), func(s ingest.Sample) bool { return s.Received == int64(i+1) }) {
					t.Errorf("message %d acknowledged before it was stored", i+1)
				}
				if isBad && !slices.ContainsFunc(b.letters.All(), func(l ingest.Letter) bool { return l.Received == int64(i+1) }) {
					t.Errorf("message %d acknowledged before its letter was written", i+1)
				}
				durable[i] = true
				ack()
			}
			src.messages = append(src.messages, m)
			if !strings.Contains(payload, "bad") && payload != "" {
				good = append(good, payload)
			}
		}
		p := b.pipeline(t)
		if err := p.Run(context.Background(), &src); err != nil {
			t.Fatal(err)
		}
		if got, want := texts(b.store.Samples()), strings.Join(good, " "); got != want {
			t.Fatalf("stored %q, want %q", got, want)
		}
		if len(durable) != len(payloads) || !slices.IsSorted(b.acknowledged()) {
			t.Fatalf("acknowledged %v of %d", b.acknowledged(), len(payloads))
		}
		s := p.Stats()
		if s.DeadLetters() != int64(len(b.letters.All())) || s.DeadLetters() != s.Dead["bad-word"] || s.Samples != int64(b.store.Len()) {
			t.Fatalf("stats %+v", s)
		}
	})
}

func TestNothingIsAcknowledgedWhileAppendRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		release := make(chan error)
		b.store.Before = func(ingest.Batch) error { return <-release }
		p := b.pipeline(t)
		done := make(chan error, 1)
		go func() {
			done <- p.Run(t.Context(), &source{messages: []ingest.Message{b.message(1, "a"), b.message(2, "b")}})
		}()
		synctest.Wait()
		if got := b.acknowledged(); len(got) != 0 {
			t.Errorf("acknowledged %v while the append was still running", got)
		}
		for b.store.Len() < 2 {
			release <- nil
			synctest.Wait()
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if got := b.acknowledged(); len(got) != 2 {
			t.Errorf("acknowledged %v", got)
		}
	})
}

func TestAppendErrorStopsThePipelineAndNothingMoreIsAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.config.GroupMessages = 1
		full := errors.New("disk full")
		b.store.Before = func(batch ingest.Batch) error {
			if texts(batch.Samples) == "third" {
				return full
			}
			return nil
		}
		p := b.pipeline(t)
		src := &source{stay: true}
		for i, word := range []string{"first", "second", "third", "fourth", "fifth"} {
			src.messages = append(src.messages, b.message(i+1, word))
		}
		if err := p.Run(t.Context(), src); !errors.Is(err, full) {
			t.Fatalf("run: %v", err)
		}
		if got := b.acknowledged(); !slices.Equal(got, []uint16{1, 2}) {
			t.Errorf("acknowledged %v", got)
		}
		if got := texts(b.store.Samples()); got != "first second" {
			t.Errorf("stored %q", got)
		}
	})
}

type failing struct{ err error }

func (f failing) Append([]ingest.Letter) error { return f.err }

func TestDeadLetterThatCannotBeWrittenStopsThePipeline(t *testing.T) {
	b := newBench()
	broken := errors.New("no space left")
	b.config.DeadLetters = failing{broken}
	p := b.pipeline(t)
	if err := p.Run(t.Context(), &source{messages: []ingest.Message{b.message(1, "bad")}, stay: true}); !errors.Is(err, broken) {
		t.Fatalf("run: %v", err)
	}
	if got := b.acknowledged(); len(got) != 0 {
		t.Errorf("acknowledged %v", got)
	}
}

func TestDrainFinishesWhatIsQueuedAndTakesNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.config.QueueMessages, b.config.GroupMessages = 2, 1
		release := make(chan struct{})
		b.store.Before = func(ingest.Batch) error { <-release; return nil }
		p := b.pipeline(t)
		ctx, cancel := context.WithCancel(t.Context())
		src := &source{stay: true}
		for i := range 20 {
			src.messages = append(src.messages, b.message(i+1, "w"))
		}
		done := make(chan error, 1)
		go func() { done <- p.Run(ctx, src) }()
		synctest.Wait() // the queue is full and the source blocked
		if got := p.Stats().QueueMessages; got != 2 {
			t.Errorf("%d messages queued, want 2", got)
		}
		cancel()
		close(release)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		taken := 20 - src.refused
		if taken < 3 || taken > 6 {
			t.Errorf("%d messages taken with a queue of 2", taken)
		}
		if b.store.Len() != taken || len(b.acknowledged()) != taken {
			t.Errorf("took %d, stored %d, acknowledged %d", taken, b.store.Len(), len(b.acknowledged()))
		}
	})
}

// A source that ends the run by its error is still acknowledged what it brought before.
func TestSourceErrorDrainsAndIsReturned(t *testing.T) {
	b := newBench()
	gone := errors.New("broker refuses us")
	p := b.pipeline(t)
	err := p.Run(t.Context(), &source{messages: []ingest.Message{b.message(1, "a")}, err: gone}, &source{stay: true})
	if !errors.Is(err, gone) {
		t.Fatalf("run: %v", err)
	}
	if got := b.acknowledged(); len(got) != 1 {
		t.Errorf("acknowledged %v", got)
	}
}

func TestGroupCommitCollectsWhileTheDiskIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		release := make(chan struct{})
		var sizes []int
		b.store.Before = func(batch ingest.Batch) error {
			sizes = append(sizes, len(batch.Samples))
			<-release
			return nil
		}
		p := b.pipeline(t)
		more := make(chan ingest.Message)
		done := make(chan error, 1)
		go func() { done <- p.Run(t.Context(), channel(more)) }()
		for i := range 100 {
			more <- b.message(i+1, "w")
			synctest.Wait() // so the first is alone in its group, and the disk is busy when the second comes
		}
		close(more)
		close(release)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(sizes, []int{1, 99}) {
			t.Errorf("group sizes %v, want one message and then all the others", sizes)
		}
	})
}

// channel is a source of what is sent to it.
type channel chan ingest.Message

func (c channel) Run(_ context.Context, take func(ingest.Message) bool) error {
	for m := range c {
		take(m)
	}
	return nil
}

func TestPayloadThatIsTooLongOrBreaksTheDecoderIsSetAside(t *testing.T) {
	b := newBench()
	b.config.MaxPayload = 10
	b.config.Decoder = panicking{}
	p := b.pipeline(t)
	err := p.Run(t.Context(), &source{messages: []ingest.Message{
		b.message(1, "panic"), b.message(2, "fine"), b.message(3, strings.Repeat("x", 11)),
	}})
	if err != nil {
		t.Fatal(err)
	}
	var reasons []string
	for _, l := range b.letters.All() {
		reasons = append(reasons, l.Reason)
	}
	if got := fmt.Sprint(reasons); got != "[decoder-fault limit]" {
		t.Errorf("letters for %s", got)
	}
	if texts(b.store.Samples()) != "fine" || len(b.acknowledged()) != 3 {
		t.Errorf("stored %q, acknowledged %v", texts(b.store.Samples()), b.acknowledged())
	}
}

type panicking struct{ ingesttest.Words }

func (d panicking) Decode(dst []ingest.Sample, m ingest.Message) ([]ingest.Sample, error) {
	if string(m.Payload) == "panic" {
		panic("index out of range")
	}
	return d.Words.Decode(dst, m)
}

// choosy is an appender that admits two samples a message.
type choosy struct{ *ingesttest.Memory }

func (choosy) Admit(samples []ingest.Sample) error {
	if len(samples) > 2 {
		return fmt.Errorf("%d new series are more than 2", len(samples))
	}
	return nil
}

func TestMessageThatTheStoreDoesNotAdmitIsSetAside(t *testing.T) {
	b := newBench()
	b.config.Appender = choosy{b.store}
	p := b.pipeline(t)
	err := p.Run(t.Context(), &source{messages: []ingest.Message{b.message(1, "a b"), b.message(2, "c d e"), b.message(3, "f")}})
	if err != nil {
		t.Fatal(err)
	}
	if got := texts(b.store.Samples()); got != "a b f" {
		t.Errorf("stored %q", got)
	}
	if s := p.Stats(); s.Dead["limit"] != 1 || len(b.acknowledged()) != 3 {
		t.Errorf("stats %+v, acknowledged %v", s, b.acknowledged())
	}
}

func TestConfigReportsEveryFault(t *testing.T) {
	_, err := ingest.New(ingest.Config{QueueMessages: -1, GroupBytes: -5})
	for _, want := range []string{"no decoder", "no appender", "no dead letters", "queue messages is -1", "group bytes is -5"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}
