package export

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"decant/decimation"
	"decant/formats"
)

// document tells a format all about an item before its first row. fronts are of the series that have rows, where the format shows them.
func (p *Plan) document(it *Item, fronts map[int]*front, tempDir string) (formats.Document, error) {
	f := &p.Request.Format
	doc := formats.Document{
		Title:       withoutExtension(it.File, extension(f)),
		Columns:     it.Columns(),
		Zone:        f.Zone.Location,
		ZoneName:    f.Zone.Name,
		Times:       formats.TimeStyle{Format: f.TimeFormat, Digits: it.Digits},
		Expanded:    f.Expanded,
		CSV:         f.CSV,
		Compression: f.Compression,
		About:       p.about(it),
		Date:        it.date(),
		Rows:        -1,
		TempDir:     tempDir,
		Cores:       p.opts.Cores,
	}
	if it.Exact {
		doc.Rows = it.Rows
	}
	if p.format.summary {
		var err error
		if doc.Series, err = it.summary(fronts); err != nil {
			return doc, err
		}
	}
	return doc, nil
}

// date is the only date that a file carries: where its range ends, or its last sample's time. Of exports and jobs it is when the job was due.
func (it *Item) date() time.Time {
	if it.request.Resource != "" {
		return time.Unix(0, it.last).UTC()
	}
	if it.To != openTo {
		return time.Unix(0, it.To).UTC()
	}
	if _, last, ok := it.bounds(); ok {
		return time.Unix(0, last).UTC()
	}
	return time.Unix(0, 0).UTC()
}

// about describes an item for the people who open its file.
func (p *Plan) about(it *Item) []formats.Line {
	f := &p.Request.Format
	req := it.request
	if req.Resource != "" {
		return p.aboutResource(it)
	}
	lines := []formats.Line{{Label: "channel", Text: req.Channel}, {Label: "subtopic", Text: req.Subtopic}}
	for i := range it.Series {
		text := describe(it.Series[i].Series)
		if label := it.Series[i].Label; label != it.Series[i].Name {
			text = label + ": " + text
		}
		if i == shownSeries {
			lines = append(lines, formats.Line{Label: "series", Text: fmt.Sprintf("and %d more", len(it.Series)-i)})
			break
		}
		lines = append(lines, formats.Line{Label: "series", Text: text})
	}
	from, to := it.ends(f.Zone.Location)
	if to != nil {
		*to += " (not included)"
	}
	lines = append(lines,
		formats.Line{Label: "from", Text: endOr(from, firstSample)},
		formats.Line{Label: "to", Text: endOr(to, lastSample)},
		formats.Line{Label: "time zone", Text: f.Zone.Name + " (database " + decimation.ZoneDatabase + ")"})
	if req.Bucket != nil {
		lines = append(lines, formats.Line{Label: "buckets", Text: it.bucketRule(f.Zone.Name)})
	}
	if req.Fill != nil {
		lines = append(lines, formats.Line{Label: "empty buckets", Text: fillText(*req.Fill)})
	}
	if req.Delta {
		lines = append(lines, formats.Line{Label: "transform", Text: "delta: each value less the one before it of the same series"})
	}
	if len(p.Request.Raw) > 0 && !p.format.summary { // a report says it in words; its manifest has the JSON
		lines = append(lines, formats.Line{Label: "request", Text: string(p.Request.Raw)})
	}
	return lines
}

// aboutResource describes a resource item.
func (p *Plan) aboutResource(it *Item) []formats.Line {
	zone := p.Request.Format.Zone
	lines := []formats.Line{
		{Label: "resource", Text: string(it.request.Resource)},
		{Label: "time zone", Text: zone.Name + " (database " + decimation.ZoneDatabase + ")"},
	}
	if len(p.Request.Raw) > 0 && !p.format.summary {
		lines = append(lines, formats.Line{Label: "request", Text: string(p.Request.Raw)})
	}
	return lines
}

const shownSeries = 100 // in the description; the manifest has them all

// bucketRule says what a decimated item prints of which buckets.
func (it *Item) bucketRule(zone string) string {
	req := it.request
	names := make([]string, len(req.Functions))
	for i, f := range req.Functions {
		names[i] = f.String()
	}
	kind := "aligned to the wall clock of " + zone
	if strings.ContainsRune("dwMy", rune(req.Bucket.Unit)) {
		kind = "by the calendar of " + zone
	}
	if !req.Offset.IsZero() {
		kind += ", moved by " + req.Offset.String()
	}
	return fmt.Sprintf("%s of %s, %s; a row's time is its bucket's start", strings.Join(names, ", "), req.Bucket, kind)
}

func fillText(f decimation.Fill) string {
	switch f.Mode {
	case decimation.FillValue:
		return "print " + strconv.FormatFloat(f.Value, 'g', -1, 64)
	case decimation.FillPrevious:
		return "print the value before"
	case decimation.FillLinear:
		return "print what lies on the line between their neighbours"
	}
	return "print an empty cell"
}

// notes are the counts and omissions that a file's last lines tell, after its number of rows.
func (it *Item) notes() []formats.Line {
	if it.request.Resource != "" {
		return nil
	}
	samples := int64(0)
	var left LeftOut
	for i := range it.Series {
		samples += it.Series[i].Range.Samples
		left.add(it.leftOut(i))
	}
	notes := []formats.Line{{Label: "samples in the range", Text: strconv.FormatInt(samples, 10)}}
	for _, n := range []struct {
		label string
		count int64
	}{{"left out: strings", left.Strings}, {"left out: bytes", left.Bytes}, {"left out: without a value", left.Empty}} {
		if n.count > 0 {
			notes = append(notes, formats.Line{Label: n.label, Text: strconv.FormatInt(n.count, 10)})
		}
	}
	for _, i := range it.NotPrinted {
		notes = append(notes, formats.Line{Label: "series without a column", Text: describe(it.Series[i].Series)})
	}
	return notes
}
