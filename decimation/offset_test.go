package decimation

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func mustShift(t rapid.TB, b Buckets, offset Period) Buckets {
	t.Helper()
	shifted, err := b.Shift(offset)
	if err != nil {
		t.Fatal(err)
	}
	if shifted.Offset() != offset {
		t.Fatalf("%s moved by %s says %s", b, offset, shifted.Offset())
	}
	return shifted
}

// drawShift moves calendar buckets by any offset that they take, or not at all.
func drawShift(t *rapid.T, b Buckets) Buckets {
	if !b.calendar || rapid.Bool().Draw(t, "unmoved") {
		return b
	}
	months := int64(0)
	if !b.inDays() {
		months = rapid.Int64Range(0, b.step-1).Draw(t, "months")
	}
	_, longest := monthsLast(months)
	seconds := rapid.Int64Range(0, b.shortest()-longest-1).Draw(t, "seconds")
	return mustShift(t, b, Period{Months: months, Days: seconds / day, Clock: seconds % day * second})
}

// landing is the offset that makes a bucket begin at a local date and time, and whether the width takes it.
func landing(b Buckets, local int64) (Buckets, bool) {
	start := b.nominal(b.index(local))
	months := int64(0)
	if !b.inDays() {
		months = monthNumber(local) - monthNumber(start)
		start = firstOfMonth(monthNumber(start) + months)
	}
	shifted, err := b.Shift(Period{Months: months, Days: (local - start) / day, Clock: (local - start) % day * second})
	return shifted, err == nil
}

// TestShiftedBucketsAgreeWithAWalkThroughTheCalendar where it is hardest: nominal starts before, inside of and after a change of the clock.
func TestShiftedBucketsAgreeWithAWalkThroughTheCalendar(t *testing.T) {
	rounds := 1
	if os.Getenv("DECANT_LONG") != "" {
		rounds = 60
	}
	for _, name := range testZones {
		t.Run(name, func(t *testing.T) {
			zone := mustZone(t, name)
			r := rand.New(rand.NewPCG(8, 9))
			near := changes(zone, r, rounds)
			if name == "Pacific/Apia" {
				near = append(near, time.Date(2011, 12, 30, 10, 0, 0, 0, time.UTC))
			}
			for _, at := range near {
				before := at.Unix() - 1 + zone.table()[spanAt(zone.table(), at.Unix()-1)].offset
				after := at.Unix() + zone.table()[spanAt(zone.table(), at.Unix())].offset
				for _, local := range []int64{before, before + 1, (before+after)/2 + r.Int64N(900), after - 1, after, after + 1} {
					for _, w := range []string{"1d", "2d", "1w", "1M", "5M", "1y"} {
						b, ok := landing(NewBuckets(mustWidth(t, w), zone), local)
						if !ok {
							continue
						}
						compareWithWalk(t, zone, b, at.Add(-10*time.Second), at.Add(10*time.Second), time.Second)
						if local%60 == 0 && before%60 == 59 {
							compareWithWalk(t, zone, b, at.Add(-50*time.Hour), at.Add(50*time.Hour), 5*time.Minute)
						}
					}
				}
			}
			for _, c := range [][2]string{{"1d", "PT6H"}, {"1w", "P6DT23H45M"}, {"1M", "P14DT6H"}, {"1y", "P3M5DT12H30M"}, {"2y", "P1Y6M"}} {
				b := mustShift(t, NewBuckets(mustWidth(t, c[0]), zone), mustPeriod(t, c[1]))
				from := time.Date(1972+r.IntN(50), time.Month(1+r.IntN(12)), 1, 0, 0, 0, 0, time.UTC)
				compareWithWalk(t, zone, b, from, from.AddDate(1, 2, 0), 15*time.Minute)
			}
		})
	}
}

