package deadletter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"

	"decant/ingest"
)

// A segment is a row of letters and nothing else. Its name is the id of its first letter. All numbers are little endian.
//
//	┌──────────┬────────────┬─────────────┬──────────────────────┬────────────┐
//	│ magic u32│ length u32 │ CRC32C u32  │ body, length bytes   │ CRC32C u32 │
//	│ "DLT1"   │ of body    │ of the first│                      │ of body    │
//	│          │            │ eight bytes │                      │            │
//	└──────────┴────────────┴─────────────┴──────────────────────┴────────────┘
//
//	body: id u64 │ received i64, ns │ flags u8 │ qos u8 │ payload bytes as it came u64 │
//	      reason │ text │ topic │ client │ payload: each a length (uvarint) and that many bytes
//
// The length has a checksum of its own: a flipped bit in it would otherwise look like a letter that is not finished.
const (
	magic        = 0x31544c44 // "DLT1"
	headerBytes  = 12
	trailerBytes = 4
	fixedBytes   = 8 + 8 + 1 + 1 + 8

	flagRetained = 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendRecord appends the letter as it lies on disk, its payload cut to maxPayload bytes.
func appendRecord(dst []byte, id uint64, l ingest.Letter, maxPayload int) []byte {
	le := binary.LittleEndian
	start := len(dst)
	dst = append(dst, make([]byte, headerBytes)...)
	dst = le.AppendUint64(dst, id)
	dst = le.AppendUint64(dst, uint64(l.Received))
	var flags byte
	if l.Retained {
		flags |= flagRetained
	}
	dst = append(dst, flags, l.QoS)
	dst = le.AppendUint64(dst, uint64(len(l.Payload)))
	for _, s := range []string{l.Reason, l.Text, l.Topic, l.Client} {
		dst = binary.AppendUvarint(dst, uint64(len(s)))
		dst = append(dst, s...)
	}
	payload := l.Payload[:min(len(l.Payload), maxPayload)]
	dst = binary.AppendUvarint(dst, uint64(len(payload)))
	dst = append(dst, payload...)

	header, body := dst[start:start+headerBytes], dst[start+headerBytes:]
	le.PutUint32(header, magic)
	le.PutUint32(header[4:], uint32(len(body)))
	le.PutUint32(header[8:], crc32.Checksum(header[:8], castagnoli))
	return le.AppendUint32(dst, crc32.Checksum(body, castagnoli))
}

var (
	errUnfinished = errors.New("the file ends inside a letter")
	errHeader     = errors.New("the letter's header does not match its checksum")
	errBody       = errors.New("the letter does not match its checksum")
	errFields     = errors.New("the letter's fields do not fill it")
)

// parseRecord reads the letter at the start of b and says how many bytes it takes. With errBody and errFields, size is valid: the
// next letter can still be found. The entry refers to b.
func parseRecord(b []byte) (e Entry, size int, err error) {
	le := binary.LittleEndian
	if len(b) < headerBytes {
		return e, 0, errUnfinished
	}
	if le.Uint32(b) != magic || le.Uint32(b[8:]) != crc32.Checksum(b[:8], castagnoli) {
		if len(bytes.TrimLeft(b, "\x00")) == 0 {
			return e, 0, errUnfinished // space that the file system gave to a letter that never came
		}
		return e, 0, errHeader
	}
	length := int64(le.Uint32(b[4:]))
	if int64(len(b)) < headerBytes+length+trailerBytes {
		return e, 0, errUnfinished
	}
	size = headerBytes + int(length) + trailerBytes
	body := b[headerBytes : headerBytes+int(length)]
	if le.Uint32(b[size-trailerBytes:]) != crc32.Checksum(body, castagnoli) {
		if len(bytes.TrimLeft(b[headerBytes:], "\x00")) == 0 {
			return e, 0, errUnfinished
		}
		return e, size, errBody
	}
	e, ok := parseBody(body)
	if !ok {
		return e, size, errFields
	}
	return e, size, nil
}

func parseBody(b []byte) (e Entry, ok bool) {
	le := binary.LittleEndian
	if len(b) < fixedBytes {
		return e, false
	}
	e.ID = le.Uint64(b)
	e.Received = int64(le.Uint64(b[8:]))
	e.Retained = b[16]&flagRetained != 0
	e.QoS = b[17]
	e.PayloadBytes = int(le.Uint64(b[18:]))
	b = b[fixedBytes:]
	for _, field := range []*string{&e.Reason, &e.Text, &e.Topic, &e.Client} {
		var s []byte
		if s, b, ok = parseBytes(b); !ok {
			return e, false
		}
		*field = string(s)
	}
	e.Payload, b, ok = parseBytes(b)
	return e, ok && len(b) == 0
}

func parseBytes(b []byte) (s, rest []byte, ok bool) {
	n, k := binary.Uvarint(b)
	if k <= 0 || n > uint64(len(b)-k) {
		return nil, nil, false
	}
	return b[k : k+int(n)], b[k+int(n):], true
}
