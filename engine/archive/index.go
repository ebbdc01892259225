package archive

import (
	"cmp"
	"encoding/json"
	"fmt"
	"sort"

	"decant/engine/export"
)

// indexKey is where a part's footer has its index.
const indexKey = "decant.index"

// index says what is where in a part.
type index struct {
	Series []entry `json:"series"` // in the order of their rows
	// Chunks are the CRC32C of the columns' bytes, a row group each.
	Chunks [][columnCount]uint32 `json:"crc32c"`
}

// entry is a series in a part. Its rows follow those of the entry before.
type entry struct {
	Subtopic  string `json:"subtopic"`
	Publisher string `json:"publisher"`
	Name      string `json:"name"`
	Unit      string `json:"unit"`

	Stats stats `json:"stats"`
	// EqualTimes says that some time carries several values.
	EqualTimes bool `json:"equalTimes,omitempty"`
	// Seen is the digest of all rows that the store had of this series and day when the part was made; empty where the rows were cut between parts.
	Seen string `json:"seen,omitempty"`

	start int64 // place of its first row
}

// stats are exact: those of its rows.
type stats struct {
	Samples    int64   `json:"samples"`
	Numbers    int64   `json:"numbers,omitempty"`
	Bools      int64   `json:"bools,omitempty"`
	Strings    int64   `json:"strings,omitempty"`
	Bytes      int64   `json:"bytes,omitempty"`
	Empty      int64   `json:"empty,omitempty"`
	First      int64   `json:"first"`
	Last       int64   `json:"last"`
	FirstValue int64   `json:"firstValue"`
	LastValue  int64   `json:"lastValue"`
	Digits     int     `json:"digits,omitempty"`
	Min        float64 `json:"min"`
	Max        float64 `json:"max"`
}

// values is the number of numbers and bools.
func (s *stats) values() int64 { return s.Numbers + s.Bools }

// merge adds what other rows have.
func (s *stats) merge(o stats) {
	if o.Samples == 0 {
		return
	}
	if s.Samples == 0 {
		*s = o
		return
	}
	switch {
	case o.values() == 0:
	case s.values() == 0:
		s.FirstValue, s.LastValue, s.Min, s.Max = o.FirstValue, o.LastValue, o.Min, o.Max
	default:
		s.FirstValue, s.LastValue = min(s.FirstValue, o.FirstValue), max(s.LastValue, o.LastValue)
		s.Min, s.Max = min(s.Min, o.Min), max(s.Max, o.Max)
	}
	s.First, s.Last = min(s.First, o.First), max(s.Last, o.Last)
	s.Samples += o.Samples
	s.Numbers += o.Numbers
	s.Bools += o.Bools
	s.Strings += o.Strings
	s.Bytes += o.Bytes
	s.Empty += o.Empty
	s.Digits = max(s.Digits, o.Digits)
}

// compareKeys orders series within a channel as parts do.
func compareKeys(a, b export.Series) int {
	return cmp.Or(cmp.Compare(a.Subtopic, b.Subtopic), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.Publisher, b.Publisher))
}

func (e *entry) key() export.Series {
	return export.Series{Subtopic: e.Subtopic, Publisher: e.Publisher, Name: e.Name, Unit: e.Unit}
}

// find is a series' entry, nil where the part has none.
func (x *index) find(s export.Series) *entry {
	i := sort.Search(len(x.Series), func(i int) bool { return compareKeys(x.Series[i].key(), s) >= 0 })
	if i < len(x.Series) && compareKeys(x.Series[i].key(), s) == 0 {
		return &x.Series[i]
	}
	return nil
}

// parseIndex reads the text of an index, of a part with so many rows and row groups.
func parseIndex(text string, rows int64, groups int) (*index, error) {
	var x index
	if err := json.Unmarshal([]byte(text), &x); err != nil {
		return nil, fmt.Errorf("its index can't be read: %w", err)
	}
	at := int64(0)
	for i := range x.Series {
		e := &x.Series[i]
		e.start = at
		at += e.Stats.Samples
		if e.Stats.Samples < 1 || i > 0 && compareKeys(x.Series[i-1].key(), e.key()) >= 0 {
			return nil, fmt.Errorf("its index is out of order at series %d", i)
		}
	}
	if at != rows || len(x.Chunks) != groups {
		return nil, fmt.Errorf("its index has %d rows in %d row groups, the file %d in %d", at, len(x.Chunks), rows, groups)
	}
	return &x, nil
}
