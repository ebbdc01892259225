package export

import (
	"slices"
	"strings"

	"decant/engine/export/request"
	"decant/formats"
)

// nameZones adds its zone to the label of each time whose cells don't tell their offset: "time" becomes "time (Europe/Berlin)". A label
// that names the zone already stays, and so does one whose new name is another column's. Parquet and Arrow carry the zone in the
// type; in XLSX the style iso prints date cells, whose zone the About sheet and the column offset tell.
func nameZones(columns []column, f *request.Format) {
	style := formats.TimeStyle{Format: f.TimeFormat}
	if style.NamesZone() || f.Extension == "parquet" || f.Extension == "arrow" {
		return
	}
	for i := range columns {
		zone := f.Zone.Name
		switch columns[i].Type {
		case formats.Time:
		case formats.TimeUTC:
			zone = "UTC"
		default:
			continue
		}
		label := columns[i].Label
		if strings.Contains(strings.ToLower(label), strings.ToLower(zone)) {
			continue
		}
		label += " (" + zone + ")"
		if !slices.ContainsFunc(columns, func(c column) bool { return c.Label == label }) {
			columns[i].Label = label
		}
	}
}
