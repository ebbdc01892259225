package export

import (
	"fmt"
	"slices"
	"strings"

	"decant/engine/export/request"
	"decant/formats"
)

// column is a column of an item and where its cells come from.
type column struct {
	formats.Column
	series   int // wide: index of the series; -1 for time
	function int // index in the item's functions, 0 for raw samples; -1 for a column of something else than values
}

// staticFaults finds columns that no item can fill and items without any of their columns, as far as the request alone tells.
func staticFaults(r *request.Request) request.Faults {
	columns := r.Format.Columns
	var faults, bare request.Faults
	fillable := make([]bool, len(columns))
	for i := range r.Items {
		it := &r.Items[i]
		if it.Wide && columns == nil {
			faults = append(faults, request.Fault{Path: "format.columns",
				Message: "a wide item needs columns: time, and the names or labels of its series"})
			continue
		}
		own, any := 0, columns == nil
		fills := it.Fills()
		for c, entry := range columns {
			if fills(entry.ID) {
				fillable[c], any = true, true
				if entry.ID != "time" {
					own++
				}
			}
		}
		switch {
		case it.Wide && own == 0:
			bare = append(bare, nothingButTime(i))
		case !any:
			add := "time, name or value"
			if it.Resource != "" {
				add = string(it.Resource) + "." + it.Resource.Attributes()[0].Name
			}
			bare = append(bare, request.Fault{Path: fmt.Sprintf("items[%d]", i),
				Message: "the item is left without a column: it can fill none of format.columns; add " + add})
		}
	}
	if !slices.Contains(fillable, false) { // else the column that is missing is probably there, in another spelling
		return append(faults, bare...)
	}
	unfillable := request.Unfillable(r.Items)
	for c, entry := range columns {
		if !fillable[c] {
			faults = append(faults, request.Fault{Path: fmt.Sprintf("format.columns[%d].id", c), Value: fmt.Sprintf("%q", entry.ID),
				Message: unfillable(entry.ID)})
		}
	}
	return faults
}

func nothingButTime(item int) request.Fault {
	return request.Fault{Path: fmt.Sprintf("items[%d]", item),
		Message: "the wide item is left with nothing but time: list names or labels of its series in format.columns"}
}

// longColumns are the columns of a long item. severalOffsets says whether the zone's offset changes within its rows.
func longColumns(r *request.Request, it *request.Item, series []Selected, severalOffsets bool) []column {
	entries := r.Format.Columns
	if entries == nil {
		entries = defaultColumns(r, it, series, severalOffsets)
	}
	fills := it.Fills()
	var columns []column
	for _, entry := range entries {
		if !fills(entry.ID) {
			continue
		}
		c := column{formats.Column{ID: entry.ID, Label: entry.Label, Type: columnType(entry.ID)}, -1, -1}
		if of, function, ok := it.Value(entry.ID); ok && of == "value" {
			c.Type, c.function = valueType(it, series...), function
		}
		columns = append(columns, c)
	}
	return columns
}

func defaultColumns(r *request.Request, it *request.Item, series []Selected, severalOffsets bool) []request.Column {
	ids := append([]string{"time", "name", "unit"}, it.ValueIDs("value")...)
	if r.Format.Extension == "xlsx" && severalOffsets {
		ids = slices.Insert(ids, 1, "offset") // a date cell has no offset of its own
	}
	if it.Publisher == nil && severalPublishers(series) {
		ids = slices.Insert(ids, 0, "publisher")
	}
	entries := make([]request.Column, len(ids))
	for i, id := range ids {
		entries[i] = request.Column{ID: id, Label: id}
	}
	return entries
}

func severalPublishers(series []Selected) bool {
	return slices.ContainsFunc(series, func(s Selected) bool { return s.Publisher != series[0].Publisher })
}

// columnType is what a column holds that is not of values.
func columnType(id string) formats.Type {
	switch id {
	case "time", "created":
		return formats.Time
	case "timeUtc":
		return formats.TimeUTC
	case "stringValue":
		return formats.Value // every row has its own text, so a dictionary would grow with the rows
	case "boolValue":
		return formats.Bool
	case "dataValue":
		return formats.Bytes
	case "sum":
		return formats.Number
	case "count":
		return formats.Integer
	}
	return formats.Text
}

// valueType is Number where only numbers can stand in the column.
func valueType(it *request.Item, series ...Selected) formats.Type {
	if it.Bucket != nil || it.Delta {
		return formats.Number
	}
	for _, s := range series {
		if s.Range.Bools+s.Range.Strings+s.Range.Bytes > 0 {
			return formats.Value
		}
	}
	return formats.Number
}

// wideColumns are the columns of a wide item, and the series that none of them prints. A column that two series could fill is a fault; one
// that only a prefix could have filled, and did not, is reported as absent by its index.
func wideColumns(r *request.Request, item int, series []Selected) (columns []column, notPrinted []int, absent []int, faults request.Faults) {
	it := &r.Items[item]
	printed := make([]bool, len(series))
	byName := map[string][]int{}
	for i, s := range series {
		byName[s.Name] = append(byName[s.Name], i)
		if s.Label != s.Name {
			byName[s.Label] = append(byName[s.Label], i)
		}
	}
	fills := it.Fills()
	for c, entry := range r.Format.Columns {
		if entry.ID == "time" {
			columns = append(columns, column{formats.Column{ID: entry.ID, Label: entry.Label, Type: formats.Time}, -1, -1})
			continue
		}
		name, function, ok := it.Value(entry.ID)
		if !ok {
			continue
		}
		switch found := byName[name]; {
		case len(found) > 1:
			faults = append(faults, request.Fault{Path: fmt.Sprintf("format.columns[%d].id", c), Value: fmt.Sprintf("%q", entry.ID),
				Message: ambiguous(item, series[found[0]].Series, series[found[1]].Series)})
		case len(found) == 1:
			i := found[0]
			printed[i] = true
			columns = append(columns, column{formats.Column{ID: entry.ID, Label: entry.Label, Type: valueType(it, series[i])}, i, function})
		case fills(entry.ID):
			absent = append(absent, c)
		}
	}
	for i := range series {
		if !printed[i] {
			notPrinted = append(notPrinted, i)
		}
	}
	return columns, notPrinted, absent, faults
}

// ambiguous names two series that want the same column, and what tells them apart.
func ambiguous(item int, a, b Series) string {
	var filters []string
	if a.Publisher != b.Publisher {
		filters = append(filters, fmt.Sprintf("items[%d].params.publisher: %q or %q", item, a.Publisher, b.Publisher))
	}
	if a.Unit != b.Unit {
		filters = append(filters, fmt.Sprintf("items[%d].params.unit: %q or %q", item, a.Unit, b.Unit))
	}
	if a.Name != b.Name {
		filters = append(filters, "another label for one of them")
	}
	return fmt.Sprintf("two series want this column: %s and %s; add %s", describe(a), describe(b), strings.Join(filters, ", or "))
}

// describe names a series in full, for people.
func describe(s Series) string {
	text := s.Name
	if s.Unit != "" {
		text += " (" + s.Unit + ")"
	}
	if s.Publisher != "" {
		text += " by " + s.Publisher
	}
	return text
}
