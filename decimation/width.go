package decimation

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Width is the width of a bucket: ds. Unit is one of s m h d w M y; N is positive.
type Width struct {
	N    int64
	Unit byte
}

// units are the letters of ds with their nominal length in seconds: a month and a year are the mean ones of the calendar.
var units = []struct {
	letter  byte
	seconds int64
}{{'s', 1}, {'m', 60}, {'h', 3600}, {'d', day}, {'w', 7 * day}, {'M', 2629746}, {'y', 31556952}}

const widthsAllowed = "write a positive whole number and one of s m h d w M y, without blanks (m is minutes, M is months), such as 15m or 1d"

// ParseWidth reads ds. Case matters.
func ParseWidth(s string) (Width, error) {
	unit := strings.TrimLeft(s, "0123456789")
	digits := s[:len(s)-len(unit)]
	if digits == "" || unit == "" {
		return Width{}, fmt.Errorf("%q is not a bucket width; %s", s, widthsAllowed)
	}
	seconds := int64(0)
	for _, u := range units {
		if unit == string(u.letter) {
			seconds = u.seconds
		}
	}
	if seconds == 0 {
		return Width{}, fmt.Errorf("%q: %q is not a unit of a bucket width; %s", s, unit, widthsAllowed)
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange) || n > 2*lastSecond/seconds:
		return Width{}, fmt.Errorf("%q is wider than all of time, 584 years; the widest is %d%s", s, 2*lastSecond/seconds, unit)
	case err != nil || n == 0:
		return Width{}, fmt.Errorf("%q is not a bucket width; %s", s, widthsAllowed)
	}
	return Width{N: n, Unit: unit[0]}, nil
}

// unitSeconds is how long the unit nominally lasts.
func (w Width) unitSeconds() int64 {
	for _, u := range units {
		if u.letter == w.Unit {
			return u.seconds
		}
	}
	return 1
}

// String prints the width as ds spells it.
func (w Width) String() string { return strconv.FormatInt(w.N, 10) + string(w.Unit) }
