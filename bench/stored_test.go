package bench

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestStoreBenchmark runs every case once, small.
func TestStoreBenchmark(t *testing.T) {
	t.Setenv(serveVariable, "1")
	var out bytes.Buffer
	opts := StoreOptions{Options: Options{Dir: t.TempDir(), Points: 200_000, Series: 2, Cores: []int{1}, Count: 1, Time: 1}}
	if err := RunStore(t.Context(), opts, &out, func(string) {}); err != nil {
		t.Fatal(err)
	}
	rate, memory := "points/s", "peak-MiB"
	expect(t, out.Bytes(), 1, map[string][]string{
		"Roofline/data=walk-1": {rate, "B/s", memory},
		"Scan/data=walk-1":     {rate, "B/s", memory, "of-roofline"},
		"Buckets/data=walk/func=avg/bucket=1d/from=samples-1": {rate, memory},
		"Buckets/data=walk/func=avg/bucket=1d/from=sums-1":    {rate, memory, "of-raw"},
		"Buckets/data=walk/func=avg/bucket=1M/from=samples-1": {rate, memory},
		"Buckets/data=walk/func=avg/bucket=1M/from=sums-1":    {rate, memory, "of-raw"},
		"Start-1":                    {rate, memory},
		"Year/data=walk/bucket=1d-1": {rate, memory, "of-start"},
	})
	if !strings.Contains(out.String(), " bytes a sample with its time of arrival") {
		t.Errorf("nothing is said of the size:\n%s", &out)
	}
	left, err := os.ReadDir(opts.Dir)
	for _, e := range left {
		if strings.HasPrefix(e.Name(), "store-") {
			t.Errorf("%s is left", e.Name())
		}
	}
	if err != nil {
		t.Error(err)
	}
	opts.Cases = []string{"scna"}
	if err := opts.Validate(); err == nil || !strings.Contains(err.Error(), "--case scna") {
		t.Errorf("a wrong case: %v", err)
	}
}
