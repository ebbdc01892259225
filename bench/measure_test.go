package bench

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// steps is a work that writes down what is called.
func steps(log *strings.Builder, name string, fault error) work {
	step := func(letter string, err error) func() error {
		return func() error {
			log.WriteString(letter)
			return err
		}
	}
	return work{name: name, prepare: step(name+"(", nil), run: step("", fault), finish: step(")", nil)}
}

func subjectOf(w work, points float64) subject {
	return subject{work: w, cold: true, amounts: func() []amount { return []amount{{"points/s", points}} }}
}

// TestMeasureOrder: one run that isn't timed goes before the others where there is something to warm, and the yardstick follows each timed one.
func TestMeasureOrder(t *testing.T) {
	var log strings.Builder
	yardstick := subjectOf(steps(&log, "y", nil), 4)
	s := subjectOf(steps(&log, "s", nil), 2)
	m, err := s.measure(t.Context(), 3, 0, &yardstick, "of-y")
	if err != nil || log.String() != "s()y()" || m.runs != 1 || m.fullName() != "s-3" {
		t.Errorf("cold: %s, %+v, %v", log.String(), m, err)
	}
	if _, ok := m.value("of-y"); !ok {
		t.Error("there is no share")
	}
	log.Reset()
	s.cold = false
	if m, err := s.measure(t.Context(), 1, 0, nil, ""); err != nil || log.String() != "s()s()" || m.runs != 1 {
		t.Errorf("warm: %s, %+v, %v", log.String(), m, err)
	}
}

// TestMeasureLeast: a work is repeated until its own time, not that of the yardstick, is enough, and the yardstick runs in between.
func TestMeasureLeast(t *testing.T) {
	var log strings.Builder
	yardstick := subjectOf(steps(&log, "y", nil), 1)
	s := subjectOf(steps(&log, "s", nil), 1)
	m, err := s.measure(t.Context(), 1, time.Microsecond, &yardstick, "of-y")
	if err != nil || strings.Count(log.String(), "s()") != m.runs || m.runs < 1 || !strings.HasPrefix(log.String(), "s()y()") {
		t.Errorf("%s, %+v, %v", log.String(), m, err)
	}
}

// TestMeasureFaults: a run that fails is named, and what was prepared for it is finished.
func TestMeasureFaults(t *testing.T) {
	var log strings.Builder
	broken := errors.New("broken")
	s := subjectOf(steps(&log, "s", broken), 1)
	if _, err := s.measure(t.Context(), 1, 0, nil, ""); !errors.Is(err, broken) || err.Error() != "s: broken" || log.String() != "s()" {
		t.Errorf("%s, %v", log.String(), err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	log.Reset()
	if _, err := s.measure(stopped, 1, 0, nil, ""); !errors.Is(err, context.Canceled) || log.String() != "" {
		t.Errorf("%s, %v", log.String(), err)
	}
}

// TestRounds: every round measures the yardstick first and begins with another subject; one whose runs would disturb isn't run between the subject's.
func TestRounds(t *testing.T) {
	var log strings.Builder
	var out bytes.Buffer
	s := newSession(Options{Cores: []int{1}, Count: 3}, &out)
	err := s.rounds(t.Context(), func(int) lineup {
		return lineup{share: "of-y", yardstick: subjectOf(steps(&log, "y", nil), 4), subjects: []subject{subjectOf(steps(&log, "a", nil), 1), subjectOf(steps(&log, "b", nil), 1)}}
	})
	if err != nil || log.String() != "y()a()b()"+"y()b()a()"+"y()a()b()" {
		t.Errorf("%s, %v", log.String(), err)
	}
	if shares := s.values("a-1", "of-y"); len(shares) != 3 {
		t.Errorf("shares: %v", shares)
	}
	if n := strings.Count(out.String(), "\n"); n != 9 {
		t.Errorf("%d lines\n%s", n, out.String())
	}
}
