package file

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"decant/ingest/payload"
)

// layout is a time format in strftime's letters, for reading.
type layout struct {
	text   string
	pieces []piece
}

// piece is a letter, or literal text where the letter is 0.
type piece struct {
	letter  byte
	literal string
}

// letters are what a layout may have after %.
const letters = "YymdeHIMSfLNpbBhajAzZsnt%"

// composed letters stand for several others.
var composed = map[byte]string{'F': "%Y-%m-%d", 'T': "%H:%M:%S", 'R': "%H:%M", 'D': "%m/%d/%y"}

// parseLayout reads a layout.
func parseLayout(text string) (*layout, error) {
	if !strings.Contains(text, "%") {
		return nil, fmt.Errorf("time format %q is not known; allowed are iso, unix, unixMilli, or a layout such as %q", text, "%Y-%m-%d %H:%M:%S")
	}
	l := &layout{text: text}
	rest := text
	has := ""
	for rest != "" {
		before, after, found := strings.Cut(rest, "%")
		if before != "" {
			l.pieces = append(l.pieces, piece{literal: before})
		}
		if !found {
			break
		}
		if strings.HasPrefix(after, ":z") {
			after = after[1:]
		}
		if with := composed[firstByte(after)]; with != "" {
			rest = with + after[1:]
			continue
		}
		if after == "" || !strings.Contains(letters, after[:1]) {
			return nil, fmt.Errorf("time format %q: %%%.1s is not known; allowed are %%Y %%y %%m %%b %%B %%d %%e %%j %%a %%A %%H %%I %%p %%M %%S %%f %%L %%N %%z %%Z "+
				"%%s %%F %%T %%R %%D %%n %%t %%%%", text, after)
		}
		l.pieces = append(l.pieces, piece{letter: after[0]})
		has += after[:1]
		rest = after[1:]
	}
	if !strings.ContainsAny(has, "Yys") {
		return nil, fmt.Errorf("time format %q has no year (%%Y)", text)
	}
	return l, nil
}

func firstByte(s string) byte {
	if s == "" {
		return 0
	}
	return s[0]
}

// civil is what a time has said so far.
type civil struct {
	year, month, day, dayOfYear int
	hour, minute, second, nsec  int
	pm, half                    bool // half: %p was there
	offset                      int  // seconds east, where hasOffset
	hasOffset                   bool
	unix                        int64
	hasUnix                     bool
}

// parse reads a time. Numbers may be shorter than their letter prints them (7 for 07); blanks stand for any number of blanks; names of months and days
// are English, in any case.
func (l *layout) parse(text []byte, local payload.Local) (int64, error) {
	c := civil{month: 1, day: 1}
	for _, p := range l.pieces {
		var ok bool
		if text, ok = c.take(p, text); !ok {
			return 0, fmt.Errorf("does not look like %q", l.text)
		}
	}
	if len(text) > 0 {
		return 0, fmt.Errorf("has %s behind what %q reads", short(text), l.text)
	}
	if c.hasUnix {
		return payload.UTC(1970, 1, 1, 0, 0, int(c.unix), c.nsec)
	}
	if c.half {
		if c.hour < 1 || c.hour > 12 {
			return 0, errors.New("hour is not within 1 to 12")
		}
		c.hour %= 12
		if c.pm {
			c.hour += 12
		}
	}
	if c.dayOfYear > 0 {
		date := time.Date(c.year, 1, c.dayOfYear, 0, 0, 0, 0, time.UTC)
		if date.Year() != c.year {
			return 0, errors.New("the year has no such day")
		}
		c.month, c.day = int(date.Month()), date.Day()
	}
	if err := payload.CheckDate(c.year, c.month, c.day, c.hour, c.minute, c.second); err != nil {
		return 0, err
	}
	if c.hasOffset {
		return payload.UTC(c.year, c.month, c.day, c.hour, c.minute, c.second-c.offset, c.nsec)
	}
	return local(c.year, c.month, c.day, c.hour, c.minute, c.second, c.nsec)
}

