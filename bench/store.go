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

// Fill makes a store in dir that holds the data set. The samples come as devices bring them: the first of every series, then the second of every series. It
// holds one batch at a time.
func Fill(ctx context.Context, dir string, d Dataset) (err error) {
	w, err := engine.OpenWriter(Config(dir))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	return d.batches(func(batch []ingest.Sample) error { return w.Append(ctx, ingest.Batch{Samples: batch}) })
}

// batches hands the data set to f, batchSamples at a time. f must not keep what it gets.
func (d Dataset) batches(f func([]ingest.Sample) error) error {
	signals, err := d.Signals()
	if err != nil {
		return err
	}
	batch := make([]ingest.Sample, 0, batchSamples)
	for range d.Samples {
		for _, s := range signals {
			t, v := s.Next()
			batch = append(batch, ingest.Sample{
				Series: s.Series, Time: t, Kind: ingest.KindNumber, Number: v, Received: t + 3_141_592, Protocol: ingest.ProtocolMQTT,
			})
			if len(batch) == batchSamples {
				if err := f(batch); err != nil {
					return err
				}
				batch = batch[:0]
			}
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return f(batch)
}
