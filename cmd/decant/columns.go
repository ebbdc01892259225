package main

import (
	"io"
	"os"
	"unicode"

	"golang.org/x/term"
	"golang.org/x/text/width"
)

// columnsOf is how many columns the terminal has that a stream goes to; 0 where it goes to none, or one that doesn't say.
func columnsOf(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// cut is what of a text fits so many columns of a terminal, at least one.
func cut(s string, columns int) string {
	if terminalColumns(s) <= columns {
		return s
	}
	columns-- // for the ellipsis
	for i, r := range s {
		if columns -= runeColumns(r); columns < 0 {
			return s[:i] + "…"
		}
	}
	return s
}

// terminalColumns is how many columns of a terminal a text takes.
func terminalColumns(s string) (n int) {
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

// runeColumns is two for the wide characters of East Asia and most pictures, and none for what stands on the character before.
func runeColumns(r rune) int {
	if r < 0x300 { // most texts have no other
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}
