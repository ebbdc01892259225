// Package request reads and validates export requests: the JSON of the Connhex exporter with decant's additions.
package request

import (
	"encoding/json"

	"decant/decimation"
	"decant/formats"
)

// Request is a validated export request. Times are ns since 1970, UTC.
type Request struct {
	Format    Format
	Recurring bool
	Items     []Item

	Periodicity decimation.Period // recurring only
	PeriodStart *int64            // ns

	Notification []Message

	// Raw is the request as it was taken: what lenient handling left out is gone from it.
	Raw json.RawMessage
	// Ignored are the paths of fields that only the export service knows; they were taken and do nothing here.
	Ignored []string
	// IgnoredParameters are the paths of unknown fields, where the caller asked for lenient handling.
	IgnoredParameters []string
}

// Format is the request's format, defaults filled in.
type Format struct {
	Filename    string
	Extension   string   // csv xlsx pdf jsonl parquet arrow
	Columns     []Column // nil: the default columns
	Zone        *decimation.Zone
	Expanded    bool
	TimeFormat  string // "iso", "local", "unix", "unixMilli", or a strftime layout
	CSV         formats.CSV
	Compression string // "", none, gzip, zstd, snappy: as the extension allows
}

// Column is one entry of format.columns. Label is the id where none was given.
type Column struct{ ID, Label string }

// Item is one selection; it becomes one file.
type Item struct {
	Filename  string
	Target    []Name
	Channel   string
	Subtopic  string // dotted
	From, To  *int64 // ns; nil is open
	Period    *decimation.Period
	Bucket    *decimation.Width     // nil: raw samples
	Functions []decimation.Function // of a decimated item at least one, no two alike
	List      bool                  // dsf is a list: each function has a column of its own
	Offset    decimation.Period     // moves calendar buckets; zero where there is none
	Fill      *decimation.Fill      // nil: empty buckets give no row
	Delta     bool
	Wide      bool
	Publisher *string
	Unit      *string

	unread bool // dsf has a fault, so Functions are not all that was meant
}

// Name is one value of a target.
type Name struct {
	Name   string // escapes resolved, without the final star
	Prefix bool   // Name matches as a prefix
	Label  string // "" where none was given; a prefix has none
}

// Message is one of the two notification messages.
type Message struct {
	Target, Policy, Medium, Title, Text string
}
