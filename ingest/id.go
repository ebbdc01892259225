package ingest

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxID is the longest channel, subtopic, publisher, name or unit, in bytes.
const MaxID = 256

// Subtopic brings a subtopic to the form in which it is stored: parts separated by dots. It takes dots and slashes as separators and drops
// empty parts, so that events/data, /events/data/ and events.data are one subtopic.
func Subtopic(s string) string {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '.' || r == '/' })
	return strings.Join(parts, ".")
}

// CheckID refuses what can't be an id, a name or a unit: an empty text, more than MaxID bytes, control characters, and what is not
// UTF-8. what names it in the error.
func CheckID(what, id string) error {
	switch {
	case id == "":
		return errors.New(what + " is empty")
	case len(id) > MaxID:
		return fmt.Errorf("%s %.40q… has %d bytes; at most %d are allowed", what, id, len(id), MaxID)
	case !utf8.ValidString(id):
		return fmt.Errorf("%s %q is not UTF-8", what, id)
	case strings.ContainsFunc(id, unicode.IsControl):
		return fmt.Errorf("%s %q has a control character", what, id)
	}
	return nil
}
