package decimation

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

func TestLoadZone(t *testing.T) {
	for asked, name := range map[string]string{"utc": "UTC", "UTC": "UTC", "europe/BERLIN": "Europe/Berlin", "America/Argentina/ushuaia": "America/Argentina/Ushuaia"} {
		if z, err := LoadZone(asked); err != nil || z.Name != name {
			t.Errorf("%s: %v, %v", asked, z, err)
		}
	}
	if z := mustZone(t, "utc"); z.Location != time.UTC {
		t.Error("utc is not time.UTC")
	}
	if mustZone(t, "europe/berlin") != mustZone(t, "Europe/Berlin") {
		t.Error("a zone was read twice")
	}
	for asked, want := range map[string]string{
		"": "empty", " ": "empty", "Local": "machine", "CEST": "nearest name is CET", "Berlin": "Europe/Berlin", "Europe/Berlim": "Europe/Berlin",
		"new york": "America/New_York", "../etc/passwd": "nearest", "Europe/": "nearest",
	} {
		if z, err := LoadZone(asked); err == nil || !contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want an error with %s", asked, z, err, want)
		}
	}
}

func TestZoneDatabase(t *testing.T) {
	names := ZoneNames()
	if len(names) < 590 || names[0] != "Africa/Abidjan" {
		t.Errorf("%d names from %v on", len(names), names[:1])
	}
	for _, name := range names {
		if _, err := LoadZone(name); err != nil {
			t.Error(err)
		}
	}
	// 2025b moved Chile's Aysén to −03 for good; 2025c is the newest that this archive may be.
	if _, offset := time.Date(2025, 7, 1, 0, 0, 0, 0, mustZone(t, "America/Coyhaique").Location).Zone(); offset != -3*3600 {
		t.Errorf("Coyhaique is at %d s: the database is older than %s", offset, ZoneDatabase)
	}
}

func TestOffsets(t *testing.T) {
	at := func(s string) int64 {
		moment, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return moment.UnixNano()
	}
	const h = 3600
	for _, c := range []struct {
		zone, from, to string
		want           []int
	}{
		{"UTC", "1700-01-01T00:00:00Z", "2200-01-01T00:00:00Z", []int{0}},
		{"Australia/Lord_Howe", "2020-01-01T00:00:00Z", "2022-01-01T00:00:00Z", []int{11 * h, 10*h + h/2}},
		// The last day of a leap year, as UTC counts days, is where the standard library's bounds don't hold the moment itself.
		{"Europe/Berlin", "2016-12-31T23:00:00Z", "2017-12-31T23:00:00Z", []int{1 * h, 2 * h}},
		{"Europe/Berlin", "2026-10-25T00:59:59Z", "2026-10-25T01:00:00Z", []int{2 * h, 1 * h}},
		{"Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T00:59:59Z", []int{2 * h}},
		{"Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-30T10:00:00Z", []int{-10 * h, 14 * h}},
	} {
		if got := mustZone(t, c.zone).Offsets(at(c.from), at(c.to)); !slices.Equal(got, c.want) {
			t.Errorf("%s from %s to %s: %v, want %v", c.zone, c.from, c.to, got, c.want)
		}
	}
	if got := mustZone(t, "Europe/Berlin").Offsets(math.MinInt64, math.MaxInt64); len(got) != 4 || got[0] != 3208 {
		t.Errorf("Berlin over all time: %v", got)
	}
}

// TestSpans compares the table of offsets with the standard library at random moments and around each change.
func TestSpans(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	for _, name := range ZoneNames() {
		z := mustZone(t, name)
		seconds := []int64{firstSecond, lastSecond}
		for range 50 {
			seconds = append(seconds, r.Int64N(2*lastSecond)-lastSecond)
		}
		for _, s := range z.spans[1:] {
			seconds = append(seconds, s.start-1, s.start)
		}
		for _, sec := range seconds {
			_, want := time.Unix(sec, 0).In(z.Location).Zone()
			if got := z.spans[spanAt(z.spans, sec)].offset; got != int64(want) {
				t.Fatalf("%s at %d: offset %d, want %d", name, sec, got, want)
			}
		}
	}
}

func TestCivil(t *testing.T) {
	for days := int64(-200000); days < 200000; days += 7 {
		want := time.Unix(days*day, 0).UTC()
		y, m, d := civilDate(days)
		if y != int64(want.Year()) || m != int64(want.Month()) || d != int64(want.Day()) || civilDays(y, m, d) != days {
			t.Fatalf("day %d is %d-%d-%d, want %s", days, y, m, d, want.Format(time.DateOnly))
		}
	}
	for month := range int64(12) {
		for _, year := range []int64{1900, 2000, 2023, 2024} {
			want := civilDays(year+(month+1)/12, (month+1)%12+1, 1) - civilDays(year, month+1, 1)
			if got := daysIn(year, month+1); got != want {
				t.Errorf("%d-%d has %d days, want %d", year, month+1, got, want)
			}
		}
	}
}

func TestLocalInstant(t *testing.T) {
	cases := []struct {
		zone                  string
		year, month, day      int
		hour, minute, seconds int
		want                  string
	}{
		{"Europe/Berlin", 2026, 7, 1, 12, 0, 0, "2026-07-01T10:00:00.5Z"},
		{"Europe/Berlin", 2026, 10, 25, 2, 30, 0, "2026-10-25T00:30:00.5Z"}, // twice: the earlier
		{"Europe/Berlin", 2026, 3, 29, 2, 30, 0, "2026-03-29T01:00:00Z"},    // never: the end of the gap
		{"Pacific/Apia", 2011, 12, 30, 12, 0, 0, "2011-12-30T10:00:00Z"},
		{"America/St_Johns", 2009, 10, 31, 23, 30, 0, "2009-11-01T02:00:00.5Z"},
		{"Asia/Kathmandu", 1986, 1, 1, 0, 0, 0, "1985-12-31T18:30:00Z"},
	}
	for _, c := range cases {
		got, err := LocalInstant(c.year, c.month, c.day, c.hour, c.minute, c.seconds, 500_000_000, mustZone(t, c.zone))
		if err != nil || utc(got) != c.want {
			t.Errorf("%s %d-%d-%d %d:%d: %s, %v, want %s", c.zone, c.year, c.month, c.day, c.hour, c.minute, utc(got), err, c.want)
		}
	}
	for _, f := range [][6]int{{2026, 13, 1, 0, 0, 0}, {2026, 2, 29, 0, 0, 0}, {2026, 1, 0, 0, 0, 0}, {2026, 1, 1, 24, 0, 0}, {2026, 1, 1, 0, 60, 0},
		{2026, 1, 1, 0, 0, 60}, {2263, 1, 1, 0, 0, 0}, {2262, 12, 1, 0, 0, 0}, {-1, 1, 1, 0, 0, 0}} {
		if got, err := LocalInstant(f[0], f[1], f[2], f[3], f[4], f[5], 0, mustZone(t, "UTC")); err == nil {
			t.Errorf("%v is %s", f, utc(got))
		}
	}
}
