// Package wal is the store's log: what a sync made durable before its messages were acknowledged.
//
// A log is one file, written once from front to end:
//
//  1. Create writes the file's header and its first frame.
//  2. Each sync group becomes one frame: an Encoder packs its samples, Log.Append writes the frame and syncs. The next frame is written only after that sync
//     has returned, so after a power cut only the last frame can be torn.
//  3. A clean stop writes an end mark.
//  4. A Reader reads the frames back; a Decoder unpacks them.
//
// What it promises: a frame whose Append returned nil is read back whole. A frame that is torn is told from one that is damaged (see Reader). What it
// does not: it deletes nothing and never shortens a file, and a Log takes one goroutine at a time.
package wal

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// A log file. All numbers are little endian; checksums are CRC32C (Castagnoli).
//
//	+------------------------------------------------------------+ 0
//	| header, 40 bytes                                           |
//	|   0 magic "DECANTWL"          8 version u32   12 zeros     |
//	|  16 sequence of the first frame u64                        |
//	|  24 samples stored before this log u64                     |
//	|  32 zeros                    36 CRC of bytes 0 to 36       |
//	+------------------------------------------------------------+ 40
//	| frame | frame | …                                          |
//	+------------------------------------------------------------+
//
// A frame:
//
//	  0 magic "DFR1"        4 type u8 (1 samples, 2 window, 3 end)   5 version u8   6 zeros
//	  8 sequence u64: one more than that of the frame before, across logs
//	 16 length of the payload u32     20 CRC of bytes 0 to 20
//	 24 payload
//	  n CRC of bytes 0 to n: header and payload
//	n+4 end byte 0xA5, never zero: where a file ends in zeros, the frame before them is seen to be torn
const (
	magicFile  = "DECANTWL"
	magicFrame = 0x31524644 // "DFR1"
	version    = 1

	fileHeader   = 40
	frameHeader  = 24
	frameTrailer = 5
	endByte      = 0xA5

	// MaxPayload bounds a frame's payload, and what a reader of a damaged length may allocate.
	MaxPayload = 64 << 20
)

// Type says what a frame carries.
type Type uint8

const (
	// Samples is a sync group: new series, samples and the deliveries they came by.
	Samples Type = 1
	// Window is the newest deliveries of the logs before, carried over because those logs will be deleted. It replaces what a reader knows of them.
	Window Type = 2
	// End is the mark of a clean stop. Nothing follows it.
	End Type = 3
	// Reply is not found in logs: the answer to a frame that another process handed over by the store's socket.
	Reply Type = 4
	// Command is not found in logs either: what another process asks of the writer besides taking samples.
	Command Type = 5
)

// Frame is one frame.
type Frame struct {
	Type     Type
	Sequence uint64
	Payload  []byte // valid until the next frame is read
}

// AppendFrame appends a frame to dst.
func AppendFrame(dst []byte, f Frame) []byte {
	start := len(dst)
	dst = le.AppendUint32(dst, magicFrame)
	dst = append(dst, byte(f.Type), version, 0, 0)
	dst = le.AppendUint64(dst, f.Sequence)
	dst = le.AppendUint32(dst, uint32(len(f.Payload)))
	dst = le.AppendUint32(dst, checksum(dst[start:]))
	dst = append(dst, f.Payload...)
	dst = le.AppendUint32(dst, checksum(dst[start:]))
	return append(dst, endByte)
}

// Header is a log file's header.
type Header struct {
	Sequence uint64 // of the first frame
	Arrival  uint64 // samples stored before this log
}

func (h Header) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, magicFile...)
	dst = le.AppendUint32(dst, version)
	dst = le.AppendUint32(dst, 0)
	dst = le.AppendUint64(dst, h.Sequence)
	dst = le.AppendUint64(dst, h.Arrival)
	dst = le.AppendUint32(dst, 0)
	return le.AppendUint32(dst, checksum(dst[start:]))
}

func parseHeader(b []byte) (Header, error) {
	switch {
	case string(b[:8]) != magicFile:
		return Header{}, &Fault{Offset: 0, Text: "it does not start as a log does"}
	case le.Uint32(b[36:]) != checksum(b[:36]):
		return Header{}, &Fault{Offset: 0, Text: "the header does not match its checksum"}
	case le.Uint32(b[8:]) != version:
		return Header{}, &VersionError{le.Uint32(b[8:])}
	}
	return Header{Sequence: le.Uint64(b[16:]), Arrival: le.Uint64(b[24:])}, nil
}

var (
	le         = binary.LittleEndian
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// Fault is damage: bytes that are not what was written, and that no torn write explains.
type Fault struct {
	Offset int64 // where the damaged part starts
	Text   string
}

func (f *Fault) Error() string { return fmt.Sprintf("damaged at offset %d: %s", f.Offset, f.Text) }

// VersionError is a log or frame of a version that this decant does not read. It is whole.
type VersionError struct{ Version uint32 }

func (e *VersionError) Error() string {
	return fmt.Sprintf("the log has version %d, this decant reads version %d: use a newer decant", e.Version, version)
}
