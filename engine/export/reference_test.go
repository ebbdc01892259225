package export_test

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"math/big"
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

// refRow is a row of long output. Of a raw sample the value is its own; buckets and deltas have one a function, nil for none.
type refRow struct {
	exporttest.Sample
	label  string
	values []*float64
	count  int64
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
		b, err := it.Buckets(r.Format.Zone)
		if err != nil {
			t.Fatal(err)
		}
		for i := range series {
			decimateReference(t, &series[i], b, it)
		}
		if it.Fill != nil {
			fillReference(t, series, b, it)
		}
		if it.Delta {
			for i := range series {
				deltaReference(&series[i], lookBackReference(t, &series[i], b, it))
			}
		}
	} else if it.Delta {
		for i := range series {
			before := []*float64{nil}
			for _, x := range series[i].all {
				if it.From != nil && x.Time < *it.From && isValue(x) {
					before[0] = &x.Number
				}
			}
			deltaReference(&series[i], before)
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
					row := refRow{Sample: x, label: s.label, values: []*float64{nil}}
					if isValue(x) {
						row.values[0] = &x.Number
					}
					s.rows = append(s.rows, row)
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

func (s *refSeries) row(at int64, functions int) refRow {
	return refRow{label: s.label, values: make([]*float64, functions), Sample: exporttest.Sample{Kind: formats.ValueNumber, Time: at,
		Channel: s.key.Channel, Subtopic: s.key.Subtopic, Publisher: s.key.Publisher, Name: s.key.Name, Unit: s.key.Unit}}
}

func decimateReference(t *testing.T, s *refSeries, b decimation.Buckets, it *request.Item) {
	values := map[int64][]float64{} // in time, then arrival
	for _, x := range s.rows {
		if isValue(x.Sample) {
			start, _ := bucketOf(t, b, x.Time)
			values[start] = append(values[start], x.Number)
		}
	}
	s.rows = nil
	for start, list := range values {
		row := s.row(start, len(it.Functions))
		for k, f := range it.Functions {
			row.values[k] = statistic(t, list, f)
		}
		row.count = int64(len(list))
		s.rows = append(s.rows, row)
	}
	slices.SortFunc(s.rows, func(a, b refRow) int { return cmp.Compare(a.Time, b.Time) })
}

// statistic is a function's value of values; nil where it has none.
func statistic(t *testing.T, values []float64, f decimation.Function) *float64 {
	t.Helper()
	switch f {
	case decimation.Count:
		n := float64(len(values))
		return &n
	case decimation.First:
		return &values[0]
	case decimation.Last:
		return &values[len(values)-1]
	}
	var m decimation.Moments
	m.Add(values)
	v, ok, err := m.Result(f)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return nil
	}
	return &v
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
		for at := first; at <= last; _, at = bucketOf(t, b, at) {
			row, ok := have[at]
			if !ok {
				row = s.row(at, len(it.Functions))
			}
			s.rows = append(s.rows, row)
		}
		for k := range it.Functions {
			fillColumn(s.rows, k, it.Fill)
		}
	}
}

// fillColumn gives the rows without a value of function k what fill says.
func fillColumn(rows []refRow, k int, fill *decimation.Fill) {
	var values []*float64
	for _, row := range rows {
		values = append(values, row.values[k])
	}
	for i := range rows {
		if values[i] != nil {
			continue
		}
		before, after := i, i
		for before >= 0 && values[before] == nil {
			before--
		}
		for after < len(rows) && values[after] == nil {
			after++
		}
		switch {
		case fill.Mode == decimation.FillValue:
			rows[i].values[k] = &fill.Value
		case fill.Mode == decimation.FillPrevious && before >= 0:
			rows[i].values[k] = values[before]
		case fill.Mode == decimation.FillLinear && before >= 0 && after < len(rows):
			left, right := rat(*values[before]), rat(*values[after])
			left.Mul(left, big.NewRat(rows[after].Time-rows[i].Time, rows[after].Time-rows[before].Time))
			right.Mul(right, big.NewRat(rows[i].Time-rows[before].Time, rows[after].Time-rows[before].Time))
			v, _ := left.Add(left, right).Float64()
			rows[i].values[k] = &v
		}
	}
}

func rat(v float64) *big.Rat { return new(big.Rat).SetFloat64(v) }

// lookBackReference walks through all buckets before the first one with samples in the range.
func lookBackReference(t *testing.T, s *refSeries, b decimation.Buckets, it *request.Item) []*float64 {
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
	found := make([]*float64, len(it.Functions))
	for _, start := range starts {
		for k, f := range it.Functions {
			if any && start < first {
				found[k] = cmp.Or(statistic(t, values[start], f), found[k])
			}
		}
	}
	return found
}

// deltaReference subtracts from each value the one before of its function, and leaves out the rows without any.
func deltaReference(s *refSeries, before []*float64) {
	var rows []refRow
	for _, row := range s.rows {
		differences := make([]*float64, len(row.values))
		any := false
		for k, v := range row.values {
			if v == nil {
				continue
			}
			if any = true; before[k] != nil {
				difference := *v - *before[k]
				differences[k] = &difference
			}
			before[k] = v
		}
		if any {
			row.Kind, row.values = formats.ValueNumber, differences
			rows = append(rows, row)
		}
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
			base, function, _ := strings.Cut(id, ".")
			switch base {
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
				k := slices.IndexFunc(r.Items[0].Functions, func(f decimation.Function) bool { return f.String() == function })
				cell = valueCell(row, max(0, k))
			case "stringValue":
				if row.Kind == formats.ValueString {
					cell = valueCell(row, 0)
				}
			case "dataValue":
				if row.Kind == formats.ValueBytes {
					cell = valueCell(row, 0)
				}
			case "boolValue":
				if row.Kind == formats.ValueBool {
					cell = valueCell(row, 0)
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

// valueCell is a row's value of function k.
func valueCell(row refRow, k int) string {
	switch {
	case row.Kind == formats.ValueString:
		return quoted(row.Text, false)
	case row.Kind == formats.ValueBytes:
		return quoted(base64.RawURLEncoding.EncodeToString([]byte(row.Text)), false)
	case row.values[k] == nil:
		return ""
	case row.Kind == formats.ValueBool:
		return fmt.Sprint(*row.values[k] == 1)
	}
	return string(formats.AppendNumber(nil, *row.values[k]))
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
