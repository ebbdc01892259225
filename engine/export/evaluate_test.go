package export_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"

	"decant/decimation"
	"decant/engine/export"
	"decant/engine/export/request"
)

var allFunctions = []decimation.Function{decimation.Avg, decimation.Min, decimation.Max, decimation.Sum, decimation.Variance, decimation.Stddev,
	decimation.Count, decimation.First, decimation.Last}

// A condition sees what a bucket over its period would print, and compares that.
func TestEvaluateEqualsReference(t *testing.T) {
	berlin, err := decimation.LoadZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		src := tame(randomSource(rt))
		for i := range src.Samples {
			src.Samples[i].Unit, src.Samples[i].Publisher = "V", ""
		}
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		defer mem.AssertSize(t, 0)
		src.Alloc = mem
		x := rapid.SampledFrom(src.Samples).Draw(rt, "sample")
		c := &request.Condition{Target: x.Name, Channel: x.Channel, Subtopic: x.Subtopic,
			Period:   rapid.SampledFrom([]decimation.Period{{Clock: 1}, {Clock: 100e9}, {Clock: 3600e9}, {Days: 1}, {Months: 1}}).Draw(rt, "period"),
			Function: rapid.SampledFrom(allFunctions).Draw(rt, "function"),
			Op:       rapid.SampledFrom([]string{">", ">=", "<", "<=", "=", "!="}).Draw(rt, "op")}
		due := x.Time + rapid.Int64Range(-2, 2000).Draw(rt, "due")*rapid.SampledFrom([]int64{1, 1e9}).Draw(rt, "unit")
		from, err := c.Period.Step(due, -1, berlin)
		if err != nil {
			rt.Fatal(err)
		}
		var values []float64
		for key, samples := range src.Settled() {
			if key.Channel != c.Channel || key.Subtopic != c.Subtopic || key.Name != c.Target {
				continue
			}
			for _, s := range samples {
				if s.Time >= from && s.Time < due && isValue(s) {
					values = append(values, s.Number)
				}
			}
		}
		var want *float64
		if len(values) > 0 || c.Function == decimation.Count {
			want = statistic(t, values, c.Function)
		}
		c.Operand = 1.5
		if want != nil && rapid.Bool().Draw(rt, "equal") {
			c.Operand = *want
		}
		holds := want != nil && map[string]bool{">": *want > c.Operand, ">=": *want >= c.Operand, "<": *want < c.Operand, "<=": *want <= c.Operand,
			"=": *want == c.Operand, "!=": *want != c.Operand}[c.Op]
		snap, _ := src.Open(t.Context())
		got, held, err := export.Evaluate(t.Context(), snap, c, berlin, due)
		if err != nil {
			rt.Fatal(err)
		}
		if (got == nil) != (want == nil) || got != nil && *got != *want || held != holds {
			rt.Fatalf("%+v over %v: %v, holds %v; want %v, %v", c, values, show(got), held, show(want), holds)
		}
	})
}

func show(v *float64) string {
	if v == nil {
		return "none"
	}
	return fmt.Sprint(*v)
}

func TestEvaluateRefuses(t *testing.T) {
	utc, err := decimation.LoadZone("utc")
	if err != nil {
		t.Fatal(err)
	}
	src := twoPublishers()
	secret := number("power", 0, 1)
	secret.Channel = "c1-secret"
	src.Append(secret)
	for i := range 2 {
		src.Append(number("huge", int64(1000+i)*1e9, math.MaxFloat64))
	}
	snap, err := src.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	evaluate := func(change func(*request.Condition)) (*float64, bool, error) {
		c := &request.Condition{Target: "power", Channel: "c1", Subtopic: "events.data", Period: decimation.Period{Clock: 3600e9}, Function: decimation.Sum, Op: ">"}
		change(c)
		return export.Evaluate(t.Context(), snap, c, utc, 3600e9)
	}
	if v, holds, err := evaluate(func(*request.Condition) {}); err != nil || v == nil || *v != 1 || !holds {
		t.Errorf("power: %v %v %v", show(v), holds, err)
	}
	p2 := "p2"
	if v, _, err := evaluate(func(c *request.Condition) { c.Target, c.Publisher = "temp", &p2 }); err != nil || v == nil || *v != 20 {
		t.Errorf("one of two publishers: %v %v", show(v), err)
	}
	if v, holds, err := evaluate(func(c *request.Condition) { c.Target, c.Op = "state", "!=" }); err != nil || v != nil || holds {
		t.Errorf("no number: %v %v %v", show(v), holds, err)
	}
	var missing *export.NotFoundError
	if _, _, err := evaluate(func(c *request.Condition) { c.Target = "powr" }); !errors.As(err, &missing) || !strings.Contains(err.Error(), "close to it: power") {
		t.Errorf("an unknown series: %v", err)
	}
	if _, _, err := evaluate(func(c *request.Condition) { c.Channel = "c1-secre" }); !errors.As(err, &missing) || strings.Contains(err.Error(), "c1-secret") {
		t.Errorf("an unknown channel: %v", err)
	}
	var refused *export.RequestError
	if _, _, err := evaluate(func(c *request.Condition) { c.Target = "temp" }); !errors.As(err, &refused) || !strings.Contains(err.Error(), "temp (V) by p1, temp (V) by p2; add condition.publisher") {
		t.Errorf("two series: %v", err)
	}
	if _, _, err := evaluate(func(c *request.Condition) { c.Period = decimation.Period{Years: 300} }); !errors.As(err, &refused) || refused.Faults[0].Path != "condition.period" {
		t.Errorf("a period that starts before time: %v", err)
	}
	var overflow *decimation.OverflowError
	if _, _, err := evaluate(func(c *request.Condition) { c.Target, c.Period = "huge", decimation.Period{Clock: 2700e9} }); !errors.As(err, &overflow) || overflow.Bucket != 900e9 || !strings.Contains(err.Error(), "huge (V)") {
		t.Errorf("a sum beyond float64: %v", err)
	}
	broken := errors.New("the disk is on fire")
	src.Fault = func() error { return broken }
	if snap, err = src.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := evaluate(func(*request.Condition) {}); !errors.Is(err, broken) || !strings.Contains(err.Error(), "power") {
		t.Errorf("a broken source: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := export.Evaluate(ctx, snap, &request.Condition{Target: "power", Channel: "c1", Subtopic: "events.data", Period: decimation.Period{Clock: 1}}, utc, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
