package job

import (
	"testing"

	"pgregory.net/rapid"

	"decant/engine/export/request"
)

// TestRunsAgainstAWalk holds the first run and the backfill to a walk over all instants near the creation.
func TestRunsAgainstAWalk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		created := int64(1_781_524_830e9) + rapid.Int64Range(-1e18/2, 1e18/2).Draw(t, "created")
		text := `{"format": {"extension": "csv", "timezone": "` + rapid.SampledFrom([]string{"utc", "Europe/Berlin", "Australia/Lord_Howe"}).Draw(t, "zone") + `"},
			"type": "recurring", "periodicity": "` + rapid.SampledFrom([]string{"PT1H", "P1D", "P1M", "P1Y", "PT45M", "P1W"}).Draw(t, "periodicity") + `",
			"items": [{"params": {"target": {"value": "a"}, "channelId": "c", "subtopic": ""}}]}`
		r, err := request.Parse([]byte(text), request.Options{Service: true})
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "named start") {
			start := created + rapid.Int64Range(-100e9*86400, 100e9*86400).Draw(t, "start")
			r.PeriodStart = &start
		}
		recurrence := Recurrence(r, created)
		k, _, err := recurrence.Last(created)
		if err != nil {
			t.Fatal(err)
		}
		// The reference knows nothing but the instants.
		n := rapid.IntRange(0, 5).Draw(t, "backfill")
		var before []Instant
		for i := k - 20; i <= k+2; i++ {
			if due, err := recurrence.Instant(i); err == nil && due < created {
				before = append(before, Instant{i, due})
			}
		}
		want := before[max(0, len(before)-n):]
		got := backfill(r, created, n)
		if len(got) != len(want) {
			t.Fatalf("backfill of %d is %v, want %v", n, got, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("backfill of %d is %v, want %v", n, got, want)
			}
		}
		next := nextRun(r, created, created)
		first := max(1, k-2)
		for {
			due, err := recurrence.Instant(first)
			if err != nil {
				t.Fatal(err)
			}
			if due >= created {
				if next == nil || *next != (Instant{first, due}) {
					t.Fatalf("the first run is %v, want %v", next, Instant{first, due})
				}
				return
			}
			first++
		}
	})
}
