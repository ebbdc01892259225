package export

import (
	"fmt"
	"time"
)

// isoTime prints a time (ns) with its zone's offset; only UTC itself is Z.
func isoTime(t int64, zone *time.Location) string {
	local := time.Unix(0, t).In(zone)
	layout := "2006-01-02T15:04:05.999999999-07:00"
	switch _, offset := local.Zone(); {
	case zone == time.UTC || zone.String() == "UTC":
		layout = "2006-01-02T15:04:05.999999999Z"
	case offset%60 != 0:
		layout += ":00" // local mean time, as the files print it
	}
	return local.Format(layout)
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
