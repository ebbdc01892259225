package file

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"

	"decant/ingest"
)

// timeColumns are taken for the time column where none is named.
var timeColumns = []string{"time", "timestamp", "ts", "t", "date"}

// exportColumns are the default columns of decant's own long CSV; a file that has no others is long without being told.
var exportColumns = []string{"publisher", "time", "name", "unit", "value"}

// table is what a header says.
type table struct {
	labels    []string
	time      int // index of the time column; -1: start and step
	name      int // long: index of the name column; -1: wide
	value     int
	unit      int             // -1: none
	publisher int             // -1: none
	series    []ingest.Series // wide: by column
}

// readHeader makes sense of the header's cells. All its faults come at once.
func (c Config) readHeader(cells []cell) (t *table, faults []error) {
	t = &table{time: -1, name: -1, value: -1, unit: -1, publisher: -1}
	for i, h := range cells {
		label := string(unguard(h.text))
		if earlier := slices.Index(t.labels, label); earlier >= 0 {
			faults = append(faults, fmt.Errorf("columns %d and %d are both named %q", earlier+1, i+1, label))
		}
		t.labels = append(t.labels, label)
	}
	find := func(what, flag, label string) int {
		i := slices.Index(t.labels, label)
		if i < 0 {
			faults = append(faults, fmt.Errorf("there is no %s column %q (%s); %s", what, label, flag, suggest(label, t.labels)))
		}
		return i
	}
	switch {
	case c.Step > 0:
	case c.TimeColumn != "":
		t.time = find("time", "--time-column", c.TimeColumn)
	default:
		if t.time = t.guessTime(); t.time < 0 {
			faults = append(faults, fmt.Errorf("there is no time column: none is named %s; name it with --time-column, or give --start and --step; the columns are %s",
				strings.Join(timeColumns, ", "), list(t.labels)))
		}
	}
	switch {
	case c.NameColumn != "":
		t.name = find("name", "--name-column", c.NameColumn)
		t.value = find("value", "--value-column", c.ValueColumn)
		if c.UnitColumn != "" {
			t.unit = find("unit", "--unit-column", c.UnitColumn)
		}
	case t.isExport():
		t.name, t.value = slices.Index(t.labels, "name"), slices.Index(t.labels, "value")
		t.unit, t.publisher = slices.Index(t.labels, "unit"), slices.Index(t.labels, "publisher")
	default:
		faults = append(faults, c.wideSeries(t)...)
	}
	return t, faults
}

// wideSeries makes a series of each column but the time.
func (c Config) wideSeries(t *table) (faults []error) {
	t.series = make([]ingest.Series, len(t.labels))
	used := map[string]bool{}
	for i, label := range t.labels {
		if i == t.time {
			continue
		}
		if err := ingest.CheckID("name", label); err != nil {
			faults = append(faults, fmt.Errorf("column %d: %w", i+1, err))
			continue
		}
		unit, ok := c.Units[label]
		used[label] = ok
		s, err := c.seriesOf([]byte(label), unit, "")
		if err != nil {
			faults = append(faults, fmt.Errorf("column %d: %w", i+1, err))
		}
		t.series[i] = s
	}
	if len(t.labels) == 0 || len(t.labels) == 1 && t.time == 0 {
		faults = append(faults, errors.New("there is no column besides the time; is the delimiter right?"))
	}
	for label := range c.Units {
		if !used[label] {
			faults = append(faults, fmt.Errorf("there is no column %q to give a unit (--unit); %s", label, suggest(label, t.labels)))
		}
	}
	slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return faults
}

// seriesOf is the series of a name as the file has it.
func (c Config) seriesOf(name []byte, unit, publisher string) (ingest.Series, error) {
	s := ingest.Series{Channel: c.Channel, Subtopic: c.Subtopic, Publisher: c.Publisher, Name: c.Prefix + string(name), Unit: unit}
	if publisher != "" {
		s.Publisher = publisher
	}
	return s, ingest.CheckID("name", s.Name)
}

// guessTime finds the time column by its usual names, in their order.
func (t *table) guessTime() int {
	for _, name := range timeColumns {
		if i := slices.IndexFunc(t.labels, func(l string) bool { return strings.EqualFold(l, name) }); i >= 0 {
			return i
		}
	}
	return -1
}

// isExport says whether the columns are those of decant's own long CSV.
func (t *table) isExport() bool {
	for _, label := range t.labels {
		if !slices.Contains(exportColumns, label) {
			return false
		}
	}
	return t.time >= 0 && slices.Contains(t.labels, "name") && slices.Contains(t.labels, "value")
}

// suggest lists the labels that are close to what was asked for, or else all.
func suggest(want string, labels []string) string {
	var close []string
	for _, l := range labels {
		a, b := strings.ToLower(strings.TrimSpace(want)), strings.ToLower(strings.TrimSpace(l))
		if a != "" && b != "" && (strings.Contains(a, b) || strings.Contains(b, a) || levenshtein.ComputeDistance(a, b) <= min(2, len(a)/3)) {
			close = append(close, l)
		}
	}
	if len(close) > 0 {
		return "close to it: " + list(close)
	}
	return "the columns are " + list(labels)
}

// list quotes labels, the first of many.
func list(labels []string) string {
	const most = 20
	var b strings.Builder
	for i, l := range labels {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(labels)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(short([]byte(l)))
	}
	return b.String()
}
