// Package segment reads and writes segments: immutable files of samples, sorted by series, then time, then arrival.
// It also holds the scan that reads one series out of any number of segments and memory as one sequence.
//
// A segment's life:
//
//  1. A Writer takes the rows of one series after the other, cuts them into blocks of up to BlockRows rows of one kind, and encodes each column by itself. Up to 32
//     blocks are a group, behind which their directory stands; at Close come a footer with the series and an entry a group. Blocks and groups have summaries with exact sums.
//  2. Map maps the file and checks its ends, Load reads the footer. A directory or a block is checked against its CRC32C at its first touch in a process.
//  3. A Run is one series of one segment, or of memory, or the part of it that Clip leaves. Scan merges runs, settles duplicates, and hands on Arrow records, decoded
//     blocks, or summaries in place of rows. Merge makes rows for another segment. RangeStats, Before and Stored answer from summaries where they can.
//
// What it promises: any flipped bit in a file is an error that names the file (*CorruptError) before a value of it is seen; a record stays valid while it is
// retained, even after its Reader is released and the file is unlinked; a scan holds a few blocks a run and one batch, whatever the range; summaries stand only for rows
// that the scan would give, so that sums are to the bit those of the rows.
// What it does not: it syncs nothing, renames nothing and deletes nothing (that is the store's work).
//
// Version 2 is written (format.go), version 1 is still read (v1.go). Files are little endian, as are the machines that decant is built for.
package segment

import (
	"cmp"
	"fmt"

	"decant/engine/store/encoding"
	"decant/ingest"
)

// BlockRows is the most rows that a block holds: what is decoded at once, and stays in the processor's nearest cache while it is used. More would make summaries and the edges
// of ranges coarser, fewer the directories larger.
const BlockRows = encoding.Most

// Duplicates says what becomes of samples of one series that have equal times.
type Duplicates uint8

const (
	// KeepAll keeps them all, in order of arrival, but exact repeats (equal kind, value and sum) only once: the first.
	KeepAll Duplicates = iota
	// KeepLast keeps the newest arrival alone, of whatever kind it is.
	KeepLast
	// KeepEither keeps what either of them would, for a segment that takes the place of others: KeepAll and KeepLast find in it what they found in those.
	KeepEither
)

// Compare orders series as a segment holds them: by channel, subtopic, name, unit, publisher.
func Compare(a, b ingest.Series) int {
	return cmp.Or(
		cmp.Compare(a.Channel, b.Channel),
		cmp.Compare(a.Subtopic, b.Subtopic),
		cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.Unit, b.Unit),
		cmp.Compare(a.Publisher, b.Publisher),
	)
}

// CorruptError is a segment whose bytes are not what was written.
type CorruptError struct {
	File   string
	Offset int64 // where the damaged part starts
	Text   string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("segment %s is damaged at offset %d: %s", e.File, e.Offset, e.Text)
}

// FaultError is a mapped segment that could not be read: the disk failed, or the file was cut under its readers.
type FaultError struct {
	File   string
	Offset int64 // -1 where it is not known
}

func (e *FaultError) Error() string {
	return fmt.Sprintf("read segment %s at offset %d: the disk failed, or the file was cut short while in use", e.File, e.Offset)
}
