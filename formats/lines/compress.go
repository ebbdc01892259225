package lines

import (
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// compress wraps w in a compressor. Each writes one stream (one gzip member, one zstd frame: some readers stop after the
// first) from the goroutine that calls it, so the bytes depend on the text alone.
func compress(w io.Writer, name string) (io.WriteCloser, error) {
	switch name {
	case "", "none":
		return plain{w}, nil
	case "gzip":
		return gzip.NewWriter(w), nil
	case "zstd":
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	}
	return nil, fmt.Errorf("compression %q is not known here; allowed are none, gzip and zstd", name)
}

type plain struct{ io.Writer }

func (plain) Close() error { return nil }
