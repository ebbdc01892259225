package segment

import (
	"fmt"
	"math"
	"os"
	"sync/atomic"

	"decant/ingest"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/edsrzf/mmap-go"
)

// Reader is an open segment. It is safe for concurrent use. It counts its holders: the one who opened it, every running scan over it, and every
// Arrow buffer over its bytes; the last to let go unmaps the file.
type Reader struct {
	path   string
	data   []byte // the mapped file; nil once unmapped
	unmap  func() error
	series []SeriesEntry
	index  []block
	starts []int           // the first block of each series, and the number of blocks
	sound  []atomic.Uint32 // a bit a block: it was checked in this process
	refs   atomic.Int64
}

// SeriesEntry is a series of a segment.
type SeriesEntry struct {
	Series      ingest.Series
	Rows        int64
	First, Last int64 // ns
}

// Open maps the segment at path and checks header, footer and trailer; a block is checked when it is first read. The caller holds the Reader
// once. A damaged or truncated file is a *CorruptError.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open segment: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open segment: %w", err)
	}
	if info.Size() == 0 { // nothing can be mapped of it
		return nil, &CorruptError{File: path, Text: "truncated: the file is empty"}
	}
	data, err := mmap.Map(f, mmap.RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("open segment %s: map it: %w", path, err)
	}
	return newReader(path, data, data.Unmap)
}

// newReader checks a file's bytes, which are aligned to 64 and stay until unmap is called.
func newReader(path string, data []byte, unmap func() error) (*Reader, error) {
	r := &Reader{path: path, data: data, unmap: unmap}
	r.refs.Store(1)
	if err := Guard([]*Reader{r}, r.load); err != nil {
		r.Release()
		return nil, err
	}
	return r, nil
}

// load checks all but the blocks and copies the footer out of the map.
func (r *Reader) load() error {
	if n := len(r.data); n < headerSize+trailerSize {
		return r.corrupt(int64(n), fmt.Sprintf("truncated: %d bytes are less than the shortest segment", n))
	}
	footer, offset, err := r.checkEnds()
	if err != nil {
		return err
	}
	return r.decodeFooter(footer, offset)
}

// checkEnds checks header, trailer and the footer's checksum, and gives the footer with its place.
func (r *Reader) checkEnds() (footer []byte, offset int64, err error) {
	if err := r.checkHeader(); err != nil {
		return nil, 0, err
	}
	t, err := r.checkTrailer()
	if err != nil {
		return nil, 0, err
	}
	footer, offset = r.data[t.footerOffset:t.footerOffset+t.footerLength], int64(t.footerOffset)
	if checksum(footer) != t.footerCRC {
		return nil, 0, r.corrupt(offset, "the footer does not match its checksum")
	}
	return footer, offset, nil
}

func (r *Reader) checkHeader() error {
	head := r.data[:headerSize]
	switch {
	case string(head[:8]) != magicHead:
		return r.corrupt(0, "it does not start as a segment does")
	case le.Uint32(head[60:]) != checksum(head[:60]):
		return r.corrupt(0, "the header does not match its checksum")
	case le.Uint32(head[8:]) != version:
		return fmt.Errorf("open segment %s: it has version %d, this decant reads version %d: use a newer decant", r.path, le.Uint32(head[8:]), version)
	}
	return nil
}

func (r *Reader) checkTrailer() (trailer, error) {
	size := len(r.data)
	at := int64(size - trailerSize)
	tail := r.data[at:]
	head, end := string(tail[:8]) == magicHead, string(tail[56:]) == magicTail
	t := decodeTrailer(tail)
	switch {
	case !head && !end:
		return t, r.corrupt(int64(size), "truncated: the file does not end with a trailer")
	case !head || !end || le.Uint32(tail[52:]) != checksum(tail[:52]):
		return t, r.corrupt(at, "the trailer does not match its checksum")
	case t.size != uint64(size):
		return t, r.corrupt(int64(size), fmt.Sprintf("truncated: %d of %d bytes are there", size, t.size))
	case t.footerOffset < headerSize || t.footerOffset > uint64(at) || t.footerOffset%alignment != 0 ||
		t.footerLength != uint64(at)-t.footerOffset || t.footerLength < footerHead:
		return t, r.corrupt(at, "the trailer names a footer that can't be")
	}
	return t, nil
}