// take reads one piece and gives what is left.
func (c *civil) take(p piece, text []byte) ([]byte, bool) {
	switch p.letter {
	case 0:
		return takeLiteral(p.literal, text)
	case '%':
		return takeLiteral("%", text)
	case 'n', 't':
		return bytes.TrimLeft(text, " \t\r\n"), true
	case 'Y':
		return takeNumber(text, 4, &c.year)
	case 'y':
		rest, ok := takeNumber(text, 2, &c.year)
		c.year += 2000
		if c.year >= 2069 { // as POSIX has it
			c.year -= 100
		}
		return rest, ok
	case 'm':
		return takeNumber(text, 2, &c.month)
	case 'd', 'e':
		return takeNumber(bytes.TrimLeft(text, " "), 2, &c.day)
	case 'j':
		rest, ok := takeNumber(text, 3, &c.dayOfYear)
		return rest, ok && c.dayOfYear > 0
	case 'H', 'I':
		return takeNumber(text, 2, &c.hour)
	case 'M':
		return takeNumber(text, 2, &c.minute)
	case 'S':
		return takeNumber(text, 2, &c.second)
	case 'f', 'L', 'N':
		n := countDigits(text)
		if n > 0 {
			c.nsec = payload.Fraction(text[:n])
		}
		return text[n:], n > 0
	case 'p':
		if len(text) < 2 || text[1]|0x20 != 'm' || text[0]|0x20 != 'a' && text[0]|0x20 != 'p' {
			return text, false
		}
		c.half, c.pm = true, text[0]|0x20 == 'p'
		return text[2:], true
	case 'b', 'B', 'h':
		for m := time.January; m <= time.December; m++ {
			if rest, ok := takeName(m.String(), text); ok {
				c.month = int(m)
				return rest, true
			}
		}
	case 'a', 'A':
		for d := time.Sunday; d <= time.Saturday; d++ {
			if rest, ok := takeName(d.String(), text); ok {
				return rest, true
			}
		}
	case 'z':
		return c.takeOffset(text)
	case 'Z':
		for _, zone := range []string{"UTC", "GMT", "Z"} {
			if len(text) >= len(zone) && strings.EqualFold(string(text[:len(zone)]), zone) {
				c.hasOffset = true
				return text[len(zone):], true
			}
		}
	case 's':
		return c.takeUnix(text)
	}
	return text, false
}

// takeLiteral reads text as it stands; a blank is any number of blanks.
func takeLiteral(literal string, text []byte) ([]byte, bool) {
	for i := range len(literal) {
		switch {
		case literal[i] == ' ':
			text = bytes.TrimLeft(text, " ")
		case len(text) == 0 || text[0] != literal[i]:
			return text, false
		default:
			text = text[1:]
		}
	}
	return text, true
}

func countDigits(text []byte) int {
	n := 0
	for n < len(text) && text[n]-'0' <= 9 {
		n++
	}
	return n
}

// takeNumber reads a number of at most width digits.
func takeNumber(text []byte, width int, to *int) ([]byte, bool) {
	n := min(countDigits(text), width)
	*to = 0
	for _, d := range text[:n] {
		*to = *to*10 + int(d-'0')
	}
	return text[n:], n > 0
}

// takeName reads an English name in full or its first three letters.
func takeName(name string, text []byte) ([]byte, bool) {
	for _, n := range []int{len(name), 3} {
		if len(text) >= n && strings.EqualFold(string(text[:n]), name[:n]) {
			return text[n:], true
		}
	}
	return text, false
}

// takeOffset reads Z, ±hhmm or ±hh:mm.
func (c *civil) takeOffset(text []byte) ([]byte, bool) {
	c.hasOffset = true
	if len(text) > 0 && text[0]|0x20 == 'z' {
		return text[1:], true
	}
	if len(text) < 5 || text[0] != '+' && text[0] != '-' || countDigits(text[1:]) < 2 {
		return text, false
	}
	var hours, minutes int
	negative := text[0] == '-'
	text, _ = takeNumber(text[1:], 2, &hours)
	text = bytes.TrimPrefix(text, []byte{':'})
	if countDigits(text) < 2 {
		return text, false
	}
	text, _ = takeNumber(text, 2, &minutes)
	c.offset = hours*3600 + minutes*60
	if negative {
		c.offset = -c.offset
	}
	return text, hours < 24 && minutes < 60
}

// takeUnix reads whole Unix seconds.
func (c *civil) takeUnix(text []byte) ([]byte, bool) {
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		text = text[1:]
	}
	var seconds int
	n := countDigits(text)
	text, ok := takeNumber(text, 11, &seconds)
	if negative {
		seconds = -seconds
	}
	c.unix, c.hasUnix = int64(seconds), true
	return text, ok && n <= 11
}
