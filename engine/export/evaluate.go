package export

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v17/arrow/array"

	"decant/decimation"
	"decant/engine/export/request"
)

// Evaluate computes a condition's function over all samples of its series in due − period ≤ t < due, exactly as decimation does, and says whether
// the condition holds. Where there is no value (no number or bool; of a variance fewer than two) value is nil and nothing holds; a count is then 0.
//
// A series that the source never saw is a *NotFoundError, several series that the condition could mean a *RequestError, and a result that
// float64 can't hold an error with a *decimation.OverflowError. Nobody is asked whether the condition's channel may be read: the caller checks that.
func Evaluate(ctx context.Context, snap Snapshot, c *request.Condition, zone *decimation.Zone, due int64) (value *float64, holds bool, err error) {
	from, err := c.Period.Step(due, -1, zone)
	if err != nil {
		return nil, false, &RequestError{request.Faults{{Path: "condition.period", Value: fmt.Sprintf("%q", c.Period), Message: err.Error()}}}
	}
	s, err := conditionSeries(ctx, snap, c)
	if err != nil {
		return nil, false, err
	}
	var total decimation.Moments
	err = Guard(snap)(func() error { return addRange(ctx, snap, s.ID, from, due, &total) })
	if err != nil {
		return nil, false, scanError(s, err)
	}
	v, ok, err := total.Result(c.Function)
	var overflow *decimation.OverflowError
	if errors.As(err, &overflow) {
		overflow.Bucket = from
	}
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("evaluate the condition on series %s: %w", describe(s), err)
	case c.Function == decimation.Count:
		v, ok = float64(total.Count()), true
	}
	if !ok {
		return nil, false, nil
	}
	return &v, compare(v, c.Op, c.Operand), nil
}

// addRange adds a series' numbers and bools in [from, to).
func addRange(ctx context.Context, snap Snapshot, id SeriesID, from, to int64, total *decimation.Moments) error {
	r, err := snap.Scan(ctx, id, from, to, "value")
	if err != nil {
		return err
	}
	defer r.Release()
	for r.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		total.Add(present(r.Record().Column(0).(*array.Float64)))
	}
	return r.Err()
}

// conditionSeries finds the one series that a condition means. It names no other channel: whoever wrote the condition may not know of them.
func conditionSeries(ctx context.Context, snap Snapshot, c *request.Condition) (Series, error) {
	it := &request.Item{Channel: c.Channel, Subtopic: c.Subtopic, Publisher: c.Publisher, Unit: c.Unit, Target: []request.Name{{Name: c.Target}}}
	found, missing, err := selectSeries(ctx, snap, it, func(channel string) bool { return channel == c.Channel })
	switch {
	case err != nil:
		return Series{}, err
	case len(missing) > 0:
		for i := range missing {
			missing[i] = "condition: " + missing[i]
		}
		return Series{}, &NotFoundError{missing}
	case len(found) > 1:
		names := make([]string, len(found))
		for i := range found {
			names[i] = describe(found[i].Series)
		}
		return Series{}, &RequestError{request.Faults{{Path: "condition.target", Value: fmt.Sprintf("%q", c.Target),
			Message: fmt.Sprintf("a condition looks at one series, and %d have this name: %s; add condition.publisher or condition.unit", len(found), strings.Join(names, ", "))}}}
	}
	return found[0].Series, nil
}

func compare(v float64, op string, operand float64) bool {
	switch op {
	case ">":
		return v > operand
	case ">=":
		return v >= operand
	case "<":
		return v < operand
	case "<=":
		return v <= operand
	case "=":
		return v == operand
	}
	return v != operand
}
