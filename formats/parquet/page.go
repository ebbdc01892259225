package parquet

import (
	"bytes"
	"hash/crc32"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/metadata"
)

const (
	pageRows = 32 << 10 // a multiple of eight: see presence.appendLevels
	pageText = 1 << 20  // bytes of texts after which a page ends
)

// chunk is a column of a row group on its way to the file: pages, each with a header before it.
type chunk struct {
	bytes        []byte
	uncompressed int64 // what the pages would take without compression, headers included
	dictionary   int64 // how many bytes of them are a dictionary page, which comes first
	pages        int32 // of data
	encoding     parquet.Encoding
	stats        metadata.EncodedStatistics
}

func (c *chunk) reset() { *c = chunk{bytes: c.bytes[:0]} }

// span is the smallest and the largest value of some rows, as Parquet's plain encoding prints them; nil where there are none, or none
// that statistics have room for.
type span struct{ least, most []byte }

// mostStatistics is how long a value in statistics may be, in bytes.
const mostStatistics = 4096

// bound leaves out what statistics have no room for.
func (s span) bound() span {
	if len(s.least) > mostStatistics || len(s.most) > mostStatistics {
		return span{}
	}
	return s
}

// encoder makes pages of encoded values. One goroutine uses it at a time.
type encoder struct {
	compress   compress
	page       []byte // the page being made, before compression
	compressed []byte
	numbers    numberDictionary
	indices    []uint32
	seen       []bool
}

// Numbers of parquet.thrift.
const (
	dataPage       = 0
	dictionaryPage = 2
)

// dictionaryPage appends a dictionary of so many entries, which lie in e.page.
func (e *encoder) dictionaryPage(c *chunk, entries int) {
	h := e.header(dictionaryPage)
	h.beginStruct(7)
	h.i32(1, int32(entries))
	h.i32(2, int32(parquet.Encodings.Plain))
	h.end()
	h.end()
	c.append(h.bytes, e)
	c.dictionary = int64(len(c.bytes))
}

// dataPage appends a page of rows, of which so many are missing; levels and values lie in e.page.
func (e *encoder) dataPage(c *chunk, rows, missing int, s span) {
	s = s.bound()
	h := e.header(dataPage)
	h.beginStruct(5)
	h.i32(1, int32(rows))
	h.i32(2, int32(c.encoding))
	h.i32(3, int32(parquet.Encodings.RLE)) // definition levels
	h.i32(4, int32(parquet.Encodings.RLE)) // repetition levels, of which there are none
	h.beginStruct(5)
	h.i64(3, int64(missing))
	if s.least != nil {
		h.binary(5, s.most)
		h.binary(6, s.least)
	}
	h.end()
	h.end()
	h.end()
	c.append(h.bytes, e)
	c.pages++
}

// header begins a page's header, and compresses the page.
func (e *encoder) header(kind int32) thriftWriter {
	e.compressed = e.compress(e.compressed, e.page)
	h := thriftWriter{}
	h.i32(1, kind)
	h.i32(2, int32(len(e.page)))
	h.i32(3, int32(len(e.compressed)))
	h.i32(4, int32(crc32.ChecksumIEEE(e.compressed)))
	return h
}

func (c *chunk) append(header []byte, e *encoder) {
	c.bytes = append(append(c.bytes, header...), e.compressed...)
	c.uncompressed += int64(len(header) + len(e.page))
}

// setStats makes the statistics of the whole column. They are kept until the footer is written, when the texts are gone.
func (c *chunk) setStats(missing int, s span, signed bool) {
	s = s.bound()
	c.stats.Signed = signed
	c.stats.SetNullCount(int64(missing))
	if s.least != nil {
		c.stats.SetMin(bytes.Clone(s.least)).SetMax(bytes.Clone(s.most))
	}
}
