package bench

import (
	"math"
	"strings"
	"testing"
)

// TestInterval: of ten values the interval is from the second to the ninth, whatever they are; of five there is none.
func TestInterval(t *testing.T) {
	i := IntervalOf([]float64{10, 1, 9, 2, 8, 3, 7, 4, 6, 1000})
	if i != (Interval{6.5, 2, 10}) {
		t.Errorf("%+v", i)
	}
	if got := i.String(); got != "6.500 (2.000 to 10.000)" {
		t.Error(got)
	}
	if i := IntervalOf([]float64{5, 4, 3, 2, 1}); i.Median != 3 || !math.IsInf(i.Low, -1) || i.String() != "3.000" {
		t.Errorf("median %v, low %v, high %v, prints as %s", i.Median, i.Low, i.High, i)
	}
	for want, i := range map[string]Interval{
		"812.0M (805.1M to 1030.4M)": {812e6, 805.1e6, 1030.4e6},
		"0.412 (0.399 to 0.420)":     {0.412, 0.399, 0.42},
	} {
		if i.String() != want {
			t.Errorf("%s, want %s", i, want)
		}
	}
}

// said makes a session that has measured a yardstick and its share with these rates, round by round.
func said(opts Options, load float64, yardstick ...float64) *session {
	s := &session{opts: opts, load: load, loaded: true}
	for _, v := range yardstick {
		s.measured = append(s.measured,
			measurement{"Roofline", 1, 1, []metric{{"points/s", v}, {"peak-MiB", 3}}},
			measurement{"Case", 1, 1, []metric{{"points/s", v / 4}, {"peak-MiB", 9}, {"of-roofline", 0.25}}})
	}
	return s
}

func TestSummary(t *testing.T) {
	quiet := said(Options{Cores: []int{1}, Count: 6}, 0, 1e9, 1.01e9, 1.02e9, 1.03e9, 1.04e9, 1.05e9)
	text := quiet.summary("of-roofline", "points/s")
	for _, line := range []string{
		"median (95 % interval)  points/s                   of-roofline             peak-MiB",
		"Roofline-1              1.025G (1.000G to 1.050G)  -                       3.000 (3.000 to 3.000)",
		"Case-1                  256.2M (250.0M to 262.5M)  0.250 (0.250 to 0.250)  9.000 (9.000 to 9.000)",
	} {
		if !strings.Contains(text, line+"\n") && !strings.HasSuffix(text, line) {
			t.Errorf("%q is not in\n%s", line, text)
		}
	}
	if doubts := quiet.doubts("of-roofline"); len(doubts) > 0 {
		t.Errorf("a quiet machine: %q", doubts)
	}
	for want, s := range map[string]*session{
		"This machine is noisy: Roofline-1 varied by 20 %": said(Options{Cores: []int{1}, Count: 6}, 0, 1e9, 1e9, 1e9, 1e9, 1e9, 1.2e9),
		"Other programs kept 1000.0 of":                    said(Options{Cores: []int{1}, Count: 6}, 1000, 1e9),
		"5 rounds give no interval; --count 6":             said(Options{Cores: []int{1}, Count: 5}, 0, 1e9),
	} {
		if doubts := s.doubts("of-roofline"); len(doubts) != 1 || !strings.Contains(doubts[0], want) {
			t.Errorf("%q, want %q", doubts, want)
		}
	}
}
