package decimation

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var testZones = []string{"UTC", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca"}

func mustZone(t rapid.TB, name string) *Zone {
	t.Helper()
	z, err := LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func mustWidth(t rapid.TB, s string) Width {
	t.Helper()
	w, err := ParseWidth(s)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// walker follows the clock on the wall from moment to moment and knows nothing else: it is the slow, obvious reference.
type walker struct {
	width  Width
	shift  Period
	zone   *Zone
	offset int
	slot   int64     // s m h: the number of widths since local 1970
	next   time.Time // d w M y: the nominal start of the next bucket before it is shifted; local times are written as if they were UTC
}

// moved tells whether a bucket begins at t.
func (w *walker) moved(t time.Time) bool {
	local := t.In(w.zone.Location)
	_, offset := local.Zone()
	wall := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC)
	if per := map[byte]int64{'s': 1, 'm': 60, 'h': 3600}[w.width.Unit]; per > 0 {
		slot := wall.Unix() / (per * w.width.N)
		if wall.Unix()%(per*w.width.N) < 0 {
			slot--
		}
		changed := slot != w.slot || offset != w.offset
		w.slot, w.offset = slot, offset
		return changed
	}
	if w.next.IsZero() {
		w.next = w.anchorBefore(wall)
	}
	changed := false
	for ; !w.shifted(w.next).After(wall); w.next = w.after(w.next) {
		changed = true
	}
	return changed
}

// anchorBefore is a nominal start well before wall, so that a clock that goes back at once does no harm.
func (w *walker) anchorBefore(wall time.Time) time.Time {
	start := map[byte]time.Time{
		'd': time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), 'w': time.Date(1969, 12, 29, 0, 0, 0, 0, time.UTC),
		'M': time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), 'y': time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC),
	}[w.width.Unit]
	for w.shifted(start).After(wall) {
		start = w.back(start)
	}
	for next := w.after(start); !w.shifted(next).After(wall.AddDate(0, 0, -3)); next = w.after(next) {
		start = next
	}
	return start
}

func (w *walker) step(t time.Time, n int) time.Time {
	switch w.width.Unit {
	case 'd':
		return t.AddDate(0, 0, n)
	case 'w':
		return t.AddDate(0, 0, 7*n)
	case 'M':
		return t.AddDate(0, n, 0)
	}
	return t.AddDate(n, 0, 0)
}

// shifted moves a nominal start. Starts of months and years are on the first, so that months never meet a month's end.
func (w *walker) shifted(t time.Time) time.Time {
	return t.AddDate(int(w.shift.Years), int(w.shift.Months), int(7*w.shift.Weeks+w.shift.Days)).Add(time.Duration(w.shift.Clock))
}
func (w *walker) after(t time.Time) time.Time { return w.step(t, int(w.width.N)) }
func (w *walker) back(t time.Time) time.Time  { return w.step(t, -int(w.width.N)) }

// compareWithWalk walks from one moment to another and compares every bucket that begins on the way.
func compareWithWalk(t *testing.T, zone *Zone, b Buckets, from, to time.Time, pace time.Duration) {
	t.Helper()
	w := &walker{width: b.Width(), shift: b.Offset(), zone: zone}
	w.moved(from)
	var starts []int64
	for at := from.Add(pace); at.Before(to); at = at.Add(pace) {
		if w.moved(at) {
			starts = append(starts, at.UnixNano())
		}
		if len(starts) == 0 {
			continue
		}
		last := starts[len(starts)-1]
		start, end, err := b.Find(at.UnixNano())
		if err != nil || start != last || end <= at.UnixNano() {
			t.Fatalf("%s %s: %s is in %s to %s (%v), the walk says it began at %s", zone.Name, b, at.UTC(), utc(start), utc(end), err, utc(last))
		}
		if n := len(starts); n > 1 && last == at.UnixNano() {
			if _, end, _ := b.Find(starts[n-2]); end != last {
				t.Fatalf("%s %s: the bucket of %s ends at %s, the walk says %s", zone.Name, b, utc(starts[n-2]), utc(end), utc(last))
			}
		}
	}
	r := rand.New(rand.NewPCG(uint64(from.Unix()), 5))
	for range 10 {
		if len(starts) < 2 {
			break
		}
		i := r.IntN(len(starts) - 1)
		j := i + r.IntN(len(starts)-i-1)
		got, err := b.Count(starts[i]+1, starts[j]+2)
		if err != nil || got != int64(j-i+1) {
			t.Fatalf("%s %s: %d buckets meet %s to %s (%v), the walk says %d", zone.Name, b, got, utc(starts[i]), utc(starts[j]), err, j-i+1)
		}
	}
}

