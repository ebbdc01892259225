package archive

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/metadata"
)

// wholeBytes is up to which size a file is fetched with its footer: a request to a bucket costs more than so many bytes.
const wholeBytes = 256 << 10

// part is a file that is open for reading: its footer was read and checked. It holds no file open, and is safe for concurrent use.
type part struct {
	whole  []byte // the file, where it is small
	place  Place
	info   *Part
	meta   *metadata.FileMetaData
	index  *index
	groups []group
}

// group is a row group.
type group struct {
	start, rows int64 // its rows
	first, last int64 // ns: no row is before or after, by the statistics
	at          [columnCount]int64
	length      [columnCount]int64
	nulls       [columnCount]int64 // rows that are null; -1 where the statistics don't say
}

// openPart fetches the footer in one piece, of which the manifest says the length and the checksum.
func openPart(ctx context.Context, place Place, info *Part) (p *part, err error) {
	defer func() {
		if r := recover(); r != nil { // the library panics on some footers that are none
			err = fmt.Errorf("its footer can't be read: %v", r)
		}
		if err != nil {
			err = damagedPart(place, info, err)
		}
	}()
	if info.Footer.Bytes < 12 || info.Footer.Bytes > info.Bytes {
		return nil, errors.New("the manifest has a footer that can't be")
	}
	p = &part{place: place, info: info}
	from := info.Bytes - info.Footer.Bytes
	if info.Bytes <= wholeBytes {
		from = 0
	}
	b := make([]byte, info.Bytes-from)
	if err := place.Read(ctx, info.File, from, b); err != nil {
		return nil, err
	}
	if from == 0 {
		p.whole = b
		b = b[info.Bytes-info.Footer.Bytes:]
	}
	if checksum(b) != info.Footer.CRC32C {
		return nil, errors.New("its footer does not match its checksum")
	}
	length := int64(binary.LittleEndian.Uint32(b[len(b)-8:]))
	if length+8 != int64(len(b)) {
		return nil, fmt.Errorf("its footer has %d bytes, the manifest says %d", length+8, len(b))
	}
	if p.meta, err = metadata.NewFileMetaData(b[:length], nil); err != nil {
		return nil, err
	}
	return p, p.layOut()
}

// layOut finds out what is where.
func (p *part) layOut() error {
	if p.meta.Schema.NumColumns() != columnCount {
		return errors.New("it has other columns than decant writes")
	}
	for i, c := range columns {
		if got := p.meta.Schema.Column(i); got.Name() != c.name || got.PhysicalType() != c.physical || (got.MaxDefinitionLevel() > 0) != c.null {
			return fmt.Errorf("its column %d is not %s as decant writes it", i, c.name)
		}
	}
	text := p.meta.KeyValueMetadata().FindValue(indexKey)
	if text == nil {
		return errors.New("its footer has no index")
	}
	var err error
	if p.index, err = parseIndex(*text, p.meta.GetNumRows(), len(p.meta.RowGroups)); err != nil {
		return err
	}
	p.meta.FileMetaData.KeyValueMetadata = nil // the index's text is of no more use
	start := int64(0)
	for i := range p.meta.RowGroups {
		g, err := p.layOutGroup(i)
		if err != nil {
			return err
		}
		g.start = start
		start += g.rows
		p.groups = append(p.groups, g)
	}
	return nil
}

func (p *part) layOutGroup(i int) (group, error) {
	rg := p.meta.RowGroup(i)
	g := group{rows: rg.NumRows()}
	for c := range columnCount {
		chunk, err := rg.ColumnChunk(c)
		if err != nil {
			return g, err
		}
		g.at[c], g.length[c] = chunk.DataPageOffset(), chunk.TotalCompressedSize()
		if chunk.HasDictionaryPage() && chunk.DictionaryPageOffset() > 0 && chunk.DictionaryPageOffset() < g.at[c] {
			g.at[c] = chunk.DictionaryPageOffset()
		}
		if g.at[c] < 4 || g.length[c] < 0 || g.at[c]+g.length[c] > p.info.Bytes-p.info.Footer.Bytes {
			return g, fmt.Errorf("column %s of row group %d lies outside of the file", columns[c].name, i)
		}
		stats, err := chunk.Statistics()
		if err != nil {
			return g, err
		}
		g.nulls[c] = -1
		if stats != nil && stats.HasNullCount() {
			g.nulls[c] = stats.NullCount()
		}
		if c == colTime {
			times, ok := stats.(*metadata.Int64Statistics)
			if !ok || !times.HasMinMax() {
				return g, fmt.Errorf("row group %d has no statistics of its times", i)
			}
			g.first, g.last = join(times.Min(), 0), join(times.Max(), 999)
		}
	}
	return g, nil
}

// join is split's inverse.
func join(micros int64, nanos int32) int64 { return micros*1000 + int64(nanos) }

// column reads a column of a row group with f. Its bytes are fetched in one piece and checked before.
func (p *part) column(ctx context.Context, g, c int, f func(r file.ColumnChunkReader, rows int64) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
		if err != nil {
			err = damagedPart(p.place, p.info, fmt.Errorf("column %s of row group %d: %w", columns[c].name, g, err))
		}
	}()
	from := &fetch{ctx: ctx, part: p, group: g, column: c}
	r, err := file.NewParquetReader(from, file.WithMetadata(p.meta))
	if err != nil {
		return err
	}
	defer r.Close()
	chunk, err := r.RowGroup(g).Column(c)
	if err != nil {
		return cmp.Or(from.err, err) // the library's repeats that of the place, as text alone
	}
	if err := f(chunk, p.groups[g].rows); err != nil {
		return err
	}
	return chunk.Err()
}

// fetch is the file as the Parquet library sees it while it reads one column.
type fetch struct {
	ctx    context.Context
	part   *part
	group  int
	column int
	err    error // of the place
}

func (f *fetch) ReadAt(b []byte, offset int64) (int, error) {
	g := &f.part.groups[f.group]
	if offset != g.at[f.column] || int64(len(b)) != g.length[f.column] {
		return 0, fmt.Errorf("%d bytes at %d are not the column's", len(b), offset)
	}
	if f.part.whole != nil {
		copy(b, f.part.whole[offset:])
	} else if f.err = f.part.place.Read(f.ctx, f.part.info.File, offset, b); f.err != nil {
		return 0, f.err
	}
	if crc32.Checksum(b, castagnoli) != f.part.index.Chunks[f.group][f.column] {
		f.err = errors.New("it does not match its checksum")
		return 0, f.err
	}
	return len(b), nil
}

func (f *fetch) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekEnd {
		return f.part.info.Bytes + offset, nil
	}
	return 0, errors.New("a column is read in one piece")
}

func (f *fetch) Read([]byte) (int, error) { return 0, errors.New("a column is read in one piece") }

// damagedPart makes what is wrong with a part's bytes a *DamageError. What the place or the context says stays as it is.
func damagedPart(place Place, info *Part, err error) error {
	if damage := new(DamageError); errors.As(err, &damage) {
		return damage
	}
	if kind := new(kindError); errors.As(err, &kind) {
		return kind
	}
	switch {
	case isMissing(err):
		return &DamageError{Place: place.String(), File: info.File, Text: "it is missing"}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return &DamageError{Place: place.String(), File: info.File, Text: err.Error()}
}
