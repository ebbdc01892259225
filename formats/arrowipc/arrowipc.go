// Package arrowipc writes documents as Arrow IPC files, the format that can be mapped and read at any batch (also known as Feather
// version 2).
//
// Text columns are plain utf8, not dictionaries: the file format allows one dictionary a column, which is known only at the end of a
// stream. Package columnar says how columns are typed and how large batches are.
package arrowipc

import (
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"decant/formats"
	"decant/formats/columnar"
)

// Open starts a document on w. The writer is also an io.Closer: see formats.Writer.
func Open(w io.Writer, doc formats.Document) (formats.Writer, error) {
	compression, err := compression(doc.Compression)
	if err != nil {
		return nil, fmt.Errorf("open arrow: %w", err)
	}
	cw, err := columnar.Open(w, doc, func(out *formats.Output, mem memory.Allocator) (columnar.File, error) {
		options := append(compression, ipc.WithSchema(columnar.Schema(doc)), ipc.WithAllocator(mem))
		return ipc.NewFileWriter(seeker{out}, options...)
	})
	if err != nil {
		return nil, fmt.Errorf("open arrow: %w", err)
	}
	return cw, nil
}

func compression(name string) ([]ipc.Option, error) {
	switch name {
	case "", "none":
		return nil, nil
	case "zstd":
		return []ipc.Option{ipc.WithZstd()}, nil
	}
	return nil, fmt.Errorf("compression %q is not known here; allowed are none and zstd", name)
}

// seeker tells the library where the file stands, which is all that it seeks for.
type seeker struct{ *formats.Output }

func (s seeker) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekCurrent {
		return 0, errors.New("seek in a stream: only its position can be asked for")
	}
	return s.Len(), nil
}
