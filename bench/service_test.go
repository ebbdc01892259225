package bench

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestServiceBenchmark runs every case once, small, on a service in a process of its own.
func TestServiceBenchmark(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	t.Setenv(serveVariable, "1")
	var out bytes.Buffer
	opts := ServiceOptions{
		Options: Options{Dir: t.TempDir(), Points: 20_000, Series: 4, Cores: []int{1}, Count: 1},
		Exports: 5, Rate: 100, Load: 200 * time.Millisecond,
	}
	if err := RunService(t.Context(), opts, &out, func(string) {}); err != nil {
		t.Fatal(err)
	}
	did := []string{"exports/s", "points/s", "peak-MiB"}
	want := map[string][]string{}
	for _, size := range []string{"due/size=tiny/exports=5", "due/size=middling/exports=5", "through/size=all/format=csv", "through/size=all/format=parquet", "through/size=tiny/format=csv"} {
		want["Work/data=walk/case="+size+"-1"] = did
		want["Service/data=walk/case="+size+"-1"] = append(did[:3:3], "of-work")
	}
	latency := []string{"p50-ms", "p99-ms", "max-ms", "late-p99-ms", "requests/s"}
	for _, load := range []string{"none", "exports"} {
		want["API/data=walk/load="+load+"-1"] = latency
	}
	for _, load := range []string{"ingest", "exports+ingest"} {
		want["API/data=walk/load="+load+"-1"] = append(latency[:5:5], "messages/s")
	}
	expect(t, out.Bytes(), 1, want)
	left, err := os.ReadDir(opts.Dir)
	for _, e := range left {
		if strings.HasPrefix(e.Name(), "service-") {
			t.Errorf("it leaves %s, %v", e.Name(), err)
		}
	}
}

func TestServiceOptions(t *testing.T) {
	o := ServiceOptions{Options: Options{Count: 1, Cores: []int{1, 1}}, Cases: []string{"dew"}, Exports: -1, Rate: -1, Load: -1}
	err := o.Validate()
	for _, flag := range []string{"--cpu", "--case dew", "--exports -1", "--rate -1", "--load -1ns"} {
		if err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("%s is not among the faults:\n%v", flag, err)
		}
	}
}

// TestLatencies: what a hundredth of the calls took longer than, and nothing that none of them took.
func TestLatencies(t *testing.T) {
	var l latencies
	for i := range 200 {
		l.answered = append(l.answered, time.Duration(200-i)*time.Millisecond)
		l.late = append(l.late, time.Millisecond)
	}
	want := map[string]float64{"p50-ms": 101, "p99-ms": 199, "max-ms": 200, "late-p99-ms": 1}
	for _, m := range l.metrics() {
		if w, ok := want[m.unit]; ok && m.value != w {
			t.Errorf("%s is %v, want %v", m.unit, m.value, w)
		}
	}
}
