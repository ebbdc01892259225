package xlsx

import (
	"strconv"

	"decant/formats"
)

const (
	narrowest   = 8
	widest      = 60
	filterArrow = 3 // a header leaves room for it
)

// widths are the widths of a sheet's columns in characters, from its labels and the first rows' cells.
type widths struct {
	seen []int
}

func newWidths(doc formats.Document) *widths {
	if doc.Expanded {
		w := &widths{seen: make([]int, 2)}
		for _, c := range doc.Columns {
			w.see(0, displayWidth(c.Label)+1)
		}
		return w
	}
	w := &widths{seen: make([]int, len(doc.Columns))}
	for i, c := range doc.Columns {
		w.see(i, displayWidth(c.Label)+filterArrow)
	}
	return w
}

func (w *widths) see(column, width int) {
	if width > w.seen[column] {
		w.seen[column] = width
	}
}

// append prints the element cols.
func (w *widths) append(dst []byte) []byte {
	dst = append(dst, `<cols>`...)
	for i, n := range w.seen {
		number := strconv.Itoa(i + 1)
		width := strconv.Itoa(min(max(n+2, narrowest), widest))
		dst = append(dst, `<col min="`+number+`" max="`+number+`" width="`+width+`" customWidth="1"/>`...)
	}
	return append(dst, `</cols>`...)
}

// displayWidth is about how many digits wide a text shows: scripts from Hangul and CJK on are twice as wide.
func displayWidth(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x1100 {
			n++
		}
		if n > widest {
			break
		}
	}
	return n
}