// changes are the moments at which a zone's offset changes, some of them.
func changes(zone *Zone, r *rand.Rand, n int) []time.Time {
	var all []time.Time
	for _, s := range zone.table()[1:] {
		if at := time.Unix(s.start, 0); at.Year() > 1900 && at.Year() < 2037 { // beyond, the library works rules out anew at each call
			all = append(all, at)
		}
	}
	if len(all) == 0 {
		all = []time.Time{time.Date(2024, 2, 28, 0, 0, 0, 0, time.UTC)}
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:min(n, len(all))]
}

func TestBucketsAgreeWithAWalkThroughTheCalendar(t *testing.T) {
	rounds := 1
	if os.Getenv("DECANT_LONG") != "" {
		rounds = 100
	}
	seconds := []string{"1s", "7s", "45s"}
	fine := []string{"3600s", "1m", "15m", "45m", "1440m", "1h", "2h", "5h", "24h"}
	days := []string{"1d", "2d", "7d", "10d"}
	coarse := []string{"1w", "2w", "5w", "1M", "2M", "3M", "7M", "1y"}
	for _, name := range testZones {
		t.Run(name, func(t *testing.T) {
			zone := mustZone(t, name)
			r := rand.New(rand.NewPCG(6, 7))
			for _, at := range changes(zone, r, rounds) {
				for _, w := range append(seconds, fine...) {
					compareWithWalk(t, zone, NewBuckets(mustWidth(t, w), zone), at.Add(-time.Hour), at.Add(time.Hour), time.Second)
				}
				if _, offset := at.Add(-1).In(zone.Location).Zone(); offset%60 != 0 {
					continue // local mean time: nothing begins at a full minute
				}
				for _, w := range fine {
					compareWithWalk(t, zone, NewBuckets(mustWidth(t, w), zone), at.Add(-40*time.Hour), at.Add(40*time.Hour), time.Minute)
				}
				for _, w := range days {
					compareWithWalk(t, zone, NewBuckets(mustWidth(t, w), zone), at.Add(-8*24*time.Hour), at.Add(8*24*time.Hour), time.Minute)
				}
			}
			for _, w := range coarse {
				from := time.Date(1972+r.IntN(50), time.Month(1+r.IntN(12)), 1, 0, 0, 0, 0, time.UTC)
				compareWithWalk(t, zone, NewBuckets(mustWidth(t, w), zone), from, from.AddDate(1, 2, 0), 15*time.Minute)
			}
		})
	}
}

// TestBucketsTile looks at any moment of the time line, in any zone of the database, in the small.
func TestBucketsTile(t *testing.T) {
	names := ZoneNames()
	rapid.Check(t, func(t *rapid.T) {
		zone := mustZone(t, rapid.SampledFrom(append(names, testZones...)).Draw(t, "zone"))
		width := Width{N: rapid.Int64Range(1, 40).Draw(t, "n"), Unit: rapid.SampledFrom([]byte("smhdwMy")).Draw(t, "unit")}
		if width.Unit == 'y' {
			width.N = 1 + width.N%12 // six of them stay on the time line
		}
		b := drawShift(t, NewBuckets(width, zone))
		at := rapid.Int64Range(-4e18, 4e18).Draw(t, "t")
		if spans := zone.table()[1:]; len(spans) > 0 && rapid.Bool().Draw(t, "near a change") {
			s := rapid.SampledFrom(spans).Draw(t, "change")
			at = s.start*second + rapid.Int64Range(-100*3600*second, 100*3600*second).Draw(t, "by")
			at %= 4e18
		}
		from := at
		for i := range int64(6) {
			start, end, err := b.Find(at)
			if err != nil {
				t.Fatal(err)
			}
			if start > at || at >= end {
				t.Fatalf("%s is not in %s to %s", utc(at), utc(start), utc(end))
			}
			for _, other := range []int64{start, end - 1, start + (end-start)/2} {
				if s, e, err := b.Find(other); err != nil || s != start || e != end {
					t.Fatalf("%s is in %s to %s, not in %s to %s (%v)", utc(other), utc(s), utc(e), utc(start), utc(end), err)
				}
			}
			for _, last := range []int64{at + 1, end} {
				if n, err := b.Count(from, last); err != nil || n != i+1 {
					t.Fatalf("%s to %s meets %d buckets, not %d (%v)", utc(from), utc(last), n, i+1, err)
				}
			}
			at = end
		}
	})
}

func TestBucketsInLongRanges(t *testing.T) {
	zone := mustZone(t, "Europe/Berlin")
	from := time.Date(1970, 1, 1, 0, 0, 0, 0, zone.Location).UnixNano()
	to := time.Date(2200, 1, 1, 0, 0, 0, 0, zone.Location).UnixNano()
	for w, want := range map[string]int64{"1s": (to - from) / second, "1y": 230, "1M": 230 * 12, "1d": 84006, "10y": 23} {
		if got, err := NewBuckets(mustWidth(t, w), zone).Count(from, to); err != nil || got != want {
			t.Errorf("%s: %d buckets, want %d (%v)", w, got, want, err)
		}
	}
	if n, err := NewBuckets(mustWidth(t, "1d"), zone).Count(to, from); n != 0 || err != nil {
		t.Errorf("an empty range has %d buckets (%v)", n, err)
	}
}

