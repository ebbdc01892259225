package bench

import (
	"context"
	"fmt"
	"math"
	"sync"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/edsrzf/mmap-go"

	"decant/engine/export"
)

// Columns are the times and values of samples in memory: what a decimation reads, as fast as it can be had.
type Columns struct {
	times  []int64
	values []float64
	memory mmap.MMap
}

const (
	maxColumns  = 1 << 26 // points that Columns hold at most: 1 GiB, more than any cache
	pointBytes  = 16      // of a time and a value
	cachedBytes = 1 << 26 // columns below this size may stay in a cache
)

// Load reads a snapshot's numbers, series after series, up to maxColumns. The caller closes what it gets.
func Load(ctx context.Context, snap export.Snapshot) (c *Columns, err error) {
	list, err := snap.Series(ctx, "", "")
	if err != nil {
		return nil, err
	}
	var n int64
	for _, s := range list {
		n += s.Samples
	}
	c = &Columns{}
	if n = min(n, maxColumns); n > 0 {
		if c.memory, err = uncounted(int(n) * pointBytes); err != nil {
			return nil, err
		}
		c.times = unsafe.Slice((*int64)(unsafe.Pointer(&c.memory[0])), n)
		c.values = unsafe.Slice((*float64)(unsafe.Pointer(&c.memory[n*8])), n)
	}
	filled := 0
	for _, s := range list {
		if err = c.read(ctx, snap, s.ID, &filled); err != nil {
			c.Close()
			return nil, err
		}
	}
	c.times, c.values = c.times[:filled], c.values[:filled]
	return c, nil
}

// read appends a series' numbers to the first filled ones.
func (c *Columns) read(ctx context.Context, snap export.Snapshot, id export.SeriesID, filled *int) error {
	r, err := snap.Scan(ctx, id, math.MinInt64, math.MaxInt64, "time", "value")
	if err != nil {
		return err
	}
	defer r.Release()
	return export.Guard(snap)(func() error {
		for *filled < len(c.times) && r.Next() {
			times, values := r.Record().Column(0).(*array.Timestamp), r.Record().Column(1).(*array.Float64)
			for i := range min(times.Len(), len(c.times)-*filled) {
				if values.IsValid(i) {
					c.times[*filled], c.values[*filled] = int64(times.Value(i)), values.Value(i)
					*filled++
				}
			}
		}
		return r.Err()
	})
}

// uncounted is memory that is shared, with nobody: outside of Go's heap and of what counts as anonymous memory, so that what a benchmark keeps there changes neither
// the collector's pace nor peak-MiB.
func uncounted(size int) (mmap.MMap, error) {
	m, err := mmap.MapRegion(nil, size, mmap.RDWR, mmap.ANON, 0)
	if err != nil {
		return nil, fmt.Errorf("take %d bytes of memory: %w", size, err)
	}
	return m, nil
}

// Close gives the memory back.
func (c *Columns) Close() error {
	if c.memory == nil {
		return nil
	}
	return c.memory.Unmap()
}

// Points is how many there are.
func (c *Columns) Points() int { return len(c.times) }

// Read reads every time and every value once, each core its own part, and adds them up: the least that anybody can do who uses them all.
func (c *Columns) Read(cores int) error {
	var readers sync.WaitGroup
	sums := make([]float64, cores)
	for k := range cores {
		from, to := len(c.times)*k/cores, len(c.times)*(k+1)/cores
		readers.Go(func() { sums[k] = add(c.times[from:to], c.values[from:to]) })
	}
	readers.Wait()
	for _, s := range sums {
		if math.IsNaN(s) { // never: a store holds finite numbers. It keeps the sums from being left out
			return fmt.Errorf("%d samples add up to nothing", len(c.times))
		}
	}
	return nil
}

// add adds up two columns of equal length. Eight sums each stay in registers, so the loop waits for memory and never for the addition before; as an array
// they would be kept in memory.
func add[T ~int64](times []T, values []float64) float64 {
	var t0, t1, t2, t3, t4, t5, t6, t7 T
	var v0, v1, v2, v3, v4, v5, v6, v7 float64
	for len(times) >= 8 && len(values) >= 8 {
		t, v := (*[8]T)(times), (*[8]float64)(values)
		t0, t1, t2, t3, t4, t5, t6, t7 = t0+t[0], t1+t[1], t2+t[2], t3+t[3], t4+t[4], t5+t[5], t6+t[6], t7+t[7]
		v0, v1, v2, v3, v4, v5, v6, v7 = v0+v[0], v1+v[1], v2+v[2], v3+v[3], v4+v[4], v5+v[5], v6+v[6], v7+v[7]
		times, values = times[8:], values[8:]
	}
	for i, t := range times {
		t0, v0 = t0+t, v0+values[i]
	}
	return float64(t0+t1+t2+t3+t4+t5+t6+t7) + (v0 + v1 + v2 + v3 + v4 + v5 + v6 + v7)
}
