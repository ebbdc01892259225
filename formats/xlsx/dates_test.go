package xlsx

import (
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"decant/formats"
)

func load(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestSerial(t *testing.T) {
	berlin := load(t, "Europe/Berlin")
	for _, c := range []struct {
		at   string
		zone *time.Location
		want float64
		ok   bool
	}{
		{"1900-02-28T23:59:59Z", time.UTC, 0, false},
		{"1900-03-01T00:00:00Z", time.UTC, 61, true},
		{"1900-02-28T23:30:00Z", berlin, 61 + 0.5/24, true}, // in the zone it is March
		{"1970-01-01T00:00:00Z", time.UTC, 25569, true},
		{"2026-10-25T00:30:00Z", berlin, 46320 + 2.5/24, true}, // 02:30 twice:
		{"2026-10-25T01:30:00Z", berlin, 46320 + 2.5/24, true}, // the offset column tells them apart
		{"2026-10-25T12:00:00.9Z", time.UTC, 46320.5, true},    // whole seconds only
	} {
		at, err := time.Parse(time.RFC3339Nano, c.at)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := newWallClock(c.zone, 0).serial(at.UnixNano())
		if got != c.want || ok != c.ok {
			t.Errorf("%s in %s is %v, %v; want %v, %v", c.at, c.zone, got, ok, c.want, c.ok)
		}
	}
}

// A serial, rounded to what the cell shows, is the wall time that package time prints.
func TestSerialAgainstPackageTime(t *testing.T) {
	zones := []*time.Location{time.UTC, load(t, "Europe/Berlin"), load(t, "Australia/Lord_Howe"), load(t, "Asia/Kathmandu"), load(t, "Pacific/Apia")}
	rapid.Check(t, func(r *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(r, "zone")
		digits := rapid.SampledFrom([]int{0, 3}).Draw(r, "digits")
		clock := newWallClock(zone, digits)
		unit := int64(math.Pow10(9 - digits))
		for _, ns := range rapid.SliceOfN(rapid.Int64(), 1, 5).Draw(r, "times") {
			at := time.Unix(0, ns).In(zone)
			wall := time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC)
			day := wall.Unix() / 86400
			if wall.Unix()%86400 < 0 {
				day--
			}
			got, ok := clock.serial(ns)
			if wantOK := day+unixDay >= firstSerial; ok != wantOK {
				r.Fatalf("%v: ok is %v", at, ok)
			}
			if !ok {
				continue
			}
			// units since the epoch of serials, exactly
			exact := new(big.Rat).SetFloat64(got)
			exact.Mul(exact, new(big.Rat).SetInt64(86400*1e9/unit))
			rounded, _ := new(big.Float).SetRat(exact).Float64()
			second := wall.Unix() - day*86400
			want := (float64(day+unixDay)*86400+float64(second))*(1e9/float64(unit)) + float64(int64(wall.Nanosecond())/unit)
			if math.Round(rounded) != want {
				r.Errorf("%v: serial %v is %v units, want %v", at, got, rounded, want)
			}
		}
	})
}

// A serial prints as all numbers do, by a shorter way.
func TestAppendSerial(t *testing.T) {
	check := func(fatal func(string, ...any), serial float64) {
		if got, want := string(appendSerial(nil, serial)), string(formats.AppendNumber(nil, serial)); got != want {
			fatal("%v prints as %s, want %s", serial, got, want)
		}
	}
	for _, day := range []float64{61, 32767, 32768, 46320, 65535, 65536, 90071} {
		check(t.Errorf, day)
		check(t.Errorf, math.Nextafter(day, 0))
		check(t.Errorf, math.Nextafter(day, math.Inf(1)))
		for ms := 0; ms < secondsPerDay*1000; ms += 86_413 {
			check(t.Errorf, day+float64(ms)/(secondsPerDay*1000))
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		check(r.Errorf, rapid.Float64Range(61, 100_000).Draw(r, "serial"))
		bits := rapid.Uint64Range(math.Float64bits(1<<15), math.Float64bits(1<<16)).Draw(r, "bits")
		check(r.Errorf, math.Float64frombits(bits))
	})
}
