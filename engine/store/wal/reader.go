package wal

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// ErrTorn is the frame that a power cut or a full disk cut off: the last one, never acknowledged. Another process sees it too where the writer is
// just writing.
var ErrTorn = errors.New("the last frame is torn")

// Reader reads a log's frames in order.
//
// A bad frame is torn where the file ends inside it, or where it and the rest of the file are zeros from some byte inside it on. Anything else is a
// *Fault. A frame's last byte is never zero, so no single flipped bit makes a whole frame look torn.
type Reader struct {
	r      *bufio.Reader
	header Header
	next   uint64 // the sequence to come
	offset int64  // of the frame to come
	ended  bool
	buf    []byte
	err    error
}

// NewReader reads the header of a log. A file without a whole one is a *Fault: the header is synced before the log is used.
func NewReader(r io.Reader) (*Reader, error) {
	buffered := bufio.NewReaderSize(r, 256<<10)
	b := make([]byte, fileHeader)
	switch _, err := io.ReadFull(buffered, b); {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return nil, &Fault{Offset: 0, Text: "truncated: the file is shorter than a header"}
	case err != nil:
		return nil, err
	}
	h, err := parseHeader(b)
	if err != nil {
		return nil, err
	}
	return &Reader{r: buffered, header: h, next: h.Sequence, offset: fileHeader}, nil
}

// Header is the log's header.
func (r *Reader) Header() Header { return r.header }

// Offset is where the frame to come starts: behind all that was read and found good.
func (r *Reader) Offset() int64 { return r.offset }

// Sequence is that of the frame to come.
func (r *Reader) Sequence() uint64 { return r.next }

// Ended says whether the end mark of a clean stop was read.
func (r *Reader) Ended() bool { return r.ended }

// Next reads a frame. Where the log ends behind a whole frame it is io.EOF, inside one ErrTorn, and *Fault where it is damaged.
func (r *Reader) Next() (Frame, error) {
	if r.err != nil {
		return Frame{}, r.err
	}
	f, err := r.read()
	if err != nil {
		r.err = err
		return Frame{}, err
	}
	r.next++
	r.offset += int64(frameHeader + len(f.Payload) + frameTrailer)
	r.ended = f.Type == End
	return f, nil
}

func (r *Reader) read() (Frame, error) {
	f, seen, err := readFrame(r.r, &r.buf)
	switch bad := (*badFrame)(nil); {
	case err == io.EOF:
		return f, io.EOF
	case r.ended:
		return f, &Fault{Offset: r.offset, Text: "there is more behind the end mark"}
	case err == io.ErrUnexpectedEOF:
		return f, ErrTorn
	case errors.As(err, &bad):
		torn, err := endsWithin(seen, r.r)
		switch {
		case err != nil:
			return f, err
		case torn:
			return f, ErrTorn
		}
		return f, &Fault{Offset: r.offset, Text: bad.text}
	case err != nil:
		return f, err
	case f.Sequence != r.next:
		return f, &Fault{Offset: r.offset, Text: fmt.Sprintf("frame %d stands where frame %d belongs", f.Sequence, r.next)}
	case f.Type != Samples && f.Type != Window && f.Type != End:
		return f, &Fault{Offset: r.offset, Text: fmt.Sprintf("a frame has the unknown type %d", f.Type)}
	}
	return f, nil
}

// endsWithin says whether what is not zero in seen, a bad frame or its header, and in the rest of the file ends before seen does.
func endsWithin(seen []byte, rest io.Reader) (bool, error) {
	if seen[len(seen)-1] != 0 {
		return false, nil
	}
	chunk := make([]byte, 64<<10)
	for {
		n, err := rest.Read(chunk)
		if len(bytes.TrimLeft(chunk[:n], "\x00")) > 0 {
			return false, nil
		}
		if err == io.EOF {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
}

// badFrame is a frame that doesn't match its checksums.
type badFrame struct{ text string }

func (b *badFrame) Error() string { return b.text }

// ReadFrame reads one frame from a stream, where bytes come whole or not at all. buf is reused between calls.
func ReadFrame(r io.Reader, buf *[]byte) (Frame, error) {
	f, _, err := readFrame(r, buf)
	return f, err
}

// readFrame reads one frame. The error is io.EOF before its first byte, io.ErrUnexpectedEOF inside it, and a *badFrame for a frame, or
// for a header, that does not match its checksum; seen is then all of what was read for it.
func readFrame(r io.Reader, buf *[]byte) (f Frame, seen []byte, err error) {
	b := grown(buf, frameHeader)
	if _, err := io.ReadFull(r, b); err != nil {
		return f, nil, err
	}
	length := le.Uint32(b[16:])
	switch {
	case le.Uint32(b) != magicFrame || le.Uint32(b[20:]) != checksum(b[:20]) || b[6] != 0 || b[7] != 0:
		return f, b, &badFrame{"a frame's header does not match its checksum"}
	case b[5] != version:
		return f, b, &VersionError{uint32(b[5])}
	case length > MaxPayload:
		return f, b, &badFrame{fmt.Sprintf("a frame of %d bytes is longer than any that is written", length)}
	}
	f = Frame{Type: Type(b[4]), Sequence: le.Uint64(b[8:])}
	if b, err = readRest(r, buf, int(length)+frameTrailer); err != nil {
		return f, nil, err
	}
	end := frameHeader + int(length)
	if le.Uint32(b[end:]) != checksum(b[:end]) || b[end+4] != endByte {
		return f, b, &badFrame{"a frame does not match its checksum"}
	}
	f.Payload = b[frameHeader:end]
	return f, b, nil
}

// readRest reads n more bytes behind the header in buf, a piece at a time: a file cut short costs no more memory than it has bytes.
func readRest(r io.Reader, buf *[]byte, n int) ([]byte, error) {
	const piece = 1 << 20
	for at := frameHeader; n > 0; {
		step := min(n, piece)
		b := grown(buf, at+step)
		if _, err := io.ReadFull(r, b[at:]); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		at += step
		n -= step
	}
	return *buf, nil
}

// grown makes buf n bytes long and keeps what it holds.
func grown(buf *[]byte, n int) []byte {
	if cap(*buf) < n {
		b := make([]byte, n, max(n, 2*cap(*buf)))
		copy(b, *buf)
		*buf = b
	}
	*buf = (*buf)[:n]
	return *buf
}
