package bench

import (
	"strings"
	"testing"
	"time"
)

func TestParseCount(t *testing.T) {
	for text, want := range map[string]int64{"50e6": 50_000_000, "2.5e3": 2500, "1": 1, "1e15": 1e15} {
		if got, err := ParseCount(text); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "many", "0", "-1", "0.5", "1e16", "NaN", "inf", "12 "} {
		if got, err := ParseCount(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}

// TestOptionsFaults: every fault is reported, with the flag that it is in.
func TestOptionsFaults(t *testing.T) {
	good := Options{Count: 1, Cores: []int{1}, Functions: []string{"avg", "all", "avg+max"}, Buckets: []string{"15m"}, Zones: []string{"utc", "Europe/Berlin"},
		Touches: []string{"first"}, Formats: []string{"pdf"}}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	bad := Options{Input: "store", Data: "walk", Points: 1, Series: 1, Time: -time.Second, Cores: []int{0}, Functions: []string{"avg+maxx"}, Buckets: []string{"15"},
		Zones: []string{"CEST"}, Touches: []string{"hot"}, Formats: []string{"doc"}}
	err := bad.Validate()
	for _, flag := range []string{"--dataset", "--points", "--series", "--count 0", "--time -1s", "--cpu 0", "--func avg+maxx", "--bucket 15", "--timezone CEST", "--touch hot", "--format doc"} {
		if err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("%s is not among the faults:\n%v", flag, err)
		}
	}
}

func TestOptionsDataset(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{}, "walk-50x20000"},
		{Options{Points: 7, Series: 2}, "walk-2x3"},
		{Options{Data: DataTetouan}, "tetouan-8x125000"},
	} {
		if got := c.o.dataset(1_000_000).String(); got != c.want {
			t.Errorf("%+v: %s, want %s", c.o, got, c.want)
		}
	}
}