func TestBucketsOfKnownDays(t *testing.T) {
	cases := []struct {
		zone, width, from, to string
		lengths               string // in minutes
	}{
		{"Europe/Berlin", "2h", "2026-10-24T22:00:00Z", "2026-10-25T04:00:00Z", "120 60 120 120"},
		{"Europe/Berlin", "1d", "2026-10-23T22:00:00Z", "2026-10-26T23:00:00Z", "1440 1500 1440"},
		{"Europe/Berlin", "1d", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "1380"},
		{"Australia/Lord_Howe", "1h", "2026-04-04T13:00:00Z", "2026-04-04T17:00:00Z", "60 60 30 60 60"},
		{"Pacific/Apia", "1d", "2011-12-28T10:00:00Z", "2012-01-01T10:00:00Z", "1440 1440 1440 1440"},
		{"Pacific/Apia", "2d", "2011-12-28T10:00:00Z", "2012-01-01T10:00:00Z", "2880 1440 2880"},
		{"America/St_Johns", "1d", "2009-10-31T02:30:00Z", "2009-11-02T03:30:00Z", "1440 1500"},
	}
	for _, c := range cases {
		b := NewBuckets(mustWidth(t, c.width), mustZone(t, c.zone))
		from, _ := time.Parse(time.RFC3339, c.from)
		to, _ := time.Parse(time.RFC3339, c.to)
		var lengths []int64
		for at := from.UnixNano(); at < to.UnixNano(); {
			start, end, err := b.Find(at)
			if err != nil {
				t.Fatal(err)
			}
			lengths = append(lengths, (end-start)/second/60)
			at = end
		}
		if got := fmt.Sprint(lengths); got != "["+c.lengths+"]" {
			t.Errorf("%s %s: %s, want [%s]", c.zone, c.width, got, c.lengths)
		}
		if n, err := b.Count(from.UnixNano(), to.UnixNano()); err != nil || n != int64(len(lengths)) {
			t.Errorf("%s %s: %d buckets, want %d (%v)", c.zone, c.width, n, len(lengths), err)
		}
	}
	if n, _ := NewBuckets(Width{1, 'h'}, mustZone(t, "Europe/Berlin")).Count(
		time.Date(2026, 10, 24, 22, 0, 0, 0, time.UTC).UnixNano(), time.Date(2026, 10, 25, 23, 0, 0, 0, time.UTC).UnixNano()); n != 25 {
		t.Errorf("25 October 2026 has %d hours in Berlin", n)
	}
}

func TestBucketsOutsideTheTimeLine(t *testing.T) {
	utcZone := mustZone(t, "UTC")
	for _, c := range []struct {
		width string
		t     int64
		ok    bool
	}{
		{"1s", math.MinInt64, false}, {"1s", math.MaxInt64, false}, {"1s", math.MinInt64 + second, true}, {"1s", math.MaxInt64 - second, true},
		{"1d", math.MaxInt64 - second, false}, {"1y", math.MinInt64 + second, false}, {"1y", 0, true}, {"300y", 0, true}, {"584y", 0, false},
	} {
		_, _, err := NewBuckets(mustWidth(t, c.width), utcZone).Find(c.t)
		if (err == nil) != c.ok {
			t.Errorf("%s at %s: %v", c.width, utc(c.t), err)
		}
		if _, err := NewBuckets(mustWidth(t, c.width), utcZone).Count(c.t-1, c.t); c.t != math.MinInt64 && (err == nil) != c.ok {
			t.Errorf("count %s at %s: %v", c.width, utc(c.t), err)
		}
	}
}

func TestParseWidth(t *testing.T) {
	for _, s := range []string{"1s", "15m", "1M", "10y", "2w", "18446744072s", "584y"} {
		if w, err := ParseWidth(s); err != nil || w.String() != s {
			t.Errorf("%q: %v, %v", s, w, err)
		}
	}
	for s, want := range map[string]string{
		"15M ":                  `"15M ": "M " is not a unit`,
		"":                      `"" is not a bucket width`,
		"m":                     `"m" is not a bucket width`,
		"0d":                    `"0d" is not a bucket width`,
		"-1d":                   `"-1d" is not a bucket width`,
		"1.5h":                  `"1.5h": ".5h" is not a unit`,
		"1D":                    `"1D": "D" is not a unit`,
		"1 d":                   `" d" is not a unit`,
		"15":                    `"15" is not a bucket width`,
		"99999999999999999999s": "the widest is 18446744072s",
		"600y":                  "the widest is 584y",
	} {
		if _, err := ParseWidth(s); err == nil || !contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", s, err, want)
		}
	}
}
