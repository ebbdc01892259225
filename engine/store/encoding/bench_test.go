package encoding

import (
	"errors"
	"fmt"
	"testing"
)

// encoded is a set, column by column.
type encoded struct {
	rows                  []int
	time, received, value [][]byte
}

func encode(s set) (e encoded) {
	s.blocks(func(time, received []int64, value []float64) {
		e.rows = append(e.rows, len(time))
		e.time = append(e.time, AppendInts(nil, time))
		e.received = append(e.received, AppendIntsBeside(nil, received, time))
		e.value = append(e.value, AppendFloats(nil, value))
	})
	return e
}

// forms are those of a column's blocks, the most frequent first.
func forms(blocks [][]byte) (form string, bytes int) {
	counts := make(map[string]int)
	for _, b := range blocks {
		f := Form(b)
		if counts[f]++; counts[f] > counts[form] {
			form = f
		}
		bytes += len(b)
	}
	return form, bytes
}

// BenchmarkDecode reads columns of a set, a block at a time.
func BenchmarkDecode(b *testing.B) {
	var times, received [Most]int64
	var values [Most]float64
	for _, s := range sets(b) {
		e := encode(s)
		for _, column := range []struct {
			name   string
			blocks [][]byte
			decode func(i, n int) error
		}{
			{"time", e.time, func(i, n int) error { return Ints(times[:n], e.time[i]) }},
			{"received", e.received, func(i, n int) error { return IntsBeside(received[:n], e.received[i], times[:n]) }},
			{"value", e.value, func(i, n int) error { return Floats(values[:n], e.value[i]) }},
			{"time+value", append(e.time, e.value...), func(i, n int) error {
				return errors.Join(Ints(times[:n], e.time[i]), Floats(values[:n], e.value[i]))
			}},
		} {
			form, bytes := forms(column.blocks)
			b.Run("set="+s.name+"/column="+column.name+"/form="+form, func(b *testing.B) {
				for b.Loop() {
					for i, n := range e.rows {
						if err := column.decode(i, n); err != nil {
							b.Fatal(err)
						}
					}
				}
				values := float64(len(s.time))
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/values, "ns/value")
				b.ReportMetric(float64(bytes)/values, "bytes/value")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// BenchmarkEncode writes columns of a set, a block at a time.
func BenchmarkEncode(b *testing.B) {
	var buffer []byte
	for _, s := range sets(b) {
		for _, column := range []struct {
			name   string
			encode func(time, received []int64, value []float64) []byte
		}{
			{"time", func(time, _ []int64, _ []float64) []byte { return AppendInts(buffer[:0], time) }},
			{"received", func(time, received []int64, _ []float64) []byte { return AppendIntsBeside(buffer[:0], received, time) }},
			{"value", func(_, _ []int64, value []float64) []byte { return AppendFloats(buffer[:0], value) }},
		} {
			b.Run("set="+s.name+"/column="+column.name, func(b *testing.B) {
				for b.Loop() {
					s.blocks(func(time, received []int64, value []float64) { buffer = column.encode(time, received, value) })
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(s.time)), "ns/value")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// BenchmarkSearch finds times in a block.
func BenchmarkSearch(b *testing.B) {
	for _, s := range sets(b)[:4] {
		times := s.time[:Most]
		column := AppendInts(nil, times)
		line, ok, err := LineOf(column, Most)
		if err != nil || !ok {
			b.Fatal(s.name, err)
		}
		b.Run("set="+s.name+"/form="+Form(column), func(b *testing.B) {
			k := 0
			for b.Loop() {
				k = (k + 389) % Most
				if i := line.Search(times[k]); i != k {
					b.Fatal(i)
				}
			}
		})
	}
}

// BenchmarkTexts writes and reads a block of texts.
func BenchmarkTexts(b *testing.B) {
	d := dice(1)
	for _, s := range []struct {
		name string
		text func() string
	}{
		{"states", func() string { return []string{"idle", "running", "fault", "maintenance"}[d.to(4)] }},
		{"log", func() string { return fmt.Sprintf("valve %d opened at %d.%d bar", d.to(20), d.to(10), d.to(100)) }},
		{"ids", func() string { return fmt.Sprintf("%016x", d.roll()) }},
	} {
		offsets, text := []int32{0}, []byte(nil)
		for range Most {
			text = append(text, s.text()...)
			offsets = append(offsets, int32(len(text)))
		}
		column := AppendTexts(nil, offsets, text)
		name := "set=" + s.name + "/form=" + Form(column)
		b.Run("encode/"+name, func(b *testing.B) {
			buffer := make([]byte, 0, 2*len(text))
			for b.Loop() {
				buffer = AppendTexts(buffer[:0], offsets, text)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/Most, "ns/value")
			b.ReportMetric(0, "ns/op")
		})
		b.Run("decode/"+name, func(b *testing.B) {
			got, buffer := make([]int32, Most+1), make([]byte, 0, len(text))
			for b.Loop() {
				if _, err := Texts(got, buffer, column, len(text)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/Most, "ns/value")
			b.ReportMetric(float64(len(column))/Most, "bytes/value")
			b.ReportMetric(float64(len(text))/Most, "raw-bytes/value")
			b.ReportMetric(0, "ns/op")
		})
	}
}
