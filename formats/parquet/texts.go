package parquet

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/parquet"

	"decant/formats"
)

// mostTexts is how many different texts of a row group are looked up. With more than that each row has an entry of its own.
const mostTexts = 64 << 10

// texts are texts and bytes: by dictionary where that is shorter, else as they are. Entries are in order of their first row, so they don't
// depend on the dictionaries that records have.
type texts struct {
	presence
	printer *formats.Printer // of Value cells

	rowEntries []uint32 // of rows that have one
	text       []byte   // of all entries
	ends       []int    // where each entry ends in text
	ids        map[string]uint32
	loose      bool // there are more than mostTexts entries, and ids is not looked at any more

	dictionary arrow.Array // of the last record
	known      []uint32    // by its entries: our entry plus one, or 0
	cell       []byte
}

func newTexts() *texts {
	return &texts{
		ids:     make(map[string]uint32),
		printer: formats.NewPrinter(formats.Document{Zone: time.UTC}), // no Value cell is a time
	}
}

func (x *texts) size() int { return len(x.text) }

func (x *texts) reset() {
	x.presence.reset()
	x.rowEntries, x.text, x.ends = x.rowEntries[:0], x.text[:0], x.ends[:0]
	clear(x.ids)
	x.loose = false
	x.forget()
}

// forget lets go of the last record's dictionary.
func (x *texts) forget() {
	if x.dictionary != nil {
		x.dictionary.Release()
		x.dictionary = nil
	}
}

func (x *texts) add(c *formats.Cells, col arrow.Array, from, to int) {
	if a, ok := col.(*array.Dictionary); ok && !x.loose {
		x.addIndices(c, a, from, to)
		return
	}
	for row := from; row < to; row++ {
		present := !c.Missing(row)
		x.presence.add(present)
		if !present {
			continue
		}
		switch c.Type {
		case formats.Text:
			x.addText([]byte(c.Text(row)))
		case formats.Bytes:
			x.addText(c.Bytes(row))
		default:
			x.cell = x.printer.Append(x.cell[:0], c, row)
			x.addText(x.cell)
		}
	}
}

// addIndices adds rows of a record's dictionary, of whose entries each is looked up once.
func (x *texts) addIndices(c *formats.Cells, a *array.Dictionary, from, to int) {
	if from == to {
		return
	}
	if d := a.Dictionary(); x.dictionary == nil || x.dictionary.Data() != d.Data() {
		d.Retain()
		x.forget()
		x.dictionary = d
		x.known = append(x.known[:0], make([]uint32, d.Len())...)
	}
	whole := a.NullN() == 0 && x.dictionary.NullN() == 0
	if whole {
		x.presence.addAll(to - from)
	}
	for row := from; row < to; row++ {
		if !whole {
			present := !c.Missing(row)
			x.presence.add(present)
			if !present {
				continue
			}
		}
		entry := c.Entry(row)
		if x.known[entry] == 0 || x.loose {
			x.known[entry] = x.entryOf([]byte(c.EntryText(entry))) + 1
		}
		x.rowEntries = append(x.rowEntries, x.known[entry]-1)
	}
}

func (x *texts) addText(text []byte) { x.rowEntries = append(x.rowEntries, x.entryOf(text)) }

// entryOf finds a text among the entries, or makes it one.
func (x *texts) entryOf(text []byte) uint32 {
	if !x.loose {
		if id, ok := x.ids[string(text)]; ok {
			return id
		}
	}
	id := uint32(len(x.ends))
	x.text = append(x.text, text...)
	x.ends = append(x.ends, len(x.text))
	if !x.loose {
		x.ids[string(text)] = id
		x.loose = len(x.ends) > mostTexts
	}
	return id
}

func (x *texts) entry(i uint32) []byte {
	from := 0
	if i > 0 {
		from = x.ends[i-1]
	}
	return x.text[from:x.ends[i]]
}

func (x *texts) encode(c *chunk, e *encoder) {
	c.encoding = parquet.Encodings.Plain
	width := indexWidth(len(x.ends))
	byDictionary := x.paysDictionary(width)
	if byDictionary {
		c.encoding = parquet.Encodings.RLEDict
		e.page = e.page[:0]
		for i := range x.ends {
			e.page = appendText(e.page, x.entry(uint32(i)))
		}
		e.dictionaryPage(c, len(x.ends))
	}
	var all span
	at := 0
	for from, to := 0, 0; from < x.rows; from = to {
		e.page = e.page[:0]
		to = min(x.rows, from+pageRows)
		if !byDictionary {
			to = x.pageEnd(from, at)
		}
		entries := x.rowEntries[at : at+x.count(from, to)]
		at += len(entries)
		e.page = x.appendLevels(e.page, from, to)
		if byDictionary {
			e.page = appendHybrid(append(e.page, byte(width)), entries, width)
		} else {
			for _, i := range entries {
				e.page = appendText(e.page, x.entry(i))
			}
		}
		page := x.span(e, entries)
		all = all.with(page.least).with(page.most)
		e.dataPage(c, to-from, to-from-len(entries), page)
	}
	c.setStats(x.missing, all, false)
}

// paysDictionary says whether a dictionary and indices of a width are shorter than the texts themselves.
func (x *texts) paysDictionary(width int) bool {
	if x.loose || len(x.ends) == 0 {
		return false
	}
	plain := 0
	for _, i := range x.rowEntries {
		plain += 4 + len(x.entry(i))
	}
	return 4*len(x.ends)+len(x.text)+len(x.rowEntries)*width/8 < plain
}

// pageEnd is where a page of plain texts ends that begins at a row, whose text is the at-th: at a multiple of eight rows.
func (x *texts) pageEnd(from, at int) int {
	size := 0
	for to := from; to < min(x.rows, from+pageRows); {
		next := min(x.rows, to+8)
		for range x.count(to, next) {
			size += 4 + len(x.entry(x.rowEntries[at]))
			at++
		}
		to = next
		if size >= pageText {
			return to
		}
	}
	return min(x.rows, from+pageRows)
}

// span looks at each entry of a page once.
func (x *texts) span(e *encoder, entries []uint32) span {
	e.seen = append(e.seen[:0], make([]bool, len(x.ends))...)
	var s span
	for _, i := range entries {
		if !e.seen[i] {
			e.seen[i] = true
			s = s.with(x.entry(i))
		}
	}
	return s
}

// with is the span that includes v as well, where that is not nil.
func (s span) with(v []byte) span {
	if v != nil && (s.least == nil || bytes.Compare(v, s.least) < 0) {
		s.least = v
	}
	if v != nil && (s.most == nil || bytes.Compare(v, s.most) > 0) {
		s.most = v
	}
	return s
}

func appendText(dst, text []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(text))), text...)
}
