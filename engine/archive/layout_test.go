package archive

import (
	"fmt"
	"math"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestEscape(t *testing.T) {
	for channel, want := range map[string]string{
		"plant-7":                              "plant-7",
		"m/1":                                  "m%2F1",
		`a"#%'*/:=?\{}[]^<>|b`:                 "a%22%23%25%27%2A%2F%3A%3D%3F%5C%7B%7D%5B%5D%5E%3C%3E%7Cb",
		"mühle 2":                              "mühle 2",
		"ends.":                                "ends%2E",
		"ends ":                                "ends%20",
		"":                                     hiveNull,
		hiveNull:                               "%5F_HIVE_DEFAULT_PARTITION__",
		"..":                                   ".%2E",
		"0115c85d-ef3e-4de9-9732-d0c5c4f2c482": "0115c85d-ef3e-4de9-9732-d0c5c4f2c482",
	} {
		if got := escape(channel); got != want {
			t.Errorf("%q is written %q, want %q", channel, got, want)
		}
	}
}

// A channel whose name would be too long for a file system has a shorter one, which no other channel has.
func TestEscapeLong(t *testing.T) {
	seen := map[string]string{}
	long := []string{strings.Repeat("L", 247), strings.Repeat("L", 248), strings.Repeat("L", 256), strings.Repeat("L", 255) + "x", strings.Repeat("ä/", 85), "x" + strings.Repeat("ä/", 85), strings.Repeat("𝄞", 64)}
	for _, channel := range long {
		long = append(long, escape(channel)) // a channel that is called like another one's folder
	}
	for _, channel := range long {
		name := escape(channel)
		if before, ok := seen[name]; ok && before != channel {
			t.Errorf("%q and %q are both written %q", before, channel, name)
		}
		seen[name] = channel
		if len(channelKey+name) > 255 || !utf8.ValidString(name) {
			t.Errorf("%q is written %q, of %d bytes", channel, name, len(name))
		}
		if _, err := url.PathUnescape(name); err != nil {
			t.Errorf("%q is written %q: %v", channel, name, err)
		}
	}
	if got := escape(long[0]); got != long[0] {
		t.Errorf("a name that just fits is written %q", got)
	}
}

// Any channel has a name of its own, which is one folder's on any system, and other programs read it back as the channel.
func TestEscapeAny(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		channel := rapid.String().Draw(t, "channel")
		name := escape(channel)
		if strings.ContainsAny(name, "/\\:*?\"<>|=\x00") || strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") {
			t.Fatalf("%q is written %q", channel, name)
		}
		if channel == "" || digestEnd.MatchString(name) { // cut
			return
		}
		if got, err := url.PathUnescape(name); err != nil || got != channel {
			t.Fatalf("%q is written %q, which reads %q, %v", channel, name, got, err)
		}
	})
}

func TestDay(t *testing.T) {
	for _, at := range []int64{math.MinInt64, math.MinInt64 + 1, -1, 0, 1, dayNanos - 1, dayNanos, noon, math.MaxInt64 - 1} {
		d := dayOf(at)
		if at < d.Start() || at >= d.End() {
			t.Errorf("%d is not in %s, [%d, %d)", at, d, d.Start(), d.End())
		}
		if want := time.Unix(0, at).UTC().Format(time.DateOnly); d.String() != want {
			t.Errorf("%d is in %s, want %s", at, d, want)
		}
		var again Day
		if err := again.UnmarshalText([]byte(d.String())); err != nil || again != d {
			t.Errorf("%s reads as %s, %v", d, again, err)
		}
	}
	if got := partName("a/b", dayOf(noon), 12); got != "channel=a%2Fb/day=2026-03-29/part-12.parquet" {
		t.Error(got)
	}
}

// Every time is microseconds and a rest, and back.
func TestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.Int64().Draw(t, "at")
		micros, nanos := split(at)
		if nanos < 0 || nanos > 999 || join(micros, nanos) != at || micros > at/1000 {
			t.Fatalf("%d is %d and %d", at, micros, nanos)
		}
	})
}

// TestCache: what was used longest ago goes, and what is too large for any is kept alone.
func TestCache(t *testing.T) {
	c := newCache(10)
	loads := 0
	get := func(key string, bytes int64) {
		v, err := lookup(c, key, func() (string, int64, error) { loads++; return "value of " + key, bytes, nil })
		if err != nil || v != "value of "+key {
			t.Fatalf("%s has %q, %v", key, v, err)
		}
	}
	for i, step := range []struct {
		key   string
		bytes int64
		loads int
	}{{"a", 4, 1}, {"b", 4, 2}, {"a", 4, 2}, {"c", 4, 3}, {"a", 4, 3}, {"b", 4, 4}, {"huge", 100, 5}, {"huge", 100, 5}, {"a", 4, 6}} {
		get(step.key, step.bytes)
		if loads != step.loads {
			t.Fatalf("step %d: %d loads, want %d", i, loads, step.loads)
		}
	}
	if _, err := lookup(c, "fails", func() (string, int64, error) { return "", 0, fmt.Errorf("no") }); err == nil {
		t.Error("a load that fails is no error")
	}
}

// FuzzManifest: any text is refused, or is what it would be written as.
func FuzzManifest(f *testing.F) {
	m := &Manifest{Decant: "test", Series: []Series{{Channel: "c", Name: "n", Samples: 1, First: instant(noon), Last: instant(noon)}},
		Parts: []Part{{File: partName("c", dayOf(noon), 0), Channel: "c", Day: dayOf(noon), Rows: 1, Bytes: 100, First: instant(noon), Last: instant(noon), Series: 1, Footer: Footer{Bytes: 50, CRC32C: "00000000"}}}}
	text, err := m.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"archive": 2, "decant": "later"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := decodeManifest(text)
		if err != nil {
			return
		}
		again, err := m.encode()
		if err != nil {
			t.Fatal(err)
		}
		if read, err := decodeManifest(again); err != nil || !reflect.DeepEqual(read, m) {
			t.Fatalf("%s is written as\n%s%v", text, again, err)
		}
	})
}

// FuzzIndex: any text is refused, or its rows are all there is.
func FuzzIndex(f *testing.F) {
	f.Add(`{"series":[{"subtopic":"s","publisher":"","name":"n","unit":"","stats":{"samples":3,"numbers":3,"first":1,"last":2,"firstValue":1,"lastValue":2,"min":0,"max":1}}],"crc32c":[[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]]}`, int64(3))
	f.Add(`{"series":[]}`, int64(0))
	f.Fuzz(func(t *testing.T, text string, rows int64) {
		x, err := parseIndex(text, rows, 1)
		if err != nil {
			return
		}
		total := int64(0)
		for i := range x.Series {
			total += x.Series[i].Stats.Samples
			if found := x.find(x.Series[i].key()); found != &x.Series[i] {
				t.Fatalf("series %d is not found", i)
			}
		}
		if total != rows {
			t.Fatalf("%d rows, want %d", total, rows)
		}
	})
}
