package payload

import (
	"fmt"
	"strings"
)

// The reasons why a payload is refused: few, short and stable, so that they can be counted.
const (
	ReasonTopic    = "topic"    // no pattern matches, or an id can't be taken
	ReasonLimit    = "limit"    // too many bytes, records or levels
	ReasonEmpty    = "empty"    // no bytes at all
	ReasonFormat   = "format"   // no known format
	ReasonJSON     = "json"     // not strict JSON
	ReasonCBOR     = "cbor"     // not well-formed CBOR
	ReasonSenML    = "senml"    // against RFC 8428
	ReasonValue    = "value"    // a value that can't be taken: overflow, wrong kind
	ReasonName     = "name"     // a name, unit or publisher that can't be taken
	ReasonTime     = "time"     // out of range, in the future, or unreadable
	ReasonRetained = "retained" // a retained message with relative times
)

// Error says why a payload can't be taken.
type Error struct {
	reason string
	Record int    // index of the record or array element, from 0; -1 where there is none
	Label  string // the label or key, or empty
	Offset int    // of the fault in the payload, in bytes; -1 where it has no place
	Text   string // what is wrong, what is allowed
}

// Reason is one of the Reason constants, to count by.
func (e *Error) Reason() string { return e.reason }

// Error prints where and what.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Record >= 0 {
		fmt.Fprintf(&b, "record %d, ", e.Record)
	}
	if e.Label != "" {
		fmt.Fprintf(&b, "%s, ", quoteShort(e.Label))
	}
	if e.Record < 0 && e.Label == "" && e.Offset >= 0 {
		fmt.Fprintf(&b, "byte %d, ", e.Offset)
	}
	where := strings.TrimSuffix(b.String(), ", ")
	if where == "" {
		return e.Text
	}
	return where + ": " + e.Text
}

// fault makes an Error that belongs to no record.
func fault(reason string, offset int, format string, args ...any) *Error {
	return &Error{reason: reason, Record: -1, Offset: offset, Text: fmt.Sprintf(format, args...)}
}

// quoteShort quotes text for an error, shortened.
func quoteShort[T ~string | ~[]byte](text T) string {
	const most = 60
	if len(text) > most {
		return fmt.Sprintf("%q…", string(text[:most]))
	}
	return fmt.Sprintf("%q", string(text))
}
