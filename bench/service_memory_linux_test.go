package bench

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// serviceGrowth is how much anonymous memory a service may have more than it had after its first calls and jobs, whatever came since; bytes. A leak of a kilobyte a call passes it not, one
// of four does.
const serviceGrowth = 32 << 20

// TestServiceMemoryIsFlat makes 10,000 wrong requests and has 4,000 jobs run. It takes a minute, and runs with DECANT_LONG=1.
func TestServiceMemoryIsFlat(t *testing.T) {
	if os.Getenv("DECANT_LONG") != "1" {
		t.Skip("DECANT_LONG=1 runs it")
	}
	t.Setenv(serveVariable, "1")
	opts := ServiceOptions{Options: Options{Cores: []int{2}, Input: storeOf(t, small)}, Exports: 4000}
	x := &installation{ServiceOptions: opts, session: newSession(opts.Options, t.Output()), in: reading(t, small), dir: t.TempDir()}
	if err := os.CopyFS(x.data(), os.DirFS(x.in.dir)); err != nil {
		t.Fatal(err)
	}
	s, err := x.start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	}()
	memory := func() int64 { return anonymous(s.cmd.Process.Pid) }

	wrong(t, s, 1000)
	before := memory()
	wrong(t, s, 10_000)
	flat(t, "10,000 wrong requests", before, memory())

	run := func() {
		if _, err := s.create(t.Context(), string(x.throughRequest(throughCase{"tiny", "csv", 60}))); err != nil {
			t.Fatal(err)
		}
	}
	for range 200 {
		run()
	}
	before = memory()
	for range x.Exports {
		run()
	}
	err = await(t.Context(), 100*time.Millisecond, func() (bool, error) { return s.done(t.Context(), 200+x.Exports) })
	if err != nil {
		t.Fatal(err)
	}
	flat(t, fmt.Sprintf("%d jobs", x.Exports), before, memory())
}

// wrong makes so many requests that can't be met: each in another way, and some of them long.
func wrong(t *testing.T, s *served, n int) {
	t.Helper()
	long := strings.Repeat("x", 100_000)
	for i := range n {
		c := [][3]string{
			{"POST", "/exports", `{"format": {"extension": "cvs"}, "typ": "oneTime", "items": []}`},
			{"POST", "/exports", `{"format": `},
			{"POST", "/exports/bulk", `[{"title": "` + long + `"}]`},
			{"POST", "/exports", string(oneTime("csv", map[string]any{"target": map[string]any{"value": fmt.Sprintf("urn:%d", i)}, "channelId": "none"}))},
			{"GET", fmt.Sprintf("/exports/none-%d", i), ""},
			{"GET", fmt.Sprintf("/jobs?status[]=%d", i), ""},
			{"GET", fmt.Sprintf("/nothing/%d", i), ""},
			{"PATCH", "/exports", ""},
		}[i%8]
		_, err := s.get(t.Context(), c[0], c[1], "application/json", c[2])
		if err == nil || strings.Contains(err.Error(), ": 5") || s.alive() != nil {
			t.Fatalf("%s %s: %v", c[0], c[1], err)
		}
	}
}

// flat sees that memory has not grown.
func flat(t *testing.T, what string, before, after int64) {
	t.Helper()
	t.Logf("%s: %.1f MiB before, %.1f after", what, float64(before)/(1<<20), float64(after)/(1<<20))
	if after > before+serviceGrowth {
		t.Errorf("%s: the service's memory has grown from %d to %d bytes", what, before, after)
	}
}
