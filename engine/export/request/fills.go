package request

import (
	"fmt"
	"slices"
	"strings"

	"decant/decimation"
)

// The ids of columns in long output, beside those of values.
var (
	commonColumns = []string{"time", "timeUtc", "offset", "channel", "subtopic", "publisher", "name", "senmlName", "unit",
		"stringValue", "boolValue", "dataValue"}
	rawColumns       = []string{"sum", "created", "protocol"}
	decimatedColumns = []string{"count"}
)

// Value takes the id of a column of values apart: whose values they are (in long output value, in wide output a name or label) and
// which of Functions it prints. Where dsf is a list, what follows the last dot is the function; else the id is the whole.
func (it *Item) Value(id string) (of string, function int, ok bool) {
	if !it.List {
		return id, 0, true
	}
	of, name, ok := cutLast(id)
	if !ok {
		return "", 0, false
	}
	function = slices.IndexFunc(it.Functions, func(f decimation.Function) bool { return f.String() == name })
	return of, function, function >= 0
}

// ValueIDs are the ids of the columns that print values, as Value takes them apart.
func (it *Item) ValueIDs(of string) []string {
	if !it.List {
		return []string{of}
	}
	ids := make([]string, len(it.Functions))
	for i, f := range it.Functions {
		ids[i] = of + "." + f.String()
	}
	return ids
}

// cutLast cuts at the last dot: names of series may hold dots, functions don't.
func cutLast(id string) (before, after string, ok bool) {
	dot := strings.LastIndexByte(id, '.')
	if dot < 0 {
		return "", "", false
	}
	return id[:dot], id[dot+1:], true
}

// Fills says which column ids the item might fill. What stands under a prefix of a wide item's target, only the store knows.
func (it *Item) Fills() func(id string) bool {
	if it.Resource != "" {
		return func(id string) bool { return it.Resource.Attribute(id) >= 0 }
	}
	hasValues := it.hasValues()
	return func(id string) bool {
		switch {
		case id == "time":
			return true
		case it.Wide:
		case slices.Contains(commonColumns, id):
			return true
		case slices.Contains(rawColumns, id):
			return it.Bucket == nil
		case slices.Contains(decimatedColumns, id):
			return it.Bucket != nil
		case it.unread:
			return strings.HasPrefix(id, "value")
		}
		of, _, ok := it.Value(id)
		return ok && hasValues(of)
	}
}

// hasValues says whose values the item might print: in long output those of value alone.
func (it *Item) hasValues() func(of string) bool {
	if !it.Wide {
		return func(of string) bool { return of == "value" }
	}
	names := map[string]bool{}
	var prefixes []Name
	for _, n := range it.Target {
		if n.Label != "" {
			names[n.Label] = true
		}
		if n.Prefix {
			prefixes = append(prefixes, n)
		} else {
			names[n.Name] = true
		}
	}
	return func(of string) bool {
		return names[of] || slices.ContainsFunc(prefixes, func(n Name) bool { return n.Matches(of) })
	}
}

// Matches says whether a series' name is meant.
func (n Name) Matches(name string) bool {
	return name == n.Name || n.Prefix && strings.HasPrefix(name, n.Name)
}

// Unfillable says of a column that none of the items can fill why that is, and what to write instead.
func Unfillable(items []Item) func(id string) string {
	const message = "no item can fill this column"
	var otherForms []func(id string) string
	var allowed, prefixes []string
	for i := range items {
		otherForms = append(otherForms, items[i].otherForm())
		allowed = items[i].appendIDs(allowed)
		for _, n := range items[i].Target {
			if items[i].Wide && n.Prefix {
				prefixes = append(prefixes, "what begins with "+n.Name)
			}
		}
	}
	allowed = distinct(allowed)
	shown := allowed
	if more := len(allowed) - shownIDs; more > 0 {
		shown = append(allowed[:shownIDs:shownIDs], fmt.Sprintf("and %d more", more))
	}
	shown = append(slices.Clip(shown), distinct(prefixes)...)
	return func(id string) string {
		for i, other := range otherForms {
			if why := other(id); why != "" {
				return fmt.Sprintf("%s: items[%d]%s", message, i, why)
			}
		}
		switch {
		case slices.Contains(rawColumns, id):
			return message + ": it belongs to long rows of raw samples, and no item gives such"
		case slices.Contains(decimatedColumns, id):
			return message + ": it counts a bucket's samples, and no long item is decimated"
		}
		hint := ""
		if near := nearest(id, allowed[:min(len(allowed), comparedIDs)]); near != "" {
			hint = "; did you mean " + near + "?"
		}
		return message + "; allowed are " + strings.Join(shown, ", ") + hint
	}
}

const (
	shownIDs    = 30
	comparedIDs = 1000
)

// otherForm says how to write a column that names values which the item has, but in the form of another dsf. It is empty for all else.
func (it *Item) otherForm() func(id string) string {
	if it.Resource != "" {
		return func(id string) string {
			if _, after, _ := cutLast("." + id); it.Resource.named(after) >= 0 {
				return " lists " + string(it.Resource) + " attributes: write " + string(it.Resource) + "." + after
			}
			return ""
		}
	}
	hasValues := it.hasValues()
	if it.List {
		return func(id string) string { return it.listForm(id, hasValues) }
	}
	return func(id string) string {
		of, after, ok := cutLast(id)
		if _, err := decimation.ParseFunction(after); !ok || err != nil || !hasValues(of) {
			return ""
		}
		if it.Bucket == nil {
			return " is not decimated: write " + of
		}
		return " has one function and no list: write " + of
	}
}

// listForm is otherForm where dsf is a list: for power, power.sum and power.agv alike it lists power.avg and power.max.
func (it *Item) listForm(id string, hasValues func(of string) bool) string {
	of, near := id, ""
	if before, after, ok := cutLast(id); ok {
		_, err := decimation.ParseFunction(after)
		if err != nil {
			near = nearest("."+after, it.ValueIDs(""))
		}
		if err == nil || near != "" {
			of = before
		}
	}
	if !hasValues(of) {
		return ""
	}
	ids := it.ValueIDs(of)
	last := len(ids) - 1
	text := ids[last]
	if last > 0 {
		text = strings.Join(ids[:last], ", ") + " or " + text
	}
	if near != "" {
		text += "; did you mean " + of + near + "?"
	}
	return " has a list of functions, so a column says which: write " + text
}

// appendIDs adds the ids that the item can fill, but for what stands under a prefix.
func (it *Item) appendIDs(ids []string) []string {
	if it.Resource != "" {
		return append(ids, it.Resource.ids()...)
	}
	if it.Wide {
		ids = append(ids, "time")
		for _, n := range it.Target {
			if n.Label != "" {
				ids = append(ids, it.ValueIDs(n.Label)...)
			}
			if !n.Prefix {
				ids = append(ids, it.ValueIDs(n.Name)...)
			}
		}
		return ids
	}
	ids = append(append(ids, commonColumns...), it.ValueIDs("value")...)
	if it.Bucket == nil {
		return append(ids, rawColumns...)
	}
	return append(ids, decimatedColumns...)
}

// distinct keeps the first of equals.
func distinct(list []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(s string) bool {
		twice := seen[s]
		seen[s] = true
		return twice
	})
}
