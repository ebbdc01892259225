package formats

import "time"

// AppendNumber prints v with the shortest digits that read back to it, as JavaScript prints numbers.
func AppendNumber(dst []byte, v float64) []byte { panic("stub") }

// TimeStyle says how times are printed.
type TimeStyle struct {
	Format string // "iso" (also ""), "local", "unix", "unixMilli", or a strftime layout
	Digits int    // fraction digits: 0, 3, 6 or 9
}

// TimePrinter prints times of one zone in one style. It remembers the current offset and date, so it is fast for times that
// follow each other, and it is not safe for concurrent use.
type TimePrinter struct{}

// NewTimePrinter makes a printer. zone must not be nil.
func NewTimePrinter(zone *time.Location, zoneName string, style TimeStyle) *TimePrinter {
	panic("stub")
}

// Append prints t (ns since 1970, UTC).
func (p *TimePrinter) Append(dst []byte, t int64) []byte { panic("stub") }

// CheckTimeFormat validates format.timeFormat; the error says what is allowed.
func CheckTimeFormat(format string) error { panic("stub") }

// NamesZone says whether cells of this style tell their offset themselves, so that the header need not name the zone.
func (s TimeStyle) NamesZone() bool { panic("stub") }
