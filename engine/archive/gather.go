package archive

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"

	"decant/engine/export"
	"decant/formats"
)

// gathered is a row group in the making, in the form in which Parquet takes it: of a column that may be null the values that are there, and a level (1 or 0) a row.
type gathered struct {
	n    int
	text int // bytes of strings and data

	series  []export.Series // whose rows these are,
	lengths []int           // and how many of each

	time, received           []int64
	timeNanos, receivedNanos []int32
	update                   []int64 // ns
	values, sums             []float64
	bools                    []bool
	strings, data            []parquet.ByteArray
	protocols                []parquet.ByteArray

	hasValue, hasBool, hasString, hasData, hasSum, hasUpdate []int16
}

// begin says whose rows come next.
func (g *gathered) begin(s export.Series) {
	g.series = append(g.series, s)
	g.lengths = append(g.lengths, 0)
}

// add takes rows lo ≤ i < hi.
func (g *gathered) add(r *rows, lo, hi int) {
	for i := lo; i < hi; i++ {
		micros, nanos := split(int64(r.times[i]))
		g.time, g.timeNanos = append(g.time, micros), append(g.timeNanos, nanos)
		micros, nanos = split(int64(r.received[i]))
		g.received, g.receivedNanos = append(g.received, micros), append(g.receivedNanos, nanos)
		g.protocols = append(g.protocols, protocolText(r.protocol[i]))

		kind := r.kinds[i]
		g.hasValue = append(g.hasValue, level(isNumber(kind)))
		g.hasBool = append(g.hasBool, level(kind == uint8(formats.ValueBool)))
		g.hasString = append(g.hasString, level(kind == uint8(formats.ValueString)))
		g.hasData = append(g.hasData, level(kind == uint8(formats.ValueBytes)))
		if isNumber(kind) {
			g.values = append(g.values, r.values[i])
		}
		switch kind {
		case uint8(formats.ValueBool):
			g.bools = append(g.bools, r.values[i] != 0)
		case uint8(formats.ValueString):
			g.strings = append(g.strings, g.clone(r.text, i))
		case uint8(formats.ValueBytes):
			g.data = append(g.data, g.clone(r.text, i))
		}
	}
	g.addRare(r, lo, hi)
	g.n += hi - lo
	g.lengths[len(g.lengths)-1] += hi - lo
}

// addRare takes the columns that most samples don't have.
func (g *gathered) addRare(r *rows, lo, hi int) {
	sums, updates := r.sum.NullN() < r.n, r.update.NullN() < r.n
	for i := lo; i < hi; i++ {
		hasSum, hasUpdate := sums && r.sum.IsValid(i), updates && r.update.IsValid(i)
		g.hasSum = append(g.hasSum, level(hasSum))
		g.hasUpdate = append(g.hasUpdate, level(hasUpdate))
		if hasSum {
			g.sums = append(g.sums, r.sum.Value(i))
		}
		if hasUpdate {
			g.update = append(g.update, int64(r.update.Value(i)))
		}
	}
}

// clone keeps a text beyond its record.
func (g *gathered) clone(text *array.Binary, i int) parquet.ByteArray {
	b := bytes.Clone(text.Value(i))
	g.text += len(b)
	return b
}

func level(there bool) int16 {
	if there {
		return 1
	}
	return 0
}

// reset makes room for the next row group, in the same memory.
func (g *gathered) reset() {
	*g = gathered{
		series: g.series[:0], lengths: g.lengths[:0], time: g.time[:0], received: g.received[:0], timeNanos: g.timeNanos[:0], receivedNanos: g.receivedNanos[:0],
		update: g.update[:0], values: g.values[:0], sums: g.sums[:0], bools: g.bools[:0], strings: g.strings[:0], data: g.data[:0], protocols: g.protocols[:0],
		hasValue: g.hasValue[:0], hasBool: g.hasBool[:0], hasString: g.hasString[:0], hasData: g.hasData[:0], hasSum: g.hasSum[:0], hasUpdate: g.hasUpdate[:0],
	}
}

// write writes column c of the group.
func (g *gathered) write(c int, w file.ColumnChunkWriter) error {
	switch c {
	case colTime:
		return write64(w, g.time, nil)
	case colTimeNanos:
		return write32(w, g.timeNanos)
	case colReceived:
		return write64(w, g.received, nil)
	case colReceivedNanos:
		return write32(w, g.receivedNanos)
	case colUpdate:
		return write64(w, g.update, g.hasUpdate)
	case colValue:
		return writeFloats(w, g.values, g.hasValue)
	case colSum:
		return writeFloats(w, g.sums, g.hasSum)
	case colBool:
		_, err := w.(*file.BooleanColumnChunkWriter).WriteBatch(g.bools, g.hasBool, nil)
		return err
	case colString:
		return writeTexts(w, g.strings, g.hasString)
	case colData:
		return writeTexts(w, g.data, g.hasData)
	case colProtocol:
		return writeTexts(w, g.protocols, nil)
	}
	return g.writeKeys(c, w)
}

// writeKeys writes a column of the series' names, which are the same for many rows.
func (g *gathered) writeKeys(c int, w file.ColumnChunkWriter) error {
	const most = 4096
	same := make([]parquet.ByteArray, 0, most)
	for i, s := range g.series {
		text := map[int]string{colSubtopic: s.Subtopic, colPublisher: s.Publisher, colName: s.Name, colUnit: s.Unit}[c]
		same = same[:0]
		for range min(most, g.lengths[i]) {
			same = append(same, parquet.ByteArray(text))
		}
		for left := g.lengths[i]; left > 0; left -= most {
			if err := writeTexts(w, same[:min(left, most)], nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func write64(w file.ColumnChunkWriter, v []int64, levels []int16) error {
	_, err := w.(*file.Int64ColumnChunkWriter).WriteBatch(v, levels, nil)
	return err
}

func write32(w file.ColumnChunkWriter, v []int32) error {
	_, err := w.(*file.Int32ColumnChunkWriter).WriteBatch(v, nil, nil)
	return err
}

func writeFloats(w file.ColumnChunkWriter, v []float64, levels []int16) error {
	_, err := w.(*file.Float64ColumnChunkWriter).WriteBatch(v, levels, nil)
	return err
}

func writeTexts(w file.ColumnChunkWriter, v []parquet.ByteArray, levels []int16) error {
	_, err := w.(*file.ByteArrayColumnChunkWriter).WriteBatch(v, levels, nil)
	return err
}

// distinct says whether more than half of the first values differ from each other.
func (g *gathered) distinct() bool {
	const looked = 16 << 10
	values := g.values[:min(len(g.values), looked)]
	seen := make(map[float64]struct{}, len(values))
	for _, v := range values {
		seen[v] = struct{}{}
	}
	return 2*len(seen) > len(values)
}

// The protocols as a part names them. One that has no name is its number.
var protocols = [256]parquet.ByteArray{1: parquet.ByteArray("mqtt"), 2: parquet.ByteArray("import")}

func protocolText(p uint8) parquet.ByteArray {
	if text := protocols[p]; text != nil {
		return text
	}
	return strconv.AppendUint(nil, uint64(p), 10)
}

func parseProtocol(text []byte) (uint8, error) {
	for p, name := range protocols {
		if name != nil && bytes.Equal(name, text) {
			return uint8(p), nil
		}
	}
	p, err := strconv.ParseUint(string(text), 10, 8)
	if err != nil {
		return 0, fmt.Errorf("there is no protocol %q", text)
	}
	return uint8(p), nil
}
