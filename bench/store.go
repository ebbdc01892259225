package bench

import (
	"context"
	"errors"

	"decant/engine"
	"decant/ingest"
)

// Config is the configuration of a store in dir: decant's defaults.
func Config(dir string) engine.Config {
	cfg := engine.Default()
	cfg.Data = dir
	return cfg
}

// batchSamples is how many samples go into one Append.
const batchSamples = 10_000

// Fill makes a store in dir of series × seconds samples at 1 Hz, as devices bring them: all series of one second, then those of the next. It holds
// one batch at a time.
func Fill(ctx context.Context, dir string, series, seconds int) (err error) {
	w, err := engine.OpenWriter(Config(dir))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	names := make([]ingest.Series, series)
	walks := make([]*Walk, series)
	for i := range series {
		names[i], walks[i] = SeriesOf(i), NewWalk(i)
	}
	batch := make([]ingest.Sample, 0, batchSamples)
	for s := range seconds {
		t := Start.UnixNano() + int64(s)*second
		for i := range series {
			batch = append(batch, ingest.Sample{
				Series: names[i], Time: t, Kind: ingest.KindNumber, Number: walks[i].Next(),
				Received: t + 3_141_592, Protocol: ingest.ProtocolMQTT,
			})
			if len(batch) == batchSamples {
				if err := w.Append(ctx, ingest.Batch{Samples: batch}); err != nil {
					return err
				}
				batch = batch[:0]
			}
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return w.Append(ctx, ingest.Batch{Samples: batch})
}
