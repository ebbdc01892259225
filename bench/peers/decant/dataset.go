package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"decant/bench"
	"decant/engine"
	"decant/ingest"
)

// storeFolder is where a data set's store lies in its folder.
const storeFolder = "store"

// columns are all points of a data set, sorted by series, then time.
type columns struct {
	series   []int32
	times    []int64 // ns
	values   []float64
	received []int64 // ns
}

// makeColumns writes the columns of a data set into dir.
func makeColumns(dir string, d bench.Dataset) error {
	signals, err := d.Signals()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	var c columns
	for i, s := range signals {
		for range d.Samples {
			t, v := s.Next()
			c.series, c.times, c.values = append(c.series, int32(i)), append(c.times, t), append(c.values, v)
		}
	}
	return errors.Join(writeColumn(dir, "series.i32", c.series), writeColumn(dir, "time.i64", c.times), writeColumn(dir, "value.f64", c.values))
}

// writeColumn writes a column's file, little-endian.
func writeColumn[T int32 | int64 | float64](dir, name string, column []T) error {
	data := make([]byte, 0, binary.Size(column))
	data, err := binary.Append(data, binary.LittleEndian, column)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), data, 0o666)
}

// readColumns reads what makeColumns, or the runner, wrote. Where nothing says when a point was received, it was at its time.
func readColumns(dir string) (c columns, err error) {
	var series, times, values []byte
	for name, data := range map[string]*[]byte{"series.i32": &series, "time.i64": &times, "value.f64": &values} {
		if *data, err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return c, err
		}
	}
	n := len(times) / 8
	if len(series) != 4*n || len(times) != 8*n || len(values) != 8*n {
		return c, fmt.Errorf("the columns of %s differ in length: %d, %d and %d bytes", dir, len(series), len(times), len(values))
	}
	received, err := os.ReadFile(filepath.Join(dir, "received.i64"))
	if errors.Is(err, fs.ErrNotExist) {
		received, err = times, nil
	}
	if err != nil {
		return c, err
	}
	if len(received) != 8*n {
		return c, fmt.Errorf("the columns of %s differ in length: received has %d bytes, not %d", dir, len(received), 8*n)
	}
	c = columns{make([]int32, n), make([]int64, n), make([]float64, n), make([]int64, n)}
	for i := range n {
		c.series[i] = int32(binary.LittleEndian.Uint32(series[4*i:]))
		c.times[i] = int64(binary.LittleEndian.Uint64(times[8*i:]))
		c.values[i] = math.Float64frombits(binary.LittleEndian.Uint64(values[8*i:]))
		c.received[i] = int64(binary.LittleEndian.Uint64(received[8*i:]))
	}
	return c, nil
}

// batchSamples is how many samples go into one Append.
const batchSamples = 10_000

// load makes a store of dir's columns. The samples come as devices bring them: the first of every series, then the second of every series.
func load(ctx context.Context, dir string) (err error) {
	c, err := readColumns(dir)
	if err != nil {
		return err
	}
	w, err := engine.OpenWriter(bench.Config(filepath.Join(dir, storeFolder)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	starts := c.starts()
	batch := make([]ingest.Sample, 0, batchSamples)
	for k := 0; ; k++ {
		any := false
		for s := range len(starts) - 1 {
			at := starts[s] + k
			if at >= starts[s+1] {
				continue
			}
			any = true
			batch = append(batch, ingest.Sample{
				Series: bench.SeriesOf(s), Time: c.times[at], Kind: ingest.KindNumber, Number: c.values[at], Received: c.received[at], Protocol: ingest.ProtocolMQTT,
			})
			if len(batch) == batchSamples {
				if err := w.Append(ctx, ingest.Batch{Samples: batch}); err != nil {
					return err
				}
				batch = batch[:0]
			}
		}
		if !any {
			break
		}
	}
	if len(batch) > 0 {
		if err := w.Append(ctx, ingest.Batch{Samples: batch}); err != nil {
			return err
		}
	}
	return w.(interface{ Flush(context.Context) error }).Flush(ctx) // into segments, however few there are
}

// starts are where each series begins, and at the end how many points there are.
func (c columns) starts() (starts []int) {
	for i, s := range c.series {
		for len(starts) <= int(s) {
			starts = append(starts, i)
		}
	}
	return append(starts, len(c.series))
}
