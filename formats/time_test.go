package formats

import (
	"math"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestTimePrinter(t *testing.T) {
	at := func(s string) int64 {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return v.UnixNano()
	}
	for _, c := range []struct {
		time, zone string
		style      TimeStyle
		want       string
	}{
		{"2026-10-25T00:30:00Z", "Europe/Berlin", TimeStyle{}, "2026-10-25T02:30:00+02:00"},
		{"2026-10-25T01:30:00Z", "Europe/Berlin", TimeStyle{Format: "iso"}, "2026-10-25T02:30:00+01:00"},
		{"2026-10-25T01:30:00Z", "UTC", TimeStyle{}, "2026-10-25T01:30:00Z"},
		{"2026-01-25T01:30:00Z", "Europe/London", TimeStyle{}, "2026-01-25T01:30:00+00:00"},
		{"2026-10-25T01:30:00Z", "Asia/Kathmandu", TimeStyle{}, "2026-10-25T07:15:00+05:45"},
		{"2026-10-25T01:30:00Z", "America/St_Johns", TimeStyle{}, "2026-10-24T23:00:00-02:30"},
		{"2011-12-30T09:59:59Z", "Pacific/Apia", TimeStyle{}, "2011-12-29T23:59:59-10:00"},
		{"2011-12-30T10:00:00Z", "Pacific/Apia", TimeStyle{}, "2011-12-31T00:00:00+14:00"},
		{"1880-01-01T00:00:00Z", "Europe/Berlin", TimeStyle{}, "1880-01-01T00:53:28+00:53:28"},
		{"1880-01-01T00:00:00Z", "America/New_York", TimeStyle{}, "1879-12-31T19:03:58-04:56:02"},
		{"2026-10-25T01:30:00.123456789Z", "UTC", TimeStyle{Digits: 3}, "2026-10-25T01:30:00.123Z"},
		{"2026-10-25T01:30:00.123456789Z", "UTC", TimeStyle{Digits: 6}, "2026-10-25T01:30:00.123456Z"},
		{"2026-10-25T01:30:00.123456789Z", "UTC", TimeStyle{Digits: 9}, "2026-10-25T01:30:00.123456789Z"},
		{"1969-12-31T23:59:59.5Z", "UTC", TimeStyle{Digits: 3}, "1969-12-31T23:59:59.500Z"},
		{"2026-10-25T01:30:00Z", "Europe/Berlin", TimeStyle{Format: "local"}, "2026-10-25 02:30:00"},
		{"2026-10-25T01:30:00.5Z", "Europe/Berlin", TimeStyle{Format: "local", Digits: 3}, "2026-10-25 02:30:00.500"},

		{"2001-09-09T01:46:40Z", "Europe/Berlin", TimeStyle{Format: "unix"}, "1000000000"},
		{"2001-09-09T01:46:40.25Z", "UTC", TimeStyle{Format: "unix", Digits: 3}, "1000000000.250"},
		{"1969-12-31T23:59:58.5Z", "UTC", TimeStyle{Format: "unix", Digits: 3}, "-1.500"},
		{"1969-12-31T23:59:59.5Z", "UTC", TimeStyle{Format: "unix", Digits: 3}, "-0.500"},
		{"1970-01-01T00:00:00Z", "UTC", TimeStyle{Format: "unix"}, "0"},
		{"2001-09-09T01:46:40.000000001Z", "UTC", TimeStyle{Format: "unix", Digits: 9}, "1000000000.000000001"},
		{"2001-09-09T01:46:40Z", "UTC", TimeStyle{Format: "unixMilli"}, "1000000000000"},
		{"2001-09-09T01:46:40.25Z", "UTC", TimeStyle{Format: "unixMilli", Digits: 3}, "1000000000250"},
		{"2001-09-09T01:46:40.2505Z", "UTC", TimeStyle{Format: "unixMilli", Digits: 6}, "1000000000250.500"},
		{"2001-09-09T01:46:40.000000001Z", "UTC", TimeStyle{Format: "unixMilli", Digits: 9}, "1000000000000.000001"},

		{"2026-03-05T13:04:05.678Z", "Europe/Berlin", TimeStyle{Format: "%d.%m.%Y %H:%M"}, "05.03.2026 14:04"},
		{"2026-03-05T13:04:05.678Z", "Europe/Berlin", TimeStyle{Format: "%Y%m%dT%H%M%S%z"}, "20260305T140405+0100"},
		{"2026-03-05T13:04:05.678Z", "Europe/Berlin", TimeStyle{Format: "%F %T.%f %Z %:z"}, "2026-03-05 14:04:05.678000 CET +01:00"},
		{"2026-03-05T13:04:05.678Z", "UTC", TimeStyle{Format: "%I:%M %p, %a %A %e %b %B %y %j %L %N %s %%"},
			"01:04 PM, Thu Thursday  5 Mar March 26 064 678 678000000 1772715845 %"},
		{"2027-01-03T00:00:00Z", "UTC", TimeStyle{Format: "%G-W%V-%u %w %I%p"}, "2026-W53-7 0 12AM"},
		{"2026-03-05T13:04:05.000000001Z", "UTC", TimeStyle{Format: "%S.%f", Digits: 9}, "05.000000001"},
		{"1880-01-01T00:00:00Z", "Europe/Berlin", TimeStyle{Format: "%H:%M:%S%z"}, "00:53:28+005328"},
	} {
		p := NewTimePrinter(zone(t, c.zone), c.zone, c.style)
		if got := string(p.Append([]byte(">"), at(c.time))); got != ">"+c.want {
			t.Errorf("%s in %s as %+v: %s, want %s", c.time, c.zone, c.style, got[1:], c.want)
		}
	}
}

// One printer, walking about at random, prints what package time prints afresh for every time.
func TestTimePrinterAgainstPackageTime(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca", "Europe/Dublin"}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(zones).Draw(t, "zone")
		z, _ := time.LoadLocation(name)
		digits := rapid.SampledFrom([]int{0, 3, 6, 9}).Draw(t, "digits")
		fraction := ""
		if digits > 0 {
			fraction = "." + strings.Repeat("0", digits)
		}
		iso := NewTimePrinter(z, name, TimeStyle{Digits: digits})
		local := NewTimePrinter(z, name, TimeStyle{Format: "local", Digits: digits})
		layout := NewTimePrinter(z, name, TimeStyle{Format: "%a %e %b %Y %j %I %p"})
		at := rapid.Int64().Draw(t, "start")
		for range 20 {
			tm := time.Unix(0, at).In(z)
			suffix := "-07:00"
			if name == "UTC" {
				suffix = "Z"
			} else if _, offset := tm.Zone(); offset%60 != 0 {
				suffix = "-07:00:00"
			}
			for _, c := range []struct{ got, want string }{
				{string(iso.Append(nil, at)), tm.Format("2006-01-02T15:04:05" + fraction + suffix)},
				{string(local.Append(nil, at)), tm.Format("2006-01-02 15:04:05" + fraction)},
				{string(layout.Append(nil, at)), tm.Format("Mon _2 Jan 2006 002 03 PM")},
			} {
				if c.got != c.want {
					t.Fatalf("%d in %s: %s, want %s", at, name, c.got, c.want)
				}
			}
			at += rapid.SampledFrom([]int64{0, 1, 1e9, 6e10, 36e11, 864e11, 864e11 * 30, 1 << 58}).Draw(t, "step") * rapid.SampledFrom([]int64{1, 1, 1, -1}).Draw(t, "direction")
		}
	})
}

