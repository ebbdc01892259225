package demo

import (
	"context"
	"embed"
	"fmt"
	"math"
	"time"

	"github.com/apache/arrow/go/v17/arrow/array"

	"decant/engine/export"
)

//go:embed requests/*.json
var requests embed.FS

// compare reads every series back and holds it against what was published, sample by sample. It returns the number of samples.
func compare(ctx context.Context, snap export.Snapshot, quantities []quantity) (int64, error) {
	stored, err := snap.Series(ctx, channel, subtopic)
	if err != nil {
		return 0, err
	}
	ids := map[string]export.SeriesID{}
	for _, s := range stored {
		ids[s.Name+" "+s.Unit] = s.ID
	}
	if len(ids) != len(quantities) || len(stored) != len(quantities) {
		return 0, fmt.Errorf("%d series were published and %d are stored", len(quantities), len(stored))
	}
	var samples int64
	for _, q := range quantities {
		name := devices[q.device].base + q.name
		id, ok := ids[name+" "+q.unit]
		if !ok {
			return 0, fmt.Errorf("series %s was published and is not stored", name)
		}
		if err := compareSeries(ctx, snap, id, q.values); err != nil {
			return 0, fmt.Errorf("series %s: %w", name, err)
		}
		samples += int64(len(q.values))
	}
	return samples, nil
}

func compareSeries(ctx context.Context, snap export.Snapshot, id export.SeriesID, want []float64) error {
	r, err := snap.Scan(ctx, id, math.MinInt64, math.MaxInt64, "time", "value")
	if err != nil {
		return err
	}
	defer r.Release()
	i := 0
	for r.Next() {
		times, values := r.Record().Column(0).(*array.Timestamp).TimestampValues(), r.Record().Column(1).(*array.Float64)
		for row, t := range times {
			at := first.Add(time.Duration(i) * step)
			if i >= len(want) || int64(t) != at.UnixNano() || values.IsNull(row) || values.Value(row) != want[i] {
				return fmt.Errorf("sample %d is stored as %s at %s", i, values.ValueStr(row), time.Unix(0, int64(t)).UTC())
			}
			i++
		}
	}
	if err := r.Err(); err != nil {
		return err
	}
	if i != len(want) {
		return fmt.Errorf("%d samples were published and %d are stored", len(want), i)
	}
	return nil
}
