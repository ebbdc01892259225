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
	Service      Service

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

	Resource    Resource // "": the item selects samples; else only Filename and Filter are set beside it
	Filter      []Rule   // of a resource item: rows that any rule matches; nil is all
	AnySubtopic bool     // every subtopic of the channel: items of a full export, and what is deleted

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
	Attach                              bool // send the file, not a link to it
}

// Service is what only the export service heeds.
type Service struct {
	Title     string
	ID        string // "" where the service is to choose
	Tags      []Tag
	Manual    bool              // run: manual; nothing runs until asked for
	Paused    bool              // enabled: false
	Grace     decimation.Period // delays the start of a scheduled run; PT1M where none was given
	Backfill  int               // runs before the creation that are made too
	Condition *Condition        // nil: every run is made
}

// Tag is a word by which an export is found again.
type Tag struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// Condition is what must hold for a run to be made: the value of one series over the period that ends when the job is due, compared with Operand.
type Condition struct {
	Target   string // the series' name, escapes resolved
	Channel  string
	Subtopic string // dotted
	// Publisher and Unit choose between series that share the name; nil is any.
	Publisher, Unit *string
	Period          decimation.Period
	Function        decimation.Function
	Op              string // > >= < <= = !=
	Operand         float64
}

// Resource is what a resource item lists.
type Resource string

const (
	SeriesResource  Resource = "series"
	ChannelResource Resource = "channel"
	ExportResource  Resource = "export"
	JobResource     Resource = "job"
)

// Rule is an entry of a resource item's filter: all of its conditions must hold.
type Rule []Match

// Match is a condition on one attribute: a glob, or bounds.
type Match struct {
	Attribute string  // without the type: name, count
	Glob      *string // nil: bounds
	Gte, Lt   *int64  // of a time: ns; nil is open
}
