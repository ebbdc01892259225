package job

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// recurring is an export whose next run is k.
func recurring(t rapid.TB, start, period, zone string, k int64) Export {
	at, err := time.Parse(time.RFC3339, start)
	if err != nil {
		t.Fatal(err)
	}
	e := Export{Key: "key", ID: "id", Owner: "ann", Type: Recurring, Enabled: true, CreatedAt: at.UnixNano()}
	e.Request = json.RawMessage(fmt.Sprintf(`{"format": {"extension": "csv", "timezone": %q}, "type": "recurring", "periodicity": %q,
		"items": [{"params": {"target": {"value": "power"}, "channelId": "house", "subtopic": "meter", "period": %q}}]}`, zone, period, period))
	r, err := parseStored(e.Request)
	if err != nil {
		t.Fatal(err)
	}
	due, err := Recurrence(r, e.CreatedAt).Instant(k)
	if err != nil {
		t.Fatal(err)
	}
	e.Next = &Instant{K: k, Due: due}
	return e
}

// TestRunsDue sees that after any downtime each run has its place in exactly one job, in order, and that only the newest are to run.
func TestRunsDue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := recurring(t, "2026-01-31T12:00:00Z", rapid.SampledFrom([]string{"PT1M", "PT1H", "P1D", "P1M"}).Draw(t, "period"),
			rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "Africa/Casablanca"}).Draw(t, "zone"), rapid.Int64Range(1, 50).Draw(t, "next"))
		r, err := parseStored(e.Request)
		if err != nil {
			t.Fatal(err)
		}
		recurrence := Recurrence(r, e.CreatedAt)
		due := rapid.SampledFrom([]int64{1, 2, 5, 99, 100, 101, 1000, 1099, 1100, 1101, 1102, 1500}).Draw(t, "due")
		last, err := recurrence.Instant(e.Next.K + due - 1)
		if err != nil {
			t.Fatal(err)
		}
		now := last + rapid.SampledFrom([]int64{0, 1, 59e9}).Draw(t, "late")
		missed := rapid.SampledFrom([]int{1, 5, 100, 5000, 0}).Draw(t, "missed")
		jobs, to, err := runsDue(e, now, missed)
		if err != nil {
			t.Fatal(err)
		}
		k, run, skippedAlone := e.Next.K, int64(0), 0
		for i, j := range jobs {
			switch {
			case j.Skipping > 0:
				if i > 0 || j.Status != Skipped {
					t.Fatalf("job %d is %s and stands for %d", i, j.Status, j.Skipping)
				}
				k += j.Skipping - 1
			case j.Status == Skipped:
				if skippedAlone++; run > 0 {
					t.Fatalf("job %d is skipped behind one that is to run", i)
				}
			default:
				run++
			}
			at, err := recurrence.Instant(k)
			if err != nil || *j.K != k || j.Due != at || j.Cause != Scheduled || (j.EndedAt != nil) != (j.Status == Skipped) {
				t.Fatalf("job %d is run %d at %d, %s, %s; want run %d at %d, %v", i, *j.K, j.Due, j.Cause, j.Status, k, at, err)
			}
			behind := at
			if at+60e9 < now { // what devices kept during a downtime is still to come
				behind = now
			}
			if j.Status == NotProcessed && j.NotBefore != behind+60e9 {
				t.Fatalf("job %d may start %d ns behind its instant, and was made %d ns behind it", i, j.NotBefore-at, now-at)
			}
			k++
		}
		if k != e.Next.K+due || to == nil || to.K != k {
			t.Fatalf("%d runs are due; the jobs stand for %d, and %v comes next", due, k-e.Next.K, to)
		}
		wantRun := due
		if missed > 0 {
			wantRun = min(due, int64(missed))
		}
		if run != wantRun || skippedAlone != int(min(skippedEach, due-run)) {
			t.Fatalf("of %d runs %d are to run and %d skipped each by itself; missed is %d", due, run, skippedAlone, missed)
		}
	})
}

// TestEmptyRun: Apia had no 30 December 2011, so two midnights are one instant, and nothing lies between them.
func TestEmptyRun(t *testing.T) {
	e := recurring(t, "2011-12-28T10:00:00Z", "P1D", "Pacific/Apia", 1)
	jobs, to, err := runsDue(e, e.Next.Due+int64(72*time.Hour), 100)
	if err != nil || len(jobs) != 5 || to.K != 6 {
		t.Fatalf("%d jobs, next %v, %v", len(jobs), to, err)
	}
	for i, j := range jobs {
		if want := map[bool]Status{true: Skipped, false: NotProcessed}[i == 2]; j.Status != want {
			t.Errorf("run %d at %s is %s, want %s", *j.K, time.Unix(0, j.Due).UTC(), j.Status, want)
		}
	}
}

// TestLastRun: nothing is due behind what int64 holds.
func TestLastRun(t *testing.T) {
	e := recurring(t, "2000-01-01T00:00:00Z", "P200Y", "UTC", 1)
	jobs, to, err := runsDue(e, e.Next.Due, 100)
	if err != nil || len(jobs) != 1 || to != nil {
		t.Errorf("%d jobs, next %v, %v", len(jobs), to, err)
	}
}

func TestPauseAfter(t *testing.T) {
	for n, want := range map[int]time.Duration{0: 10 * time.Second, 1: 10 * time.Second, 2: 30 * time.Second, 3: 90 * time.Second, 4: 270 * time.Second, 5: 10 * time.Minute, 1000: 10 * time.Minute} {
		if got := pauseAfter(n); got != want {
			t.Errorf("after try %d: %v, want %v", n, got, want)
		}
	}
}
