package parquet

import (
	"bytes"
	"fmt"

	parquetcompress "github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// compress gives src compressed, in dst where that is large enough. One goroutine uses it at a time.
type compress func(dst, src []byte) []byte

// codec is how pages are compressed. The library's own codecs are not used: it makes an encoder of zstd for each page.
type codec struct {
	name  parquetcompress.Compression
	start func() (compress, error)
}

func lookUpCodec(name string) (codec, error) {
	switch name {
	case "", "zstd":
		return codec{parquetcompress.Codecs.Zstd, startZstd}, nil
	case "none":
		return codec{parquetcompress.Codecs.Uncompressed, startNone}, nil
	case "gzip":
		return codec{parquetcompress.Codecs.Gzip, startGzip}, nil
	case "snappy":
		return codec{parquetcompress.Codecs.Snappy, startSnappy}, nil
	}
	return codec{}, fmt.Errorf("compression %q is not known here; allowed are zstd, none, gzip and snappy", name)
}

func startNone() (compress, error) {
	return func(dst, src []byte) []byte { return append(dst[:0], src...) }, nil
}

func startSnappy() (compress, error) {
	return func(dst, src []byte) []byte { return s2.EncodeSnappy(dst[:cap(dst)], src) }, nil
}

// Pages are at most some megabytes, so a larger window serves nothing.
func startZstd() (compress, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithZeroFrames(true), zstd.WithWindowSize(1<<20),
		zstd.WithEncoderLevel(zstd.SpeedDefault))
	if err != nil {
		return nil, fmt.Errorf("start zstd: %w", err)
	}
	return func(dst, src []byte) []byte { return enc.EncodeAll(src, dst[:0]) }, nil
}

func startGzip() (compress, error) {
	w := gzip.NewWriter(nil)
	return func(dst, src []byte) []byte {
		out := bytes.NewBuffer(dst[:0])
		w.Reset(out)
		w.Write(src) // into memory, which takes all
		w.Close()
		return out.Bytes()
	}, nil
}