// The minute that a printer remembers ends where the zone's offset changes, which may be within it, and where int64 does.
func TestTimePrinterAroundChanges(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Monrovia", "Europe/Amsterdam"} {
		z := zone(t, name)
		instants := []time.Time{time.Unix(0, math.MinInt64), time.Unix(0, math.MaxInt64), time.Unix(0, 0)}
		for at := time.Unix(0, math.MinInt64).In(z); len(instants) < 60; {
			_, end := at.ZoneBounds()
			if end.IsZero() {
				break
			}
			instants, at = append(instants, end), end
		}
		p := NewTimePrinter(z, name, TimeStyle{Format: "local", Digits: 9})
		for _, instant := range instants {
			for step := -150; step <= 150; step++ {
				at := instant.UnixNano() + int64(step)*700_000_001 // wraps at the ends
				want := time.Unix(0, at).In(z).Format("2006-01-02 15:04:05.000000000")
				if got := string(p.Append(nil, at)); got != want {
					t.Fatalf("%d in %s: %s, want %s", at, name, got, want)
				}
			}
		}
	}
}

func TestCheckTimeFormat(t *testing.T) {
	for _, good := range []string{"", "iso", "local", "unix", "unixMilli", "%Y-%m-%d", "%H:%M:%S.%f%:z", "100%% %d"} {
		if err := CheckTimeFormat(good); err != nil {
			t.Errorf("CheckTimeFormat(%q) = %v", good, err)
		}
	}
	for bad, hint := range map[string]string{
		"ISO":        "allowed are iso, local, unix, unixMilli",
		"yyyy-MM-dd": "strftime layout",
		"%Q":         `unknown conversion "%Q"; allowed after % are Y y m`,
		"%d%":        `unknown conversion "%"`,
		"% d":        `unknown conversion "% "`,
		"%d\n":       "control character",
		"%:Z":        `unknown conversion "%:"`,
	} {
		if err := CheckTimeFormat(bad); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("CheckTimeFormat(%q) = %v, want a hint with %q", bad, err, hint)
		}
	}
}

func TestNamesZone(t *testing.T) {
	for format, want := range map[string]bool{
		"": true, "iso": true, "local": false, "unix": true, "unixMilli": true,
		"%H:%M": false, "%H:%M%z": true, "%H:%M %:z": true, "%s": true, "%H:%M %Z": false, "%%z": false,
	} {
		if got := (TimeStyle{Format: format}).NamesZone(); got != want {
			t.Errorf("NamesZone of %q = %v, want %v", format, got, want)
		}
	}
}

func BenchmarkTimePrinter(b *testing.B) {
	z := zone(b, "Europe/Berlin")
	for _, format := range []string{"iso", "local", "unix", "%d.%m.%Y %H:%M:%S"} {
		b.Run("format="+strings.ReplaceAll(format, " ", "_"), func(b *testing.B) {
			p := NewTimePrinter(z, "Europe/Berlin", TimeStyle{Format: format})
			dst := make([]byte, 0, 64)
			at := int64(1772715845e9)
			for range b.N {
				dst = p.Append(dst[:0], at)
				at += 1e9
			}
		})
	}
	b.Run("format=iso/by=time", func(b *testing.B) {
		dst := make([]byte, 0, 64)
		at := int64(1772715845e9)
		for range b.N {
			dst = time.Unix(0, at).In(z).AppendFormat(dst[:0], time.RFC3339)
			at += 1e9
		}
	})
}
