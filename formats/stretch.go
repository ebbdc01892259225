package formats

import (
	"math"
	"time"
)

// Stretch is a time in which a zone's offset does not change. The zero Stretch holds no time.
type Stretch struct {
	From, Until int64  // Unix seconds, From ≤ s < Until
	Offset      int64  // seconds east of UTC
	Short       string // the zone's abbreviation
}

// StretchAt is the zone's stretch around the Unix second s.
func StretchAt(zone *time.Location, s int64) Stretch {
	t := time.Unix(s, 0).In(zone)
	short, offset := t.Zone()
	stretch := Stretch{From: math.MinInt64, Until: math.MaxInt64, Offset: int64(offset), Short: short}
	start, end := t.ZoneBounds()
	if !start.IsZero() {
		stretch.From = start.Unix()
	}
	if !end.IsZero() {
		stretch.Until = end.Unix()
	}
	return stretch
}

// Holds says whether the Unix second s lies in the stretch.
func (z *Stretch) Holds(s int64) bool { return z.From <= s && s < z.Until }
