package encoding

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"io"
	"math"
	"os"
	"strconv"
	"testing"
	"time"
)

// dice are random numbers that depend on the seed alone (splitmix64).
type dice uint64

func (d *dice) roll() uint64 {
	*d += 0x9e3779b97f4a7c15
	z := (uint64(*d) ^ uint64(*d)>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (d *dice) to(n int64) int64 { return int64(d.roll() % uint64(n)) }

func (d *dice) unit() float64 { return float64(d.roll()>>11) / (1 << 53) }

// set is a series: the columns of as many rows.
type set struct {
	name           string
	time, received []int64
	value          []float64
}

// blocks calls f for each block of the set.
func (s set) blocks(f func(time, received []int64, value []float64)) {
	for i := 0; i < len(s.time); i += Most {
		j := min(i+Most, len(s.time))
		f(s.time[i:j], s.received[i:j], s.value[i:j])
	}
}

const second = int64(time.Second)

var start = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()

// setOf has n rows: value gives them, jitter is that of the times, lag is from a time to its reception.
func setOf(name string, n int, step int64, jitter, lag func(*dice) int64, value func(*dice) float64) set {
	s := set{name: name, time: make([]int64, n), received: make([]int64, n), value: make([]float64, n)}
	d := dice(1)
	for i := range n {
		s.time[i] = start + int64(i)*step + jitter(&d)
		s.received[i] = s.time[i] + lag(&d)
		s.value[i] = value(&d)
	}
	return s
}

func none(*dice) int64      { return 0 }
func constant(*dice) int64  { return 3_141_592 }
func millis(d *dice) int64  { return d.to(41) * 1e6 }
func lagMs(d *dice) int64   { return (3 + d.to(20)) * 1e6 }
func lagUs(d *dice) int64   { return 3e6 + d.to(20_000)*1e3 }
func nanos(d *dice) int64   { return d.to(2e6) }
func lagNano(d *dice) int64 { return 3e6 + d.to(2e7) }

// walk is what a sensor with two decimals measures.
func walk() func(*dice) float64 {
	level := int64(2000)
	return func(d *dice) float64 {
		if level += d.to(16) - 7; level > 3000 {
			level -= 1500
		}
		return float64(level) / 100
	}
}

// counter is an integer that rises unevenly.
func counter() func(*dice) float64 {
	level := int64(1_000_000)
	return func(d *dice) float64 { level += d.to(3); return float64(level) }
}

// sine is a number of 53 bits that moves slowly.
func sine() func(*dice) float64 {
	i := 0
	return func(*dice) float64 { i++; return 20 + math.Sin(float64(i)/900) }
}

// states are a few numbers that last for a while.
func states() func(*dice) float64 {
	state := 0.0
	return func(d *dice) float64 {
		if d.to(100) == 0 {
			state = float64(d.to(5))
		}
		return state
	}
}

// sets are the data that sizes and speeds are told of.
func sets(tb testing.TB) []set {
	const n = 64 * Most
	all := []set{
		setOf("walk-ms", n, second, millis, constant, walk()),
		setOf("walk-ms-lag-ms", n, second, millis, lagMs, walk()),
		setOf("walk-ms-lag-us", n, second, millis, lagUs, walk()),
		setOf("walk-ns-lag-ns", n, second, nanos, lagNano, walk()),
		setOf("constant", n, second, none, constant, func(*dice) float64 { return 0.1 }),
		setOf("integers", n, second, millis, constant, func(d *dice) float64 { return float64(d.to(1000)) }),
		setOf("counter", n, second/60, none, lagMs, counter()),
		setOf("states", n, second, millis, constant, states()),
		setOf("random", n, second, millis, constant, func(d *dice) float64 { return d.unit() }),
		setOf("float32", n, second, millis, constant, func(d *dice) float64 { return float64(float32(20 + d.unit())) }),
		setOf("sine", n, second, millis, constant, sine()),
	}
	return append(append(all, machineTemperature(tb)), tetouan(tb)...)
}

// machineTemperature is a sensor every five minutes, with gaps.
func machineTemperature(tb testing.TB) set {
	content, err := os.ReadFile("../../../cmd/decant/testdata/telemetry/machine_temperature.csv")
	if err != nil {
		tb.Fatal(err)
	}
	s := set{name: "machine"}
	for _, row := range records(tb, bytes.NewReader(content)) {
		t, err := time.Parse(time.DateTime, row[0])
		if err != nil {
			tb.Fatal(err)
		}
		s.time = append(s.time, t.UnixNano())
		s.received = append(s.received, t.UnixNano()+constant(nil))
		s.value = append(s.value, number(tb, row[1]))
	}
	return s
}

// tetouan are the eight columns of a city's power grid, every ten minutes.
func tetouan(tb testing.TB) []set {
	file, err := os.Open("../../demo/tetouan_power.csv.gz")
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	content, err := gzip.NewReader(file)
	if err != nil {
		tb.Fatal(err)
	}
	all := make([]set, 8)
	for i, row := range records(tb, content) {
		for k := range all {
			t := start + int64(i)*600*second
			all[k].name = "tetouan-" + strconv.Itoa(k)
			all[k].time = append(all[k].time, t)
			all[k].received = append(all[k].received, t+constant(nil))
			all[k].value = append(all[k].value, number(tb, row[k]))
		}
	}
	return all
}

// records are the rows of a CSV file without its header.
func records(tb testing.TB, r io.Reader) [][]string {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	return rows[1:]
}

func number(tb testing.TB, s string) float64 {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		tb.Fatal(err)
	}
	return x
}
