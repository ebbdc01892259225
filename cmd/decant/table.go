package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// table is a listing: printed for people, or as one JSON array of objects whose keys are the columns' names.
type table struct {
	columns []string
	rows    [][]any
}

func (t *table) add(cells ...any) { t.rows = append(t.rows, cells) }

func (t *table) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return t.printJSON(w)
	}
	widths := t.widths()
	var b bytes.Buffer
	line := func(cells []string) {
		for i, s := range cells {
			b.WriteString(s)
			if i < len(cells)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-terminalColumns(s)+gap))
			}
		}
		b.WriteByte('\n')
	}
	line(t.columns)
	for _, row := range t.rows {
		line(texts(row))
	}
	_, err := b.WriteTo(w)
	return err
}

const gap = 2 // columns of a terminal between two of a table's

// texts are a row's cells as people see them.
func texts(row []any) []string {
	cells := make([]string, len(row))
	for i, cell := range row {
		s := fmt.Sprint(cell)
		if s == "" || cell == nil {
			s = "-"
		}
		cells[i] = visible(s)
	}
	return cells
}

// widths are those of the columns.
func (t *table) widths() []int {
	widths := make([]int, len(t.columns))
	for i, name := range t.columns {
		widths[i] = terminalColumns(name)
	}
	for _, row := range t.rows {
		for i, s := range texts(row) {
			widths[i] = max(widths[i], terminalColumns(s))
		}
	}
	return widths
}

// fit shortens the texts of one column so that a line takes no more than so many columns of a terminal, as far as it can give them.
func (t *table) fit(column, columns int) {
	widths := t.widths()
	room := columns - gap*(len(widths)-1) + widths[column]
	for _, w := range widths {
		room -= w
	}
	room = max(room, terminalColumns(t.columns[column]))
	for _, row := range t.rows {
		row[column] = cut(texts(row)[column], room)
	}
}

// visible shows control characters, which a topic or a payload may hold, as escapes: they would move the terminal's cursor, and the columns.
func visible(s string) string {
	if !strings.ContainsFunc(s, unicode.IsControl) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsControl(r) {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// shortened is for a column of which people need no more than the beginning: the first n characters.
func shortened(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i] + "…"
		}
	}
	return s
}

// printJSON keeps the columns' order, which a map would not.
func (t *table) printJSON(w io.Writer) error {
	var b bytes.Buffer
	b.WriteByte('[')
	for i, row := range t.rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n  {")
		for j, cell := range row {
			if j > 0 {
				b.WriteString(", ")
			}
			value, err := json.Marshal(cell)
			if err != nil {
				return fmt.Errorf("print %s as JSON: %w", t.columns[j], err)
			}
			fmt.Fprintf(&b, "%q: %s", t.columns[j], value)
		}
		b.WriteByte('}')
	}
	if len(t.rows) > 0 {
		b.WriteByte('\n')
	}
	b.WriteString("]\n")
	_, err := w.Write(b.Bytes())
	return err
}
