package bench

import (
	"math"
	"testing"

	"decant/engine"
)

// TestColumnsAreTheStores: the roofline reads what a decimation reads, each sample once.
func TestColumnsAreTheStores(t *testing.T) {
	d := Dataset{Data: DataZero, Series: 3, Samples: 1003}
	c := reading(t, d).columns
	signals, err := d.Signals()
	if err != nil {
		t.Fatal(err)
	}
	if c.Points() != int(d.Points()) {
		t.Fatalf("%d points of %d", c.Points(), d.Points())
	}
	var times int64
	var values float64 // hundredths, so that every sum of them is exact
	for i := range c.times {
		wantTime, wantValue := signals[i/d.Samples].Next()
		if c.times[i] != wantTime || c.values[i] != wantValue {
			t.Fatalf("point %d is %d, %v; want %d, %v", i, c.times[i], c.values[i], wantTime, wantValue)
		}
		times += wantTime
		c.values[i] = math.Round(100 * wantValue)
		values += c.values[i]
	}
	if got, want := add(c.times, c.values), float64(times)+values; got != want {
		t.Errorf("the columns add up to %v, want %v", got, want)
	}
	for cores := 1; cores <= 3; cores++ {
		if err := c.Read(cores); err != nil {
			t.Error(err)
		}
	}
}

// TestLoadOfAnEmptyStore: there is nothing to measure with, and openInput says so.
func TestLoadOfAnEmptyStore(t *testing.T) {
	dir := t.TempDir()
	w, err := engine.OpenWriter(Config(dir))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := openInput(t.Context(), Options{Input: dir}, 0, func(string) {}); err == nil {
		t.Error("an empty store was opened")
	}
}
