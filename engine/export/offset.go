package export

import (
	"fmt"
	"time"
)

// zoneOffsets lists the offsets from UTC (seconds) that a zone has between two instants (ns), both included, in order of appearance.
func zoneOffsets(zone *time.Location, from, to int64) []int {
	var offsets []int
	seen := map[int]bool{}
	last := time.Unix(0, to)
	for t := time.Unix(0, from).In(zone); !t.After(last); {
		_, offset := t.Zone()
		if !seen[offset] {
			seen[offset] = true
			offsets = append(offsets, offset)
		}
		_, end := t.ZoneBounds()
		if end.IsZero() || !end.After(t) {
			break
		}
		t = end
	}
	return offsets
}

// offsetText prints an offset as ISO 8601 does: +01:00, and before clocks agreed +00:53:28.
func offsetText(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	text := fmt.Sprintf("%c%02d:%02d", sign, seconds/3600, seconds/60%60)
	if s := seconds % 60; s != 0 {
		text += fmt.Sprintf(":%02d", s)
	}
	return text
}
