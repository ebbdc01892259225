package ingest_test

import (
	"slices"
	"testing"

	"decant/ingest"
)

func dup(m ingest.Message) ingest.Message {
	m.Dup = true
	m.Received += 1000 // relative times would come out differently
	return m
}

func TestRedeliveryIsAcknowledgedButNotStoredAgain(t *testing.T) {
	b := newBench()
	other := dup(b.message(1, "a"))
	other.Client = "d"
	err := b.pipeline(t).Run(t.Context(), &source{messages: []ingest.Message{
		b.message(1, "a"), b.message(2, "b"),
		dup(b.message(1, "a")), // the same delivery once more
		dup(b.message(3, "c")), // marked, but its first delivery never arrived
		other,                  // another publisher's
		dup(b.message(2, "x")), // the id was used again, and this is not what it stood for
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := texts(b.store.Samples()); got != "a b c a x" {
		t.Errorf("stored %q", got)
	}
	if got := b.acknowledged(); !slices.Equal(got, []uint16{1, 2, 1, 3, 1, 2}) {
		t.Errorf("acknowledged %v", got)
	}
}

// Without DUP an equal message under an equal id is a new one: the publisher may use an id again once it was acknowledged.
func TestEqualMessageWithoutDupIsStoredAgain(t *testing.T) {
	b := newBench()
	err := b.pipeline(t).Run(t.Context(), &source{messages: []ingest.Message{
		b.message(1, "a"), b.message(1, "a"), b.message(1, "b"), dup(b.message(1, "a")), dup(b.message(1, "a")),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := texts(b.store.Samples()); got != "a a b a" {
		t.Errorf("stored %q", got)
	}
}

// A process that died between sync and acknowledgement finds in the store what it had taken.
func TestRedeliveryAfterRestartIsRecognised(t *testing.T) {
	before := newBench()
	if err := before.pipeline(t).Run(t.Context(), &source{messages: []ingest.Message{
		before.message(1, "a"), before.message(2, "bad"), before.message(3, "c"),
	}}); err != nil {
		t.Fatal(err)
	}
	after := newBench()
	after.config.Recent = before.store.Deliveries()
	p := after.pipeline(t)
	if err := p.Run(t.Context(), &source{messages: []ingest.Message{
		dup(after.message(1, "a")), dup(after.message(2, "bad")), dup(after.message(3, "c")), after.message(4, "d"),
	}}); err != nil {
		t.Fatal(err)
	}
	if got := texts(after.store.Samples()); got != "d" {
		t.Errorf("stored %q after the restart", got)
	}
	if s := p.Stats(); s.Duplicates != 3 || s.DeadLetters() != 0 || len(after.acknowledged()) != 4 {
		t.Errorf("stats %+v, acknowledged %v", s, after.acknowledged())
	}
}

// What is said again of a delivery keeps it in the window: a message may come again after each of many crashes.
func TestRedeliveryIsNamedInTheBatchAgain(t *testing.T) {
	b := newBench()
	if err := b.pipeline(t).Run(t.Context(), &source{messages: []ingest.Message{b.message(1, "a"), dup(b.message(1, "a"))}}); err != nil {
		t.Fatal(err)
	}
	if got := b.store.Deliveries(); len(got) != 2 || got[0] != got[1] {
		t.Errorf("deliveries %v", got)
	}
}
