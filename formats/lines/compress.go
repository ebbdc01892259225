package lines

import (
	"fmt"

	"github.com/klauspost/compress/zstd"

	"decant/formats"
)

// compressor makes the file's bytes of the chunks' texts. A file is one stream (one gzip member, one zstd frame: some readers stop after the first),
// and its bytes depend on the text alone.
type compressor interface {
	// newPacker makes what compresses chunks where they are printed; nil where that is not done.
	newPacker() *packer
	// write puts out a chunk. They come in order, from one goroutine at a time.
	write(c *chunk) error
	// close completes the file.
	close() error
	// abandon frees what is left, after the output was stopped. It may follow close.
	abandon()
}

// newCompressor compresses into out, on so many goroutines.
func newCompressor(out *formats.Output, name string, goroutines int) (compressor, error) {
	switch name {
	case "", "none":
		return plain{out}, nil
	case "gzip":
		return &gzipped{out: out}, nil
	case "zstd":
		return newZstandard(out, goroutines)
	}
	return nil, fmt.Errorf("compression %q is not known here; allowed are none, gzip and zstd", name)
}

// plain is text as it is.
type plain struct{ out *formats.Output }

func (plain) newPacker() *packer { return nil }

func (p plain) write(c *chunk) error {
	_, err := p.out.Write(c.text)
	return err
}

func (plain) close() error { return nil }
func (plain) abandon()     {}

// zstandard is text in one zstd frame. The library cuts it into jobs, which begin with the end of the text before, and compresses several at a time.
type zstandard struct{ encoder *zstd.Encoder }

// zstandardWindow is how far back the text may be referred to, in bytes. A job is four times as long, and each goroutine has up to three in memory.
const zstandardWindow = 256 << 10

func newZstandard(out *formats.Output, goroutines int) (compressor, error) {
	// With a single goroutine there would be no jobs, and other bytes.
	encoder, err := zstd.NewWriter(out, zstd.WithConcurrentBlocks(true), zstd.WithEncoderConcurrency(max(2, goroutines)), zstd.WithWindowSize(zstandardWindow))
	if err != nil {
		return nil, err
	}
	return zstandard{encoder}, nil
}

func (zstandard) newPacker() *packer { return nil }

func (z zstandard) write(c *chunk) error {
	_, err := z.encoder.Write(c.text)
	return err
}

func (z zstandard) close() error { return z.encoder.Close() }
func (z zstandard) abandon()     { z.encoder.Reset(nil) }