// decodeFooter copies series and index. What it allocates is bounded by the footer's length.
func (r *Reader) decodeFooter(footer []byte, offset int64) error {
	bad := func(text string) error { return r.corrupt(offset, "the footer can't be: "+text) }
	series, blocks := int(le.Uint32(footer[0:])), int(le.Uint32(footer[4:]))
	rest := footer[footerHead:]
	const shortest = 4 + 5*4
	if series > len(rest)/shortest || blocks > len(rest)/entrySize {
		return bad("more series or blocks than it has bytes for")
	}
	r.series = make([]SeriesEntry, series)
	r.starts = make([]int, series+1)
	for i := range r.series {
		if len(rest) < shortest {
			return bad("a series ends early")
		}
		r.starts[i+1] = r.starts[i] + int(le.Uint32(rest))
		rest = rest[4:]
		s := &r.series[i].Series
		for _, field := range []*string{&s.Channel, &s.Subtopic, &s.Name, &s.Unit, &s.Publisher} {
			if len(rest) < 4 || uint64(len(rest)-4) < uint64(le.Uint32(rest)) {
				return bad("a name ends early")
			}
			n := int(le.Uint32(rest))
			*field = string(rest[4 : 4+n])
			rest = rest[4+n:]
		}
		if i > 0 && Compare(r.series[i-1].Series, *s) >= 0 {
			return bad("its series are not in order")
		}
		if r.starts[i+1] == r.starts[i] || r.starts[i+1] > blocks {
			return bad("a series without its blocks")
		}
	}
	if r.starts[series] != blocks || len(rest) < blocks*entrySize || len(rest)-blocks*entrySize >= alignment {
		return bad("its index has another length")
	}
	return r.decodeIndex(rest, blocks, offset, bad)
}

// decodeIndex reads the entries, which must tile the file from header to footer.
func (r *Reader) decodeIndex(rest []byte, blocks int, footer int64, bad func(string) error) error {
	r.index = make([]block, blocks)
	r.sound = make([]atomic.Uint32, (blocks+31)/32)
	next := int64(headerSize)
	for i := range r.index {
		k := decodeBlock(rest[i*entrySize:])
		switch {
		case k.offset != next || k.length < blockHeader || k.length%alignment != 0 || int64(k.length) > footer-next:
			return bad("its blocks do not lie end to end")
		case k.rows < 1 || k.rows > BlockRows || k.first > k.last || k.kind > ingest.KindBytes:
			return bad("a block's summary")
		}
		next += int64(k.length)
		r.index[i] = k
	}
	if next != footer {
		return bad("its blocks do not reach it")
	}
	for i := range r.series {
		e := &r.series[i]
		of := r.index[r.starts[i]:r.starts[i+1]]
		e.First, e.Last = of[0].first, of[len(of)-1].last
		for j, k := range of {
			e.Rows += int64(k.rows)
			if j > 0 && k.first < of[j-1].last {
				return bad("a series is not in order of time")
			}
		}
	}
	return nil
}

func (r *Reader) corrupt(offset int64, text string) error {
	return &CorruptError{File: r.path, Offset: offset, Text: text}
}

// Retain holds the Reader once more. The caller must hold it already.
func (r *Reader) Retain() {
	if r.refs.Add(1) <= 1 {
		panic("segment: Retain of a released Reader")
	}
}

// Release lets go of it; the last one unmaps the file.
func (r *Reader) Release() {
	switch n := r.refs.Add(-1); {
	case n == 0:
		// Unmapping fails only for addresses that were never mapped.
		_ = r.unmap()
		r.data = nil
	case n < 0:
		panic("segment: Release of a released Reader")
	}
}

// Path is the name that the segment was opened by.
func (r *Reader) Path() string { return r.path }

// Size is the file's length in bytes.
func (r *Reader) Size() int64 { return int64(len(r.data)) }

// Rows is the number of rows of all series, duplicates between segments not settled.
func (r *Reader) Rows() int64 {
	var n int64
	for _, e := range r.series {
		n += e.Rows
	}
	return n
}

// Series lists the series, in the order of Compare. The slice is the Reader's.
func (r *Reader) Series() []SeriesEntry { return r.series }

// Run is series i of Series. It is valid while the Reader is held.
func (r *Reader) Run(i int) Run {
	return Run{reader: r, first: r.starts[i], blocks: r.index[r.starts[i]:r.starts[i+1]], from: math.MinInt64, to: math.MaxInt64}
}

// hold is a Reader as the allocator of buffers over its bytes: freeing one lets go of the Reader.
type hold Reader

func (h *hold) Allocate(int) []byte           { panic("segment: mapped bytes are not allocated") }
func (h *hold) Reallocate(int, []byte) []byte { panic("segment: mapped bytes are not allocated") }
func (h *hold) Free([]byte)                   { (*Reader)(h).Release() }

// buffer is mapped bytes as an Arrow buffer that holds the Reader until it is released.
func (r *Reader) buffer(b []byte) *memory.Buffer {
	r.Retain()
	return memory.NewBufferWithAllocator(b, (*hold)(r))
}
