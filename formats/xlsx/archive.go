package xlsx

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

// compressionLevel was chosen by measurement: the next ones gain little on sheets and cost much of the time.
const compressionLevel = 1

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

// create starts a part; the one before it is complete.
func (a *archive) create(name string) (io.Writer, error) {
	return a.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.date})
}

func (a *archive) close() error { return a.zip.Close() }
