package export_test

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"decant/decimation"
	"decant/engine/export"
	"decant/engine/export/exporttest"
	"decant/engine/export/request"
	"decant/formats"
)

// The reference: collect everything, decimate, fill and subtract in slices, sort, print. Slow and obvious.

// refRow is a row of long output.
type refRow struct {
	exporttest.Sample
	label string
	null  bool // no value
	count int64
}

// refSeries are one series' rows, and all its samples for the look-back.
type refSeries struct {
	key   export.Series
	label string
	all   []exporttest.Sample
	rows  []refRow
}

func isValue(x exporttest.Sample) bool {
	return x.Kind == formats.ValueNumber || x.Kind == formats.ValueBool
}

// referenceRows are an item's rows in their order.
func referenceRows(t *testing.T, src *exporttest.Memory, r *request.Request, it *request.Item) []refRow {
	t.Helper()
	series := referenceSeries(src, it)
	if it.Bucket != nil {
		b := decimation.NewBuckets(*it.Bucket, r.Format.Zone)
		for i := range series {
			decimateReference(t, &series[i], b, it)
		}
		if it.Fill != nil {
			fillReference(t, series, b, it)
		}
		if it.Delta {
			for i := range series {
				v, ok := lookBackReference(t, &series[i], b, it)
				deltaReference(&series[i], v, ok)
			}
		}
	} else if it.Delta {
		for i := range series {
			v, ok := 0.0, false
			for _, x := range series[i].all {
				if it.From != nil && x.Time < *it.From && isValue(x) {
					v, ok = x.Number, true
				}
			}
			deltaReference(&series[i], v, ok)
		}
	}
	var rows []refRow
	for _, s := range series {
		rows = append(rows, s.rows...)
	}
	slices.SortStableFunc(rows, func(a, b refRow) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.Publisher, b.Publisher))
	})
	return rows
}

func inRange(t int64, it *request.Item) bool {
	return (it.From == nil || t >= *it.From) && (it.To == nil || t < *it.To)
}

func referenceSeries(src *exporttest.Memory, it *request.Item) []refSeries {
	var list []refSeries
	for key, samples := range src.Settled() {
		if key.Channel != it.Channel || key.Subtopic != it.Subtopic ||
			it.Publisher != nil && *it.Publisher != key.Publisher || it.Unit != nil && *it.Unit != key.Unit {
			continue
		}
		for _, n := range it.Target {
			if n.Name != key.Name && !(n.Prefix && strings.HasPrefix(key.Name, n.Name)) {
				continue
			}
			s := refSeries{key: key, label: cmp.Or(n.Label, key.Name), all: samples}
			for _, x := range samples {
				if inRange(x.Time, it) {
					s.rows = append(s.rows, refRow{Sample: x, label: s.label, null: x.Kind == formats.ValueNone})
				}
			}
			list = append(list, s)
			break
		}
	}
	slices.SortFunc(list, func(a, b refSeries) int {
		return cmp.Or(cmp.Compare(a.key.Name, b.key.Name), cmp.Compare(a.key.Unit, b.key.Unit), cmp.Compare(a.key.Publisher, b.key.Publisher))
	})
	return list
}

func bucketOf(t *testing.T, b decimation.Buckets, at int64) (start, end int64) {
	t.Helper()
	start, end, err := b.Find(at)
	if err != nil {
		t.Fatal(err)
	}
	return start, end
}

func (s *refSeries) row(at int64) refRow {
	return refRow{label: s.label, null: true, Sample: exporttest.Sample{Kind: formats.ValueNumber, Time: at,
		Channel: s.key.Channel, Subtopic: s.key.Subtopic, Publisher: s.key.Publisher, Name: s.key.Name, Unit: s.key.Unit}}
}

func decimateReference(t *testing.T, s *refSeries, b decimation.Buckets, it *request.Item) {
	values := map[int64][]float64{}
	for _, x := range s.rows {
		if isValue(x.Sample) {
			start, _ := bucketOf(t, b, x.Time)
			values[start] = append(values[start], x.Number)
		}
	}
	s.rows = nil
	for start, list := range values {
		row := s.row(start)
		row.Number, row.null = statistic(t, list, it.Functions[0])
		row.count = int64(len(list))
		s.rows = append(s.rows, row)
	}
	slices.SortFunc(s.rows, func(a, b refRow) int { return cmp.Compare(a.Time, b.Time) })
}

func statistic(t *testing.T, values []float64, f decimation.Function) (v float64, null bool) {
	var m decimation.Moments
	m.Add(values)
	v, ok, err := m.Result(f)
	if err != nil {
		t.Fatal(err)
	}
	return v, !ok
}

