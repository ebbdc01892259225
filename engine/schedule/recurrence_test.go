package schedule_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"decant/decimation"
	"decant/engine/schedule"
)

func mustZone(t rapid.TB, name string) *decimation.Zone {
	z, err := decimation.LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func mustPeriod(t rapid.TB, s string) decimation.Period {
	p, err := decimation.ParsePeriod(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func ns(t rapid.TB, s string) int64 {
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixNano()
}

func text(t int64) string { return time.Unix(0, t).UTC().Format(time.RFC3339Nano) }

func TestInstants(t *testing.T) {
	for name, c := range map[string]struct {
		start, every, zone string
		want               []string // instants 1, 2, …
	}{
		"a month's end":                {"2026-01-31T00:00:00Z", "P1M", "UTC", []string{"2026-02-28T00:00:00Z", "2026-03-31T00:00:00Z", "2026-04-30T00:00:00Z"}},
		"a leap day":                   {"2024-02-29T12:00:00Z", "P1Y", "UTC", []string{"2025-02-28T12:00:00Z", "2026-02-28T12:00:00Z", "2027-02-28T12:00:00Z", "2028-02-29T12:00:00Z"}},
		"Berlin's short day":           {"2026-03-28T01:30:00Z", "P1D", "Europe/Berlin", []string{"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
		"Berlin's long day":            {"2026-10-24T00:30:00Z", "P1D", "Europe/Berlin", []string{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
		"hours pass, whatever a clock": {"2026-10-24T23:30:00Z", "PT1H", "Europe/Berlin", []string{"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"}},
		"Apia's missing day":           {"2011-12-29T10:00:00Z", "P1D", "Pacific/Apia", []string{"2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"}},
	} {
		r := schedule.Recurrence{Start: ns(t, c.start), Every: mustPeriod(t, c.every), Zone: mustZone(t, c.zone)}
		for i, want := range c.want {
			if at, err := r.Instant(int64(i) + 1); err != nil || text(at) != want {
				t.Errorf("%s: instant %d is %s, %v, want %s", name, i+1, text(at), err, want)
			}
		}
	}
}

// TestNextAndLast holds both against a walk from far before the moment, an instant at a time.
func TestNextAndLast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, k0 := recurrence(t)
		at := moment(t, r, k0)
		// The walk starts 40 instants before the one near which the moment was drawn.
		last := int64(math.MinInt64)
		next := int64(0)
		for k := k0 - 40; k <= k0+40; k++ {
			instant, err := r.Instant(k)
			if err != nil {
				continue
			}
			if instant <= at {
				last = k
			}
			if next == 0 && k >= 1 && instant >= at {
				next = k
			}
		}
		if last == math.MinInt64 || last == k0+40 {
			t.Skip("the moment is outside of the walk")
		}
		k, instant, err := r.Last(at)
		if want, _ := r.Instant(last); err != nil || k != last || instant != want {
			t.Fatalf("last at %s: %d at %s, %v, want %d at %s", text(at), k, text(instant), err, last, text(want))
		}
		k, instant, err = r.Next(at)
		if k0+40 < 1 { // the first run comes long after the moment
			next = 1
		}
		if want, _ := r.Instant(next); err != nil || k != next || instant != want {
			t.Fatalf("next at %s: %d at %s, %v, want %d at %s", text(at), k, text(instant), err, next, text(want))
		}
	})
}

// TestRangesTile sees that each run begins where the one before ends, and that none ends before it begins.
func TestRangesTile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, k0 := recurrence(t)
		_, before, err := r.Range(k0)
		if err != nil {
			t.Fatal(err)
		}
		for k := k0 + 1; k < k0+20; k++ {
			from, to, err := r.Range(k)
			if err != nil {
				t.Fatal(err)
			}
			if from != before || to < from {
				t.Fatalf("run %d is from %s to %s; the one before ends at %s", k, text(from), text(to), text(before))
			}
			before = to
		}
	})
}

// recurrence draws one whose instants near k0 lie within int64, mostly where a clock changes or a month ends.
func recurrence(t *rapid.T) (r schedule.Recurrence, k0 int64) {
	zone := mustZone(t, rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca"}).Draw(t, "zone"))
	every := mustPeriod(t, rapid.SampledFrom([]string{
		"PT1M", "PT15M", "PT1H", "PT7H", "P1D", "P2D", "P1W", "P1M", "P3M", "P1Y", "P1M1D", "P1DT12H", "P1Y2M10DT2H30M", "PT0.000000007S", "P4Y", "P27D",
	}).Draw(t, "every"))
	start := rapid.OneOf(
		rapid.SampledFrom([]int64{ns(t, "2026-01-31T00:00:00+01:00"), ns(t, "2024-02-29T02:30:00+01:00"), ns(t, "2026-10-25T02:30:00+02:00"), ns(t, "2026-10-25T02:30:00+01:00"),
			ns(t, "2026-03-29T03:00:00+02:00"), ns(t, "2011-12-29T00:00:00-10:00"), ns(t, "2026-04-05T01:45:00+11:00"), ns(t, "2026-02-15T02:30:00+01:00"), 0}),
		rapid.Int64Range(ns(t, "1850-01-01T00:00:00Z"), ns(t, "2100-01-01T00:00:00Z")),
	).Draw(t, "start")
	r = schedule.Recurrence{Start: start, Every: every, Zone: zone}
	far := int64(400)
	if every.Years > 1 {
		far = 5
	}
	if every.Years+every.Months+every.Weeks+every.Days == 0 {
		far = 500_000
	}
	k0 = rapid.OneOf(rapid.Int64Range(-far, far), rapid.Int64Range(-45, 45)).Draw(t, "k0")
	for d := int64(-41); d <= 41; d += 82 {
		if _, err := r.Instant(k0 + d); err != nil {
			t.Skip("beyond int64")
		}
	}
	return r, k0
}

// moment draws one near instant k0: at an instant, a nanosecond beside it, or between two.
func moment(t *rapid.T, r schedule.Recurrence, k0 int64) int64 {
	from, to, err := r.Range(k0)
	if err != nil {
		t.Fatal(err)
	}
	return rapid.OneOf(rapid.SampledFrom([]int64{to - 1, to, to + 1}), rapid.Int64Range(from, to)).Draw(t, "moment")
}

func TestEnds(t *testing.T) {
	utc := mustZone(t, "UTC")
	minutes := schedule.Recurrence{Start: 0, Every: mustPeriod(t, "PT1M"), Zone: utc}
	last, next := int64(math.MaxInt64/60_000_000_000), int64(1)
	if k, _, err := minutes.Last(math.MaxInt64); err != nil || k != last {
		t.Errorf("the last instant of all: %d, %v, want %d", k, err, last)
	}
	if k, at, err := minutes.Next(math.MaxInt64); err == nil {
		t.Errorf("an instant after the last of all: %d at %s", k, text(at))
	}
	if k, at, err := minutes.Last(math.MinInt64); err == nil {
		t.Errorf("an instant before the first of all: %d at %s", k, text(at))
	}
	if k, at, err := minutes.Next(math.MinInt64); err != nil || k != next || at != 60e9 {
		t.Errorf("the first run of all: %d at %s, %v", k, text(at), err)
	}
	finest := schedule.Recurrence{Start: math.MinInt64, Every: decimation.Period{Clock: 1}, Zone: utc}
	if k, at, err := finest.Last(math.MaxInt64); err == nil {
		t.Errorf("more instants than int64 counts: %d at %s", k, text(at))
	}
	never := schedule.Recurrence{Zone: utc}
	if _, _, err := never.Last(0); err == nil {
		t.Error("no period has a last instant")
	}
	if _, _, err := never.Next(0); err == nil {
		t.Error("no period has a next instant")
	}
}

// BenchmarkNext finds the minute after a year.
func BenchmarkNext(b *testing.B) {
	zone, err := decimation.LoadZone("Europe/Berlin")
	if err != nil {
		b.Fatal(err)
	}
	for name, every := range map[string]string{"minute": "PT1M", "month": "P1M"} {
		p, err := decimation.ParsePeriod(every)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("every="+name, func(b *testing.B) {
			r := schedule.Recurrence{Start: 1735689600e9, Every: p, Zone: zone}
			for b.Loop() {
				if _, _, err := r.Next(1767225600e9 + 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
