package segment

import (
	"fmt"
	"math"
	"os"
	"sync"
	"sync/atomic"

	"decant/ingest"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/edsrzf/mmap-go"
)

// Reader is an open segment. It is safe for concurrent use. It counts its holders: the one who opened it, every running scan over it, and every
// Arrow buffer over its bytes; the last to let go unmaps the file. No file stays open.
//
// Of a loaded index it holds 108 bytes a series, and those of its names that are not the ones of the series before, and 112 bytes a group; directories stay in the
// file.
type Reader struct {
	path    string
	data    []byte // the mapped file; nil once unmapped
	unmap   func() error
	version uint32
	footer  trailer // where the footer is
	rows    int64
	refs    atomic.Int64

	loadOnce sync.Once
	loadErr  error
	// What the footer says; set by Load.
	series []SeriesEntry
	groups []group
	starts []int32         // the first group of each series, and the number of groups
	sound  []atomic.Uint64 // a word a group: what of it was checked in this process; a bit a block, and
}

// soundDirectory is the bit of a group whose directory was checked.
const soundDirectory = 1 << mostBlocks

// SeriesEntry is a series of a segment.
type SeriesEntry struct {
	Series      ingest.Series
	Rows        int64
	First, Last int64 // ns
}

// Open is Map and Load. The caller holds the Reader once. A damaged or truncated file is a *CorruptError.
func Open(path string) (*Reader, error) {
	r, err := Map(path)
	if err != nil {
		return nil, err
	}
	if err := r.Load(); err != nil {
		r.Release()
		return nil, err
	}
	return r, nil
}

// Map maps the segment at path and checks its header and its trailer: Path, Size and Rows may be asked for, and all else after Load.
// The caller holds the Reader once. A damaged or truncated file is a *CorruptError.
func Map(path string) (*Reader, error) {
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

// newReader checks the ends of a file's bytes, which are aligned to 64 and stay until unmap is called.
func newReader(path string, data []byte, unmap func() error) (*Reader, error) {
	r := &Reader{path: path, data: data, unmap: unmap}
	r.refs.Store(1)
	err := Guard([]*Reader{r}, r.checkEnds)
	if err == nil && r.version == 1 { // its rows are known from the footer alone
		err = r.Load()
	}
	if err != nil {
		r.Release()
		return nil, err
	}
	return r, nil
}

// Load checks and reads the footer, once: series, and what is known of their groups. Blocks and directories are checked when they are first read.
func (r *Reader) Load() error {
	r.loadOnce.Do(func() { r.loadErr = Guard([]*Reader{r}, r.load) })
	return r.loadErr
}

func (r *Reader) load() error {
	footer, err := r.checkFooter()
	if err != nil {
		return err
	}
	if r.version == 1 {
		if err := r.decodeFooterV1(footer, int64(r.footer.footerOffset)); err != nil {
			return err
		}
		for _, e := range r.series {
			r.rows += e.Rows
		}
	} else if err := r.decodeFooter(footer, int64(r.footer.footerOffset)); err != nil {
		return err
	}
	r.sound = make([]atomic.Uint64, len(r.groups))
	return nil
}

// checkEnds checks header and trailer.
func (r *Reader) checkEnds() (err error) {
	if n := len(r.data); n < headerSize+trailerSize {
		return r.corrupt(int64(n), fmt.Sprintf("truncated: %d bytes are less than the shortest segment", n))
	}
	if r.version, err = r.checkHeader(); err != nil {
		return err
	}
	r.footer, err = r.checkTrailer(r.version)
	if r.version > 1 {
		r.rows = int64(r.footer.rows)
	}
	return err
}

func (r *Reader) checkFooter() ([]byte, error) {
	t := &r.footer
	footer := r.data[t.footerOffset : t.footerOffset+t.footerLength]
	if checksum(footer) != t.footerCRC {
		return nil, r.corrupt(int64(t.footerOffset), "the footer does not match its checksum")
	}
	return footer, nil
}

func (r *Reader) checkHeader() (version uint32, err error) {
	head := r.data[:headerSize]
	switch version = le.Uint32(head[8:]); {
	case string(head[:8]) != magicHead:
		return 0, r.corrupt(0, "it does not start as a segment does")
	case le.Uint32(head[60:]) != checksum(head[:60]):
		return 0, r.corrupt(0, "the header does not match its checksum")
	case version < 1 || version > newest:
		return 0, fmt.Errorf("open segment %s: it has version %d, this decant reads versions up to %d: use a newer decant", r.path, version, newest)
	}
	return version, nil
}

func (r *Reader) checkTrailer(version uint32) (trailer, error) {
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
	case t.version != version:
		return t, r.corrupt(at, "the trailer has another version than the header")
	case t.footerOffset < headerSize || t.footerOffset > uint64(at) || t.footerLength != uint64(at)-t.footerOffset ||
		version == 1 && (t.footerOffset%alignment != 0 || t.footerLength < footerHeadV1), t.rows > math.MaxInt64:
		return t, r.corrupt(at, "the trailer names a footer that can't be")
	}
	return t, nil
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
func (r *Reader) Rows() int64 { return r.rows }

// Series lists the series, in the order of Compare, once Load has returned nil. The slice is the Reader's.
func (r *Reader) Series() []SeriesEntry { return r.series }

// Run is series i of Series. It is valid while the Reader is held.
func (r *Reader) Run(i int) Run {
	return Run{reader: r, base: int(r.starts[i]), groups: r.groups[r.starts[i]:r.starts[i+1]], from: math.MinInt64, to: math.MaxInt64}
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
