package parquet

import (
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/parquet"

	"decant/formats"
)

// numbers are float64: by dictionary where a row group has few different ones, as sensors of few digits do, else as they are.
type numbers struct {
	presence
	values []float64 // of rows that have one
}

func (x *numbers) add(_ *formats.Cells, col arrow.Array, from, to int) {
	a := col.(*array.Float64)
	x.values = gather(x.values, &x.presence, a, a.Float64Values(), from, to)
}

func (x *numbers) size() int { return 0 }

func (x *numbers) reset() {
	x.presence.reset()
	x.values = x.values[:0]
}

func (x *numbers) encode(c *chunk, e *encoder) {
	c.encoding = parquet.Encodings.Plain
	var width int
	indices, entries := e.numbers.index(e.indices[:0], x.values)
	e.indices = indices
	byDictionary := len(entries) > 0
	if byDictionary {
		c.encoding = parquet.Encodings.RLEDict
		width = indexWidth(len(entries))
		e.page = appendNumbers(e.page[:0], entries)
		e.dictionaryPage(c, len(entries))
	}
	var all bounds[float64]
	at := 0
	for from := 0; from < x.rows; from += pageRows {
		to := min(x.rows, from+pageRows)
		n := x.count(from, to)
		values := x.values[at : at+n]
		e.page = x.appendLevels(e.page[:0], from, to)
		if byDictionary {
			e.page = appendHybrid(append(e.page, byte(width)), indices[at:at+n], width)
		} else {
			e.page = appendNumbers(e.page, values)
		}
		at += n
		page := numberBounds(values)
		all.merge(page)
		e.dataPage(c, to-from, to-from-n, page.span(appendFloat))
	}
	c.setStats(x.missing, all.span(appendFloat), true)
}

func appendNumbers(dst []byte, values []float64) []byte {
	return append(dst, arrow.Float64Traits.CastToBytes(values)...)
}

// numberBounds are the bounds of values that are no NaN. Readers may hold −0 and 0 for the same or not, so as a bound 0 includes both.
func numberBounds(values []float64) bounds[float64] {
	b := boundsOf(values)
	if b.least == 0 {
		b.least = math.Copysign(0, -1)
	}
	if b.most == 0 {
		b.most = 0 // not −0
	}
	return b
}

const (
	mostNumbers   = 16 << 10 // entries of a dictionary of numbers
	tableBits     = 16       // slots of the table that finds them, four an entry
	decisiveFirst = 8 << 10  // values after which mostly different ones are taken to go on like that
)

// numberDictionary finds the different ones among numbers, by a table that fits a processor's cache.
type numberDictionary struct {
	slots   []uint16 // an entry's number plus one
	entries []float64
}

// index appends each value's entry to indices. There are no entries where a dictionary would not pay.
func (d *numberDictionary) index(indices []uint32, values []float64) ([]uint32, []float64) {
	if d.slots == nil {
		d.slots = make([]uint16, 1<<tableBits)
	}
	clear(d.slots)
	d.entries = d.entries[:0]
	for i, v := range values {
		if i == decisiveFirst && len(d.entries) > decisiveFirst*3/4 {
			return indices[:0], nil
		}
		key := math.Float64bits(v)
		slot := key * 0x9e3779b97f4a7c15 >> (64 - tableBits)
		for {
			entry := d.slots[slot]
			if entry == 0 {
				if len(d.entries) == mostNumbers {
					return indices[:0], nil
				}
				d.entries = append(d.entries, v)
				entry = uint16(len(d.entries))
				d.slots[slot] = entry
			} else if math.Float64bits(d.entries[entry-1]) != key {
				slot = (slot + 1) % (1 << tableBits)
				continue
			}
			indices = append(indices, uint32(entry-1))
			break
		}
	}
	if dictionary := len(d.entries)*8 + len(values)*indexWidth(len(d.entries))/8; dictionary > len(values)*8/2 {
		return indices[:0], nil
	}
	return indices, d.entries
}