func TestShiftedBucketsOfKnownDays(t *testing.T) {
	cases := []struct {
		zone, width, offset, at string
		starts                  string
	}{
		{"Europe/Berlin", "1d", "PT6H", "2026-10-25T01:30:00Z", "2026-10-24T04:00:00Z 2026-10-25T05:00:00Z 2026-10-26T05:00:00Z"},
		{"Europe/Berlin", "1d", "PT2H30M", "2026-03-28T12:00:00Z", "2026-03-28T01:30:00Z 2026-03-29T01:00:00Z 2026-03-30T00:30:00Z"}, // 02:30 does not exist
		{"Europe/Berlin", "1d", "PT2H30M", "2026-10-25T01:20:00Z", "2026-10-25T00:30:00Z 2026-10-26T01:30:00Z"},                      // 02:30 exists twice
		{"Pacific/Apia", "1d", "PT6H", "2011-12-30T09:59:59Z", "2011-12-29T16:00:00Z 2011-12-30T10:00:00Z 2011-12-30T16:00:00Z"},     // the 30th does not exist
		{"UTC", "1w", "P6D", "2026-10-24T00:00:00Z", "2026-10-18T00:00:00Z 2026-10-25T00:00:00Z"},                                    // weeks from Sunday
		{"UTC", "1M", "P14D", "2026-03-01T00:00:00Z", "2026-02-15T00:00:00Z 2026-03-15T00:00:00Z"},
		{"UTC", "1y", "P3M", "2026-03-31T23:59:59Z", "2025-04-01T00:00:00Z 2026-04-01T00:00:00Z"},
		{"UTC", "10y", "P1Y", "2026-03-31T23:59:59Z", "2021-01-01T00:00:00Z 2031-01-01T00:00:00Z"},
		{"UTC", "1M", "P27D", "2026-02-28T00:00:00Z", "2026-02-28T00:00:00Z 2026-03-28T00:00:00Z"},
	}
	for _, c := range cases {
		b := mustShift(t, NewBuckets(mustWidth(t, c.width), mustZone(t, c.zone)), mustPeriod(t, c.offset))
		var starts []string
		start, end, err := b.Find(at(t, c.at))
		for starts = append(starts, utc(start)); err == nil && len(fmt.Sprint(starts)) < len(c.starts); {
			start, end, err = b.Find(end)
			starts = append(starts, utc(start))
		}
		if got := fmt.Sprint(starts); err != nil || got != "["+c.starts+"]" {
			t.Errorf("%s in %s: %s, %v, want [%s]", b, c.zone, got, err, c.starts)
		}
	}
}

func TestShiftTakesItsPlace(t *testing.T) {
	b := NewBuckets(mustWidth(t, "1d"), mustZone(t, "UTC"))
	twice := mustShift(t, mustShift(t, b, mustPeriod(t, "PT6H")), mustPeriod(t, "PT7H"))
	back := mustShift(t, twice, Period{})
	for want, got := range map[string]Buckets{"1d+PT7H": twice, "1d": back} {
		if got.String() != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if start, _, err := twice.Find(0); err != nil || utc(start) != "1969-12-31T07:00:00Z" {
		t.Errorf("1970 begins in the bucket of %s, %v", utc(start), err)
	}
	if start, _, err := back.Find(0); err != nil || start != 0 {
		t.Errorf("1970 begins in the bucket of %s, %v", utc(start), err)
	}
	if b, err := NewBuckets(mustWidth(t, "15m"), mustZone(t, "UTC")).Shift(Period{}); err != nil || b.String() != "15m" {
		t.Errorf("no offset for wall clock buckets: %s, %v", b, err)
	}
}

func TestShiftRefuses(t *testing.T) {
	for _, c := range []struct{ width, longest, refused, want string }{
		{"1d", "PT23H59M59S", "P1D", "P1D is not shorter than 1d: it lasts up to P1D, and the shortest such bucket P1D"},
		{"1d", "PT23H", "PT24H", "PT24H is not shorter than 1d"},
		{"1d", "PT1S", "PT0.5S", "PT0.5S has a fraction of a second"},
		{"3d", "P2DT23H", "P3D", "not shorter"},
		{"1w", "P6DT23H59M59S", "P1W", "not shorter"},
		{"5w", "P4W6D", "P1M", "P1M: months and years differ in length, so buckets of 5w are moved by weeks, days and time alone"},
		{"400d", "P399D", "P1Y", "differ in length"},
		{"1M", "P27D", "P28D", "P28D is not shorter than 1M: it lasts up to P28D, and the shortest such bucket P28D"},
		{"1M", "P27DT23H59M59S", "P1M", "it lasts up to P31D"},
		{"2M", "P1M27D", "P1M28D", "it lasts up to P59D, and the shortest such bucket P59D"},
		{"1y", "P11M", "P12M", "it lasts up to P366D, and the shortest such bucket P365D"},
		{"1y", "P11M27D", "P1Y", "not shorter"},
		{"12M", "P364D", "P365D", "not shorter"},
		{"10y", "P9Y11M", "P10Y", "not shorter"},
		{"584y", "P291Y", "P1YT0.25S", "fraction"},
		{"24h", "", "PT1H", "PT1H: buckets of 24h follow the wall clock and take no offset"},
		{"15m", "", "PT1S", "take no offset"},
		{"30s", "", "P1M", "take no offset"},
	} {
		b := NewBuckets(mustWidth(t, c.width), mustZone(t, "Europe/Berlin"))
		if c.longest != "" {
			mustShift(t, b, mustPeriod(t, c.longest))
		}
		if _, err := b.Shift(mustPeriod(t, c.refused)); err == nil || !contains(err.Error(), c.want) {
			t.Errorf("%s moved by %s: %v, want %s", c.width, c.refused, err, c.want)
		}
	}
}
