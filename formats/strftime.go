package formats

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// piece is a part of a strftime layout: literal text, or a letter.
type piece struct {
	literal string
	letter  byte // 0 for a literal
}

// colonZ stands for the two characters ":z" of %:z.
const colonZ = ':'

// letters are the conversions of a strftime layout, as the error for any other lists them.
const letters = "Y y m b B d e j a A u w G V H I M S f L N p z Z s F T %"

var shorthand = map[byte]string{
	'F': "%Y-%m-%d",
	'T': "%H:%M:%S",
}

// CheckTimeFormat validates format.timeFormat; the error says what is allowed.
func CheckTimeFormat(format string) error {
	if !(TimeStyle{Format: format}).IsLayout() {
		return nil
	}
	_, err := parseLayout(format)
	return err
}

func parseLayout(format string) ([]piece, error) {
	if !strings.Contains(format, "%") {
		return nil, fmt.Errorf("time format %q is not known; allowed are iso, local, unix, unixMilli, or a strftime layout such as %q", format, "%Y-%m-%d %H:%M:%S")
	}
	if i := strings.IndexFunc(format, unicode.IsControl); i >= 0 {
		return nil, fmt.Errorf("time format %q holds a control character at byte %d; a layout is one line of printable text", format, i)
	}
	var pieces []piece
	for format != "" {
		literal, rest, found := strings.Cut(format, "%")
		if literal != "" {
			pieces = append(pieces, piece{literal: literal})
		}
		if !found {
			break
		}
		if strings.HasPrefix(rest, ":z") {
			pieces = append(pieces, piece{letter: colonZ})
			format = rest[2:]
			continue
		}
		if rest == "" || rest[0] == ' ' || !strings.Contains(letters, rest[:1]) {
			r := "%" + rest[:min(1, len(rest))]
			return nil, fmt.Errorf("time format has the unknown conversion %q; allowed after %% are %s and :z", r, letters)
		}
		letter := rest[0]
		if long, ok := shorthand[letter]; ok {
			inner, _ := parseLayout(long)
			pieces = append(pieces, inner...)
		} else if letter == '%' {
			pieces = append(pieces, piece{literal: "%"})
		} else {
			pieces = append(pieces, piece{letter: letter})
		}
		format = rest[1:]
	}
	return pieces, nil
}

// appendLayout prints a time by the layout: Unix second s, second of the local day clock, nanosecond ns. The local date is
// that of p.day.
func (p *TimePrinter) appendLayout(dst []byte, s int64, clock int, ns int64) []byte {
	year, month, day := civil(p.day)
	weekday := time.Weekday(((p.day+4)%7 + 7) % 7) // 1970-01-01 was a Thursday
	for _, c := range p.layout {
		switch c.letter {
		case 0:
			dst = append(dst, c.literal...)
		case 'Y':
			dst = appendPadded(dst, year, 4)
		case 'y':
			dst = appendPadded(dst, year%100, 2)
		case 'm':
			dst = appendPadded(dst, month, 2)
		case 'b':
			dst = append(dst, time.Month(month).String()[:3]...)
		case 'B':
			dst = append(dst, time.Month(month).String()...)
		case 'd':
			dst = appendPadded(dst, day, 2)
		case 'e':
			if day < 10 {
				dst = append(dst, ' ')
			}
			dst = appendPadded(dst, day, 1)
		case 'j':
			dst = appendPadded(dst, p.dateTime().YearDay(), 3)
		case 'a':
			dst = append(dst, weekday.String()[:3]...)
		case 'A':
			dst = append(dst, weekday.String()...)
		case 'u':
			dst = appendPadded(dst, int(weekday+6)%7+1, 1)
		case 'w':
			dst = appendPadded(dst, int(weekday), 1)
		case 'G':
			isoYear, _ := p.dateTime().ISOWeek()
			dst = appendPadded(dst, isoYear, 4)
		case 'V':
			_, week := p.dateTime().ISOWeek()
			dst = appendPadded(dst, week, 2)
		case 'H':
			dst = appendPadded(dst, clock/3600, 2)
		case 'I':
			dst = appendPadded(dst, (clock/3600+11)%12+1, 2)
		case 'M':
			dst = appendPadded(dst, clock/60%60, 2)
		case 'S':
			dst = appendPadded(dst, clock%60, 2)
		case 'f':
			dst = appendFraction(dst, ns, max(6, p.digits))
		case 'L':
			dst = appendFraction(dst, ns, 3)
		case 'N':
			dst = appendFraction(dst, ns, 9)
		case 'p':
			dst = append(dst, "AMPM"[clock/43200*2:][:2]...)
		case 'z':
			dst = appendOffset(dst, int(p.stretch.Offset), "")
		case colonZ:
			dst = appendOffset(dst, int(p.stretch.Offset), ":")
		case 'Z':
			dst = append(dst, p.stretch.Short...)
		case 's':
			dst = strconv.AppendInt(dst, s, 10)
		}
	}
	return dst
}

// dateTime is noon of the local day, for the calendar questions that package time answers.
func (p *TimePrinter) dateTime() time.Time {
	return time.Unix(p.day*86400+43200, 0).UTC()
}
