package lines

import "decant/formats"

// Entries prints the cells of one Text column: each entry of the record's dictionary once, and from then on as a copy.
type Entries struct {
	print func(dst []byte, text string) []byte
	text  []byte
	ends  []int // of each entry in text; empty where the dictionary outnumbers the rows
}

// NewEntries prints entries by print.
func NewEntries(print func(dst []byte, text string) []byte) *Entries {
	return &Entries{print: print}
}

// Prepare turns to the cells of another record.
func (e *Entries) Prepare(c *formats.Cells, rows int) {
	e.text, e.ends = e.text[:0], e.ends[:0]
	n := c.Entries()
	if n > rows {
		return
	}
	for i := range n {
		e.text = e.print(e.text, c.EntryText(i))
		e.ends = append(e.ends, len(e.text))
	}
}

// Append prints a cell that is not missing.
func (e *Entries) Append(dst []byte, c *formats.Cells, row int) []byte {
	i := c.Entry(row)
	if len(e.ends) == 0 {
		return e.print(dst, c.EntryText(i))
	}
	start := 0
	if i > 0 {
		start = e.ends[i-1]
	}
	return append(dst, e.text[start:e.ends[i]]...)
}
