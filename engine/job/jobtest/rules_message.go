package jobtest

import (
	"context"

	"decant/engine/job"
)

var messaging = []rule{
	{"outbox: the oldest first, and nothing before its time", func(k kit) {
		k.messages(30, 10, 20)
		if at, ok, err := k.q.NextMessage(k.Context()); at != 10 || !ok || err != nil {
			k.Errorf("next at %d, %v, %v", at, ok, err)
		}
		k.collect(9, 100, 10)
		k.collect(29, 100, 10, "j0001", "j0002")
		k.collect(29, 100, 10)
		k.collect(30, 100, 10, "j0000")
	}},
	{"outbox: what was collected and not recorded comes again", func(k kit) {
		k.messages(1, 2)
		k.collect(10, 50, 1, "j0000")
		k.collect(10, 60, 10, "j0001")
		if at, ok, err := k.q.NextMessage(k.Context()); at != 50 || !ok || err != nil {
			k.Errorf("next at %d, %v, %v", at, ok, err)
		}
		k.collect(49, 90, 10)
		k.collect(50, 90, 10, "j0000")
		k.collect(60, 90, 10, "j0001")
	}},
	{"outbox: a try that failed is tried again, and one that succeeded is over", func(k kit) {
		k.messages(1)
		m := k.collect(10, 50, 10, "j0000")[0]
		if m.State != job.Pending || m.Tries != 0 || m.Policy != "onSuccess" || m.Medium != "email" || m.JobID != "j0000" {
			k.Errorf("collected %+v", m)
		}
		m.Tries, m.NotBefore, m.Error = 1, 30, "refused"
		k.want(k.q.Record(k.Context(), m), nil)
		k.same("message", *k.job("j0000").Message, m)
		k.collect(29, 90, 10)
		again := k.collect(30, 90, 10, "j0000")[0]
		k.same("message", again, m)
		again.State, again.Tries, again.SentAt, again.Error = job.Sent, 2, ptr[int64](31), ""
		k.want(k.q.Record(k.Context(), again), nil)
		k.same("message", *k.job("j0000").Message, again)
		k.collect(1000, 2000, 10)
		if _, ok, err := k.q.NextMessage(k.Context()); ok || err != nil {
			k.Error("there is a next one", err)
		}
		// A slower collector comes late with its failure: the message has been sent, and stays so.
		k.want(k.q.Record(k.Context(), m), nil)
		k.same("message", *k.job("j0000").Message, again)
	}},
	{"outbox: one that is given up, or of nothing", func(k kit) {
		k.messages(1)
		m := k.collect(10, 50, 10, "j0000")[0]
		m.State, m.Error = job.Undelivered, "no such mailbox"
		k.want(k.q.Record(k.Context(), m), nil)
		k.collect(1000, 2000, 10)
		m.ID = "none"
		k.want(k.q.Record(k.Context(), m), job.ErrNotFound)
	}},
	{"outbox: a deleted export's messages are given up", func(k kit) {
		k.messages(1)
		m := k.collect(10, 50, 10, "j0000")[0]
		k.want(k.q.Delete(k.Context(), "ada/e", 0, 20), nil)
		k.collect(1000, 2000, 10)
		m.Tries = 1
		k.want(k.q.Record(k.Context(), m), nil)
		k.collect(1000, 2000, 10)
	}},
	{"outbox: many collectors at once share the messages", func(k kit) {
		at := make([]int64, 40)
		k.messages(at...)
		got := make([][]job.Message, 8)
		for _, err := range together(len(got), func(i int) (err error) {
			got[i], err = k.q.Collect(context.Background(), 10, 50, 5)
			return err
		}) {
			k.want(err, nil)
		}
		seen := map[string]bool{}
		for _, batch := range got {
			for _, m := range batch {
				if seen[m.ID] {
					k.Errorf("message %s was collected twice", m.ID)
				}
				seen[m.ID] = true
			}
		}
		for {
			rest, err := k.q.Collect(k.Context(), 10, 50, 5)
			k.want(err, nil)
			if len(rest) == 0 {
				break
			}
			for _, m := range rest {
				seen[m.ID] = true
			}
		}
		if len(seen) != len(at) {
			k.Errorf("%d of %d messages were collected", len(seen), len(at))
		}
	}},
}

// messages makes an export ada/e with a done job j0000, j0001… for each message, which is to be sent at a moment. They are made at that moment, too.
func (k kit) messages(at ...int64) {
	k.Helper()
	jobs := make([]job.Job, len(at))
	for i := range jobs {
		jobs[i] = waiting(number("j", i), 0)
	}
	k.create(export("ada", "e", 0), jobs...)
	for i, at := range at {
		k.finish(k.claim("w", 0, 1000, jobs[i].ID), job.Outcome{Status: job.Done, At: at, Message: &job.Message{Policy: "onSuccess", Medium: "email", NotBefore: at}})
	}
}

// collect collects messages, which must be of the jobs named.
func (k kit) collect(now, until int64, limit int, want ...string) []job.Message {
	k.Helper()
	messages, err := k.q.Collect(k.Context(), now, until, limit)
	k.want(err, nil)
	var got []string
	for _, m := range messages {
		got = append(got, m.JobID)
	}
	k.same("collected", got, want)
	return messages
}
