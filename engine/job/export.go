package job

import "encoding/json"

// Type is what kind of export a request makes.
type Type string

const (
	OneTime   Type = "oneTime"
	Recurring Type = "recurring"
	Full      Type = "full" // everything the store holds; administrators only
)

// Tag is a word by which its owner finds an export again.
type Tag struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// Export is what a user asked for, as the service keeps it.
type Export struct {
	Key      string // the service's own, unique for ever
	ID       string // the user's: unique among an owner's exports that are not deleted
	Owner    string
	Type     Type
	Title    string
	Tags     []Tag
	Request  json.RawMessage // as it was taken
	Enabled  bool            // false pauses recurrence
	Channels []string        // globs that the creator's token was limited to; nil is any channel
	Version  int64           // 1, and one more with each change

	CreatedAt int64
	UpdatedAt int64
	DeletedAt *int64

	// Next is the run of a recurring export that comes next; nil where none will: not recurring, paused, or beyond what int64 ns hold.
	Next *Instant
	// Last is the newest job in short; nil before the first.
	Last *Job
}

// KeepNext as the Next of an export that Queue.Change gets leaves the next run as it is stored: the scheduler may have moved it since the export was read, and
// a run that is written back would be made twice.
var KeepNext = &Instant{}

// Instant is a run of a recurring export: instant K of its recurrence is at Due.
type Instant struct {
	K   int64
	Due int64
}
