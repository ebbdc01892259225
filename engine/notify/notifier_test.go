package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"decant/engine/job"
)

var errLater = &failure{text: "the host answered with status 503"}

func TestSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, newOutbox("a/1", "b/1"), func(context.Context, string) error { return nil })
		time.Sleep(48 * time.Hour)
		o.close(t)
		for _, id := range []string{"a/1", "b/1"} {
			if m := o.message(id); m.State != job.Sent || m.Tries != 1 || m.SentAt == nil || *m.SentAt != o.born.UnixNano() || m.Error != "" {
				t.Errorf("%+v", m)
			}
			if n := len(o.tried(id)); n != 1 {
				t.Errorf("%s: %d tries", id, n)
			}
		}
	})
}

func TestPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, newOutbox("a/1"), func(context.Context, string) error { return errLater })
		time.Sleep(48 * time.Hour)
		o.close(t)
		at := o.tried("a/1")
		var pauses []time.Duration
		for i := range at[1:] {
			pauses = append(pauses, (at[i+1] - at[i]).Round(lookEvery))
		}
		want := []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute,
			time.Hour, time.Hour, time.Hour, time.Hour}
		if !slices.Equal(pauses, want) {
			t.Errorf("pauses %v", pauses)
		}
		if m := o.message("a/1"); m.State != job.Undelivered || m.Tries != 12 || m.Error != errLater.text || m.SentAt != nil {
			t.Errorf("%+v", m)
		}
	})
}

func TestPermanentIsNotTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, newOutbox("a/1", "deleted/1", "odd/1"), func(context.Context, string) error { return &failure{text: "no", permanent: true} })
		time.Sleep(48 * time.Hour)
		o.close(t)
		for id, want := range map[string]string{"a/1": "no", "deleted/1": "the job was deleted", "odd/1": "the job's request can't be read any more"} {
			if m := o.message(id); m.State != job.Undelivered || m.Error != want {
				t.Errorf("%+v", m)
			}
		}
		if n := len(o.tried("a/1")); n != 1 {
			t.Errorf("%d tries", n)
		}
	})
}

func TestRetryAfterIsHeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := true
		var mu sync.Mutex
		o := open(t, newOutbox("a/1", "b/1"), func(_ context.Context, id string) error {
			mu.Lock()
			defer mu.Unlock()
			if id == "a/1" && first {
				first = false
				return &failure{text: "too many", after: 2 * time.Hour}
			}
			return nil
		})
		time.Sleep(time.Minute)
		o.set(func() { // another message to the same host leaves it alone, too, and no try is counted
			o.rows["a/2"] = &row{Message: job.Message{ID: "a/2", JobID: "a/2", Policy: "onSuccess", State: job.Pending}}
		})
		o.n.Wake()
		time.Sleep(time.Hour)
		if m := o.message("a/2"); m.Tries != 0 || m.State != job.Pending || len(o.tried("a/2")) != 0 {
			t.Errorf("%+v after %v", m, o.tried("a/2"))
		}
		time.Sleep(24 * time.Hour)
		o.close(t)
		for _, id := range []string{"a/1", "a/2", "b/1"} {
			at := o.tried(id)
			if o.message(id).State != job.Sent || at[len(at)-1] < 2*time.Hour != (id == "b/1") {
				t.Errorf("%s: %v, tried at %v", id, o.message(id), at)
			}
		}
	})
}

func TestADayIsTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, newOutbox("a/1"), func(context.Context, string) error { return &failure{text: "later", after: 20 * time.Hour} })
		time.Sleep(72 * time.Hour)
		o.close(t)
		if m := o.message("a/1"); m.State != job.Undelivered || m.Tries != 2 {
			t.Errorf("%+v", m)
		}
	})
}

// After the process died between sending and recording, the message is sent again, as the same.
func TestLostRecordRepeatsTheMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := newOutbox("a/1")
		box.lost = 1
		o := open(t, box, func(context.Context, string) error { return nil })
		time.Sleep(time.Second)
		o.close(t)
		if m := o.message("a/1"); m.State != job.Pending {
			t.Fatalf("recorded all the same: %+v", m)
		}
		again := open(t, box, func(context.Context, string) error { return nil })
		time.Sleep(lease + time.Minute)
		again.close(t)
		if m := again.message("a/1"); m.State != job.Sent || m.ID != "a/1" {
			t.Errorf("%+v", m)
		}
		if at := again.tried("a/1"); len(at) != 1 || at[0] > lease {
			t.Errorf("tried again at %v", at)
		}
	})
}

func TestAnOutboxThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, newOutbox("a/1"), func(context.Context, string) error {
			time.Sleep(time.Second)
			return nil
		})
		time.Sleep(time.Second / 2)
		o.set(func() { o.broken = true })
		time.Sleep(5 * time.Second)
		o.set(func() { o.broken = false })
		time.Sleep(time.Hour)
		o.close(t)
		if m := o.message("a/1"); m.State != job.Sent || len(o.tried("a/1")) != 1 {
			t.Errorf("%+v, tried at %v", m, o.tried("a/1"))
		}
	})
}

func TestASlowHostDoesNotHoldUpOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := newOutbox()
		for i := range 2 * laneQueue { // they come first
			id := fmt.Sprintf("a-slow/%04d", i)
			box.rows[id] = &row{Message: job.Message{ID: id, JobID: id, Policy: "onSuccess", State: job.Pending}}
		}
		for i := range 100 {
			id := fmt.Sprintf("b/%d", i)
			box.rows[id] = &row{Message: job.Message{ID: id, JobID: id, Policy: "onSuccess", State: job.Pending}}
		}
		var mu sync.Mutex
		now, most := 0, 0
		o := open(t, box, func(ctx context.Context, id string) error {
			if !strings.HasPrefix(id, "a-slow") {
				time.Sleep(50 * time.Millisecond)
				return nil
			}
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			<-ctx.Done() // until the try's time is over
			mu.Lock()
			now--
			mu.Unlock()
			return unreached("a-slow.example.com", ctx.Err())
		})
		time.Sleep(5 * time.Second)
		for i := range 100 {
			if m := o.message(fmt.Sprintf("b/%d", i)); m.State != job.Sent {
				t.Fatalf("%+v", m)
			}
		}
		if most != laneWidth {
			t.Errorf("%d messages at a time went to the slow host", most)
		}
		o.close(t)
		if m := o.message("a-slow/0000"); m.State != job.Pending || m.Tries != 0 {
			t.Errorf("stopped in a try: %+v", m)
		}
	})
}

// A try that takes longer than a lease keeps its message.
func TestALongTryIsNotDoubled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, newOutbox("a/1"), func(context.Context, string) error {
			time.Sleep(tryTimeout - time.Second)
			return nil
		})
		time.Sleep(time.Hour)
		o.close(t)
		if m := o.message("a/1"); m.State != job.Sent || m.Tries != 1 || len(o.tried("a/1")) != 1 {
			t.Errorf("%+v, tried at %v", m, o.tried("a/1"))
		}
	})
}

func TestAWideBurstTakesNoPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := newOutbox()
		for i := range 100 {
			id := fmt.Sprintf("a/%03d", i)
			box.rows[id] = &row{Message: job.Message{ID: id, JobID: id, Policy: "onSuccess", State: job.Pending}}
		}
		o := open(t, box, func(context.Context, string) error { time.Sleep(100 * time.Millisecond); return nil })
		time.Sleep(2500*time.Millisecond + time.Millisecond)
		o.close(t)
		for id, r := range o.rows {
			if r.State != job.Sent {
				t.Errorf("%s: %+v", id, r.Message)
			}
		}
	})
}

// A stop lets what is being sent end, and puts the rest back so that the next start sends it at once.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := newOutbox("a/1", "a/2", "a/3", "a/4", "a/5", "stuck/1")
		o := open(t, box, func(ctx context.Context, id string) error {
			if id == "stuck/1" {
				<-ctx.Done()
				return unreached("stuck.example.com", ctx.Err())
			}
			time.Sleep(3 * time.Second)
			return nil
		})
		time.Sleep(time.Second)
		began := time.Now()
		o.close(t)
		if d := time.Since(began); d != graceToEnd {
			t.Errorf("the stop took %v", d)
		}
		sent := 0
		for id, r := range box.rows {
			if r.State == job.Sent {
				sent++
				continue
			}
			if r.Tries != 0 || r.until != 0 || r.NotBefore > time.Now().UnixNano() {
				t.Errorf("%s: %+v until %d", id, r.Message, r.until)
			}
		}
		if sent != laneWidth {
			t.Errorf("%d were sent", sent)
		}
	})
}

func TestWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, newOutbox(), func(context.Context, string) error { return nil })
		time.Sleep(time.Second)
		o.set(func() {
			o.rows["a/1"] = &row{Message: job.Message{ID: "a/1", JobID: "a/1", Policy: "onSuccess", State: job.Pending}}
			o.rows["a/2"] = &row{Message: job.Message{ID: "a/2", JobID: "a/2", Policy: "onSuccess", State: job.Pending, NotBefore: time.Now().Add(3 * time.Second).UnixNano()}}
		})
		o.n.Wake()
		synctest.Wait()
		if at := o.tried("a/1"); !slices.Equal(at, []time.Duration{time.Second}) {
			t.Errorf("woken, it tried at %v", at)
		}
		time.Sleep(time.Minute)
		if at := o.tried("a/2"); !slices.Equal(at, []time.Duration{4 * time.Second}) {
			t.Errorf("of itself it tried at %v", at)
		}
		o.close(t)
	})
}

// Whatever tries answer and however often records are lost, every message ends sent or undelivered, and is sent as often as it is recorded so or more.
func TestAtLeastOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		answers := map[string][]int{}
		box := newOutbox()
		for i := range rapid.IntRange(1, 6).Draw(rt, "messages") {
			id := fmt.Sprintf("%c/%d", 'a'+i%2, i)
			answers[id] = rapid.SliceOfN(rapid.IntRange(0, 3), 0, 14).Draw(rt, id)
			box.rows[id] = &row{Message: job.Message{ID: id, JobID: id, Policy: "onSuccess", State: job.Pending}}
		}
		box.lost = rapid.IntRange(0, 5).Draw(rt, "lost")
		synctest.Test(t, func(t *testing.T) {
			sent := map[string]int{}
			var mu sync.Mutex
			o := open(t, box, func(_ context.Context, id string) error {
				mu.Lock()
				defer mu.Unlock()
				answer := 0
				if len(answers[id]) > 0 {
					answer, answers[id] = answers[id][0], answers[id][1:]
				}
				switch answer {
				case 1:
					return errLater
				case 2:
					return &failure{text: "wait", after: time.Hour}
				case 3:
					return &failure{text: "no", permanent: true}
				}
				sent[id]++
				return nil
			})
			for range 60 {
				if time.Sleep(time.Hour); !o.pending() {
					break
				}
			}
			o.close(t)
			for id := range box.rows {
				m := o.message(id)
				switch {
				case m.State == job.Sent && sent[id] == 0:
					rt.Errorf("%+v was never sent", m)
				case m.State == job.Pending:
					rt.Errorf("%+v is still pending", m)
				case m.State == job.Undelivered && m.Error == "":
					rt.Errorf("%+v says not why", m)
				}
			}
		})
	})
}
