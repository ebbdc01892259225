package job

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestAlarm holds an alarm against a list of all instants that were set.
func TestAlarm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a alarm
		var all []int64
		now := int64(0)
		first := func() time.Duration { // from now on
			least := time.Duration(50)
			for _, at := range all {
				if at > now {
					least = min(least, time.Duration(at-now))
				}
			}
			return least
		}
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "sets") {
				at := now + rapid.Int64Range(1, 100).Draw(t, "at")
				sooner := time.Duration(at-now) < first()
				if rings := a.set(at); sooner && !rings {
					t.Fatalf("at %d: %d comes first, and who sleeps isn't told", now, at)
				}
				all = append(all, at)
			}
			now += rapid.Int64Range(0, 30).Draw(t, "passes")
			if got, want := a.next(now, 50), first(); got != want {
				t.Fatalf("at %d: sleeps for %d, want %d; instants %v", now, got, want, all)
			}
		}
	})
}

// TestAlarmIsBounded: what is too much is forgotten, not kept in memory.
func TestAlarmIsBounded(t *testing.T) {
	var a alarm
	for at := range int64(10 * mostInstants) {
		a.set(at)
	}
	if len(a.at) != mostInstants || a.next(-1, time.Second) != 1 {
		t.Errorf("%d instants are kept", len(a.at))
	}
}
