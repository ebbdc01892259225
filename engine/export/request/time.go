package request

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"decant/decimation"
)

// unixTime reads Unix seconds, fractions allowed, as ns. Where r is not nil and the options allow it, also ISO 8601 in r's zone; the
// request then holds the seconds, so that the manifest's copy of it can be run again.
func (w *walker) unixTime(p place, r *Request) *int64 {
	if !p.given() {
		return nil
	}
	if r != nil && w.options.ISOTimes && p.node.kind == text {
		if r.Format.Zone == nil {
			return nil // the zone's fault is reported already
		}
		t, err := ParseTime(p.node.text, r.Format.Zone)
		if err != nil {
			p.fault(err.Error())
			return nil
		}
		*p.node = node{kind: number, text: seconds(t)}
		return &t
	}
	if !p.is(number) {
		return nil
	}
	t, err := parseUnix(p.node.text)
	if err != nil {
		p.fault(err.Error())
		return nil
	}
	return &t
}

// ParseTime reads a moment as the command line takes it: Unix seconds with or without a fraction, or ISO 8601, which without an offset is
// local time in zone. 2026-09 and 2026-09-01 are their first instants; a bare 2026 is a number of seconds. The result is ns since 1970, UTC.
func ParseTime(s string, zone *decimation.Zone) (int64, error) {
	if m := isoTime.FindStringSubmatch(s); m != nil {
		return isoInstant(m, zone)
	}
	if number, err := strconv.ParseFloat(s, 64); err == nil && !math.IsInf(number, 0) && !math.IsNaN(number) {
		return parseUnix(s)
	}
	return 0, errors.New("allowed are Unix seconds, or ISO 8601 such as 2026-09, 2026-09-01, 2026-09-01T06:00 or 2026-09-01T06:00:00+02:00")
}

// isoTime: date, time, fraction, offset. It leaves out the bare year, which is a number of seconds.
var isoTime = regexp.MustCompile(`^(\d{4})-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|z|[+-]\d\d:?\d\d)?)?)?$`)

func isoInstant(m []string, zone *decimation.Zone) (int64, error) {
	n := func(i, otherwise int) int {
		if m[i] == "" {
			return otherwise
		}
		v, _ := strconv.Atoi(m[i])
		return v
	}
	year, month, day, hour, minute, second := n(1, 0), n(2, 1), n(3, 1), n(4, 0), n(5, 0), n(6, 0)
	nsec := 0
	if m[7] != "" {
		nsec, _ = strconv.Atoi((m[7] + "000000000")[:9])
	}
	civil := time.Date(year, time.Month(month), day, hour, minute, second, nsec, time.UTC)
	if hour > 23 || minute > 59 || second > 59 || civil.Day() != day || civil.Month() != time.Month(month) {
		return 0, fmt.Errorf("there is no such date or time")
	}
	if year < 1678 || year > 2261 {
		return 0, fmt.Errorf("allowed are the years 1678 to 2261")
	}
	switch offset := m[8]; offset {
	case "":
		return decimation.LocalInstant(year, month, day, hour, minute, second, nsec, zone)
	case "Z", "z":
		return civil.UnixNano(), nil
	default:
		hours, _ := strconv.Atoi(offset[1:3])
		minutes, _ := strconv.Atoi(offset[len(offset)-2:])
		if hours > 23 || minutes > 59 {
			return 0, fmt.Errorf("there is no such offset")
		}
		d := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
		if offset[0] == '+' {
			d = -d
		}
		return civil.Add(d).UnixNano(), nil
	}
}

// parseUnix reads decimal seconds exactly; beyond the ninth digit they are rounded, half to even.
func parseUnix(s string) (int64, error) {
	v, err := parseFloat(s)
	if err != nil {
		return 0, err
	}
	if math.Abs(v) >= 1e11 {
		hint := "milliseconds"
		switch {
		case math.Abs(v) >= 1e17:
			hint = "nanoseconds"
		case math.Abs(v) >= 1e14:
			hint = "microseconds"
		}
		return 0, fmt.Errorf("this looks like %s; allowed are Unix seconds", hint)
	}
	if v < math.MinInt64/1e9 || v > math.MaxInt64/1e9 {
		return 0, errors.New("this is outside of the years 1678 to 2262")
	}
	if math.Abs(v) < 1e-10 {
		return 0, nil // and the digits of 1e-999999999 are never made
	}
	exact, ok := new(big.Rat).SetString(s)
	if !ok {
		return 0, errors.New("this is no number")
	}
	return roundHalfEven(exact.Mul(exact, big.NewRat(1e9, 1)))
}

func roundHalfEven(x *big.Rat) (int64, error) {
	doubled := new(big.Int).Lsh(x.Num(), 1)
	floor, rest := new(big.Int).DivMod(doubled, new(big.Int).Lsh(x.Denom(), 1), new(big.Int))
	switch rest.Cmp(x.Denom()) {
	case 1:
		floor.Add(floor, big.NewInt(1))
	case 0:
		if floor.Bit(0) == 1 {
			floor.Add(floor, big.NewInt(1))
		}
	}
	if !floor.IsInt64() {
		return 0, errors.New("this is outside of the years 1678 to 2262")
	}
	return floor.Int64(), nil
}

func parseFloat(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, errors.New("this number is outside of what float64 holds")
	}
	return v, nil
}

// seconds prints ns as decimal seconds.
func seconds(t int64) string {
	r := new(big.Rat).SetFrac64(t, 1e9)
	return strings.TrimSuffix(strings.TrimRight(r.FloatString(9), "0"), ".")
}