func fillReference(t *testing.T, series []refSeries, b decimation.Buckets, it *request.Item) {
	var first, last int64
	any := false
	for _, s := range series {
		for _, row := range s.rows {
			if !any {
				first, last, any = row.Time, row.Time, true
			}
			first, last = min(first, row.Time), max(last, row.Time)
		}
	}
	if it.From != nil {
		first, _ = bucketOf(t, b, *it.From)
	}
	if it.To != nil {
		last, _ = bucketOf(t, b, *it.To-1)
	}
	if !any && (it.From == nil || it.To == nil) {
		return
	}
	for i := range series {
		s := &series[i]
		have := map[int64]refRow{}
		for _, row := range s.rows {
			have[row.Time] = row
		}
		s.rows = nil
		before, known := 0.0, false
		for at := first; at <= last; _, at = bucketOf(t, b, at) {
			row, ok := have[at]
			if !ok {
				row = s.row(at)
				switch it.Fill.Mode {
				case decimation.FillValue:
					row.Number, row.null = it.Fill.Value, false
				case decimation.FillPrevious:
					row.Number, row.null = before, !known
				}
			} else {
				before, known = row.Number, true
			}
			s.rows = append(s.rows, row)
		}
	}
}

// lookBackReference walks through all buckets before the first one with samples in the range.
func lookBackReference(t *testing.T, s *refSeries, b decimation.Buckets, it *request.Item) (v float64, ok bool) {
	values := map[int64][]float64{}
	var starts []int64
	first, any := int64(0), false
	for _, x := range s.all {
		if !isValue(x) {
			continue
		}
		start, _ := bucketOf(t, b, x.Time)
		if values[start] == nil {
			starts = append(starts, start)
		}
		values[start] = append(values[start], x.Number)
		if inRange(x.Time, it) && !any {
			first, any = start, true
		}
	}
	for _, start := range starts {
		if any && start < first {
			if x, null := statistic(t, values[start], it.Functions[0]); !null {
				v, ok = x, true
			}
		}
	}
	return v, ok
}

func deltaReference(s *refSeries, before float64, known bool) {
	var rows []refRow
	for _, row := range s.rows {
		if row.null || !isValue(row.Sample) {
			continue
		}
		v := row.Number
		row.Kind = formats.ValueNumber
		row.Number, row.null = v-before, !known
		if !known {
			row.Number = 0
		}
		before, known = v, true
		rows = append(rows, row)
	}
	s.rows = rows
}

// referenceCSV prints an item's rows under the ids as labels.
func referenceCSV(t *testing.T, r *request.Request, rows []refRow, ids []string, digits int) string {
	t.Helper()
	zone := r.Format.Zone
	local := formats.NewTimePrinter(zone.Location, zone.Name, formats.TimeStyle{Format: r.Format.TimeFormat, Digits: digits})
	utc := formats.NewTimePrinter(time.UTC, "UTC", formats.TimeStyle{Format: r.Format.TimeFormat, Digits: digits})
	var b strings.Builder
	b.WriteString(strings.Join(ids, ",") + "\n")
	for _, row := range rows {
		var cells []string
		for _, id := range ids {
			cell := ""
			switch id {
			case "time":
				cell = string(local.Append(nil, row.Time))
			case "timeUtc":
				cell = string(utc.Append(nil, row.Time))
			case "offset":
				cell = "'" + time.Unix(0, row.Time).In(zone.Location).Format("-07:00") // + and - are guarded
			case "created":
				cell = string(local.Append(nil, row.Received))
			case "channel":
				cell = quoted(row.Channel, true)
			case "subtopic":
				cell = quoted(row.Subtopic, true)
			case "publisher":
				cell = quoted(row.Publisher, true)
			case "name":
				cell = quoted(row.label, true)
			case "senmlName":
				cell = quoted(row.Name, true)
			case "unit":
				cell = quoted(row.Unit, true)
			case "value":
				cell = valueCell(row)
			case "stringValue":
				if row.Kind == formats.ValueString {
					cell = valueCell(row)
				}
			case "dataValue":
				if row.Kind == formats.ValueBytes {
					cell = valueCell(row)
				}
			case "boolValue":
				if row.Kind == formats.ValueBool {
					cell = valueCell(row)
				}
			case "sum":
				if row.HasSum {
					cell = string(formats.AppendNumber(nil, row.Sum))
				}
			case "count":
				cell = fmt.Sprint(row.count)
			case "protocol":
				cell = []string{"mqtt", "import"}[row.Protocol-1]
			default:
				t.Fatalf("the reference has no column %s", id)
			}
			cells = append(cells, cell)
		}
		b.WriteString(strings.Join(cells, ",") + "\n")
	}
	return b.String()
}

func valueCell(row refRow) string {
	switch {
	case row.null:
		return ""
	case row.Kind == formats.ValueBool:
		return fmt.Sprint(row.Number == 1)
	case row.Kind == formats.ValueString:
		return quoted(row.Text, false)
	case row.Kind == formats.ValueBytes:
		return quoted(base64.RawURLEncoding.EncodeToString([]byte(row.Text)), false)
	}
	return string(formats.AppendNumber(nil, row.Number))
}

// quoted is a text cell of CSV. A series' text that is empty is missing.
func quoted(s string, missing bool) string {
	if s == "" && missing {
		return ""
	}
	if s != "" && strings.ContainsAny(s[:1], "=+-@\t\r") {
		s = "'" + s
	}
	if s == "" || strings.ContainsAny(s, ",\"\n\r") {
		return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}
