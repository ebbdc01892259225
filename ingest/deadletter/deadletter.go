// Package deadletter keeps messages that could not be taken, so that somebody can see why, mend the configuration
// and replay them. It has three parts:
//
//   - Writer appends letters. Append returns when they are durable; one sync serves all letters of a call.
//   - List and Get read the folder, also beside a running writer and from another process.
//   - Replay hands out what was not replayed yet and remembers what was, so that nobody replays a letter twice.
//
// The folder is bounded: when it has grown past its limit, the oldest segment is dropped whole. Ids count letters from 1
// and are never given twice, so the letters dropped so far are the ids below the oldest one that is there.
//
// Every letter carries its checksum. A last letter cut short by a crash was never promised and is passed over; a letter that changed
// on disk is an error that names file and offset, and the letters around it are still read.
package deadletter

import (
	"errors"
	"fmt"
	"log/slog"

	"decant/ingest"
)

// Config says where letters are kept and how many. Zero limits mean their defaults.
type Config struct {
	Dir          string
	MaxBytes     int64 // of all segments together. Default 64 MiB
	SegmentBytes int64 // a segment is closed when it has reached this. Default 8 MiB
	MaxPayload   int   // bytes of a payload that are kept; what is cut off can't be replayed. Default 2 MiB
	Log          *slog.Logger
}

// Validate reports every fault of the configuration at once.
func (c Config) Validate() error {
	c = c.withDefaults()
	var faults []error
	if c.Dir == "" {
		faults = append(faults, errors.New("dead letters: no folder"))
	}
	if c.SegmentBytes < 1 || c.MaxPayload < 1 {
		faults = append(faults, fmt.Errorf("dead letters: segment size %d and largest payload %d have to be positive", c.SegmentBytes, c.MaxPayload))
	}
	if c.MaxBytes < c.SegmentBytes {
		faults = append(faults, fmt.Errorf("dead letters: limit of %d bytes is smaller than a segment of %d", c.MaxBytes, c.SegmentBytes))
	}
	return errors.Join(faults...)
}

func (c Config) withDefaults() Config {
	if c.MaxBytes == 0 {
		c.MaxBytes = 64 << 20
	}
	if c.SegmentBytes == 0 {
		c.SegmentBytes = min(8<<20, max(1, c.MaxBytes/8))
	}
	if c.MaxPayload == 0 {
		c.MaxPayload = 2 << 20
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

// Entry is a letter as it lies on disk.
type Entry struct {
	ID uint64 // counts from 1
	ingest.Letter
	PayloadBytes int  // length of the payload as it came; Payload is shorter where it was cut
	Replayed     bool // was taken by a replay
}

// Cut reports whether the payload was too long to be kept whole. Such a letter can be read, but not replayed.
func (e Entry) Cut() bool { return len(e.Payload) < e.PayloadBytes }

// Message is the message that the letter came from, as a decoder takes it. It has no packet id and nothing to
// acknowledge, and its relative times still count from the first receipt.
func (e Entry) Message() ingest.Message {
	return ingest.Message{
		Topic:    e.Topic,
		Payload:  e.Payload,
		Received: e.Received,
		Retained: e.Retained,
		Client:   e.Client,
	}
}

// ErrNotFound is returned for an id that never was, or whose letter has been dropped.
var ErrNotFound = errors.New("no such dead letter")

// CorruptError says that a letter on disk is not what was written.
type CorruptError struct {
	File   string
	Offset int64 // of the letter, in bytes
	What   string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("dead letters in %s are damaged at byte %d: %s", e.File, e.Offset, e.What)
}
