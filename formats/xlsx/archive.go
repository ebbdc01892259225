package xlsx

//lint:file-ignore SA1019 of a raw part, archive/zip writes the sizes and the date of the older fields, which it fills by itself for others

import (
	"archive/zip"
	"io"
	"time"

	"github.com/klauspost/compress/flate"
)

// archive is a zip file whose parts all carry one date.
type archive struct {
	zip  *zip.Writer
	date time.Time
}

func newArchive(w io.Writer, date time.Time) *archive {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, compressionLevel)
	})
	return &archive{zip: z, date: zipDate(date)}
}

// zipDate is a date that a zip file can carry.
func zipDate(date time.Time) time.Time {
	date = date.UTC().Truncate(2 * time.Second)
	if date.Year() < 1980 || date.Year() > 2107 {
		return time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return date
}

// add writes a whole part; the one before it is complete.
func (a *archive) add(name string, content []byte) error {
	w, err := a.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.date})
	if err != nil {
		return err
	}
	_, err = w.Write(content)
	return err
}

// start begins a part that comes as pieces; the one before it is complete.
func (a *archive) start(name string) (*part, error) {
	const (
		version    = 20  // of zip, that a reader needs for deflate
		descriptor = 0x8 // checksum and sizes stand behind the content
	)
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Flags: descriptor, CreatorVersion: version, ReaderVersion: version}
	h.SetModTime(a.date)
	w, err := a.zip.CreateRaw(h)
	if err != nil {
		return nil, err
	}
	return &part{h, w}, nil
}

func (a *archive) close() error { return a.zip.Close() }

// part is a part of an archive that grows by pieces. The last one ends the deflate stream. Both its sizes stay below 4 GiB, see maxPartBytes.
type part struct {
	header  *zip.FileHeader // archive/zip reads checksum and sizes from it when the part is complete
	content io.Writer
}

func (p *part) add(d *piece) error {
	h := p.header
	h.CRC32 = joinCRC(h.CRC32, d.crc, d.size)
	h.CompressedSize64 += uint64(d.packed.Len())
	h.UncompressedSize64 += uint64(d.size)
	h.CompressedSize, h.UncompressedSize = uint32(h.CompressedSize64), uint32(h.UncompressedSize64)
	_, err := p.content.Write(d.packed.Bytes())
	return err
}
