package xlsx

import (
	"fmt"
	"strconv"
	"time"

	"decant/formats"
)

// maxInteger is the largest integer that a cell, a float64, holds with all its neighbours. Larger ones are printed as text.
const maxInteger = 1 << 53

// What follows a cell's name. A text cell is a shared string, or one that stands in the cell: no program reads either as a formula, whatever
// it starts with.
const (
	numberStart = `"><v>`
	sharedStart = `" t="s"><v>`
	boolStart   = `" t="b"><v>`
	valueEnd    = `</v></c>`
	inlineStart = `" t="inlineStr"><is>`
	inlineEnd   = `</is></c>`
)

// cellPrinter prints what follows a cell's name. It is not safe for concurrent use.
type cellPrinter struct {
	numbers   bool // times are numbers, see timesAreNumbers
	dates     bool // times are date cells, see timesAreDates
	text      *formats.Printer
	zoned     *wallClock
	utc       *wallClock
	dateStart []byte
	dateWidth int
	scratch   []byte
}

func newCellPrinter(doc formats.Document, s styles) *cellPrinter {
	return &cellPrinter{
		numbers:   timesAreNumbers(doc.Times),
		dates:     timesAreDates(doc.Times),
		text:      formats.NewPrinter(doc),
		zoned:     newWallClock(doc.Zone, doc.Times.Digits),
		utc:       newWallClock(time.UTC, doc.Times.Digits),
		dateStart: fmt.Appendf(nil, `" s="%d"><v>`, s.date),
		dateWidth: len(dateLayout(doc.Times.Digits)),
	}
}

// append prints a cell that is not missing. number is a Text cell's in the table of shared strings. A fault says why no cell can hold it.
func (p *cellPrinter) append(dst []byte, c *formats.Cells, row int, number int32) (out []byte, fault string) {
	switch c.Type {
	case formats.Time, formats.TimeUTC:
		return p.appendTime(dst, c, row), ""
	case formats.Number:
		return appendNumber(dst, c.Number(row)), ""
	case formats.Text:
		if number != inline {
			return appendShared(dst, number), ""
		}
	case formats.Integer:
		return appendInteger(dst, c.Int(row)), ""
	}
	switch c.Kind(row) {
	case formats.ValueNumber:
		return appendNumber(dst, c.Number(row)), ""
	case formats.ValueBool:
		dst = append(dst, boolStart...)
		if c.Bool(row) {
			dst = append(dst, '1')
		} else {
			dst = append(dst, '0')
		}
		return append(dst, valueEnd...), ""
	case formats.ValueBytes:
		return p.appendBytes(dst, c.Bytes(row))
	}
	return appendInline(dst, c.Text(row))
}

func appendNumber(dst []byte, v float64) []byte {
	dst = append(dst, numberStart...)
	dst = formats.AppendNumber(dst, v)
	return append(dst, valueEnd...)
}

func appendInteger(dst []byte, v int64) []byte {
	if -maxInteger <= v && v <= maxInteger {
		dst = append(dst, numberStart...)
		dst = strconv.AppendInt(dst, v, 10)
		return append(dst, valueEnd...)
	}
	dst = append(dst, inlineStart+textStart...)
	dst = strconv.AppendInt(dst, v, 10)
	return append(dst, textEnd+inlineEnd...)
}

// appendTime prints a date cell where one holds the time, a number for Unix times, else text.
func (p *cellPrinter) appendTime(dst []byte, c *formats.Cells, row int) []byte {
	if p.numbers {
		dst = append(dst, numberStart...)
		dst = p.text.AppendNumber(dst, c, row)
		return append(dst, valueEnd...)
	}
	if serial, ok := p.serial(c, row); ok {
		dst = append(dst, p.dateStart...)
		dst = appendSerial(dst, serial)
		return append(dst, valueEnd...)
	}
	p.scratch = p.text.AppendNumber(p.scratch[:0], c, row)
	dst, _ = appendInline(dst, string(p.scratch)) // a printed time always fits
	return dst
}

// serial is a date cell's number; not ok where the time is not a date.
func (p *cellPrinter) serial(c *formats.Cells, row int) (serial float64, ok bool) {
	if !p.dates {
		return 0, false
	}
	if c.Type == formats.TimeUTC {
		return p.utc.serial(c.Int(row))
	}
	return p.zoned.serial(c.Int(row))
}

func (p *cellPrinter) appendBytes(dst, b []byte) ([]byte, string) {
	p.scratch = formats.AppendBytes(p.scratch[:0], b)
	if n := len(p.scratch); n > maxText {
		return dst, tooLong(n)
	}
	dst = append(dst, inlineStart+textStart...)
	dst = append(dst, p.scratch...)
	return append(dst, textEnd+inlineEnd...), ""
}

// width is how many characters wide a cell that is not missing shows.
func (p *cellPrinter) width(c *formats.Cells, row int) int {
	switch {
	case c.Kind(row) == formats.ValueBool:
		return len("FALSE")
	case c.Type == formats.Time || c.Type == formats.TimeUTC:
		if _, ok := p.serial(c, row); ok {
			return p.dateWidth
		}
	}
	p.scratch = p.text.Append(p.scratch[:0], c, row)
	return displayWidth(string(p.scratch))
}

func appendShared(dst []byte, number int32) []byte {
	dst = append(dst, sharedStart...)
	dst = strconv.AppendInt(dst, int64(number), 10)
	return append(dst, valueEnd...)
}

func appendInline(dst []byte, s string) (out []byte, fault string) {
	dst, fault = appendText(append(dst, inlineStart...), s)
	return append(dst, inlineEnd...), fault
}
