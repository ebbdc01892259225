package pdf

import (
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// family is the fonts' name in the file: the Go fonts, which hold Latin, Greek and Cyrillic (WGL4).
const family = "go"

// replacement stands for characters that the fonts lack.
const replacement = '\ufffd'

const ellipsis = "…"

// face is one font.
type face struct {
	style string // as fpdf names it
	ttf   []byte
	once  sync.Once
	// advance of each character of the basic plane in thousandths of the font size; 0 where the font has none
	advances []uint16
}

var (
	regular = &face{style: "", ttf: goregular.TTF}
	bold    = &face{style: "B", ttf: gobold.TTF}
)

// table gives the advances, read from the font at the first use.
func (f *face) table() []uint16 {
	f.once.Do(func() {
		parsed, err := sfnt.Parse(f.ttf)
		if err != nil {
			panic(err) // the font is linked in
		}
		f.advances = make([]uint16, 1<<16)
		var buf sfnt.Buffer
		for r := rune(' '); r < 1<<16; r++ {
			glyph, err := parsed.GlyphIndex(&buf, r)
			if err != nil || glyph == 0 {
				continue
			}
			advance, err := parsed.GlyphAdvance(&buf, glyph, fixed.I(1000), font.HintingNone)
			if err == nil {
				f.advances[r] = uint16(advance.Round())
			}
		}
	})
	return f.advances
}

// measure is the width of a printable text in thousandths of the font size.
func measure(f *face, s string) int {
	advances := f.table()
	width := 0
	for _, r := range s {
		if r < 1<<16 {
			width += int(advances[r])
		}
	}
	return width
}

// printable is s with what the fonts can't show replaced: missing characters by U+FFFD, tabs by a blank. Line feeds stay.
func printable(s string) string {
	if isPlain(s) {
		return s
	}
	advances := regular.table()
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t', r == '\r':
			return ' '
		case r >= 1<<16 || advances[r] == 0:
			return replacement
		}
		return r
	}, strings.ToValidUTF8(s, string(replacement)))
}

// isPlain says whether s is printable ASCII alone.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// wrap cuts a printable text into lines of a width, in thousandths of the font size, at blanks and after punctuation where it can. Past
// the last line allowed the rest is left out, and an ellipsis says so.
func wrap(f *face, s string, width, lines int) []string {
	var out []string
	for _, line := range strings.Split(s, "\n") {
		for {
			head, tail := cut(f, line, width)
			out = append(out, strings.TrimRight(head, " "))
			if tail == "" {
				break
			}
			line = tail
		}
	}
	if len(out) > lines {
		out = out[:lines]
		out[lines-1] = shorten(f, out[lines-1]+ellipsis, width)
	}
	return out
}

// cut splits off what fits the width: up to the last good place to break, at least one character.
func cut(f *face, s string, width int) (head, tail string) {
	used, good := 0, 0
	for i, r := range s {
		used += measure(f, string(r))
		if used > width && i > 0 && r != ' ' {
			if good == 0 {
				good = i
			}
			return s[:good], s[good:]
		}
		if strings.ContainsRune(" -:._/,;", r) {
			good = i + utf8.RuneLen(r)
		}
	}
	return s, ""
}

// shorten cuts a text that is too wide and ends it with an ellipsis.
func shorten(f *face, s string, width int) string {
	if measure(f, s) <= width {
		return s
	}
	s = strings.TrimSuffix(s, ellipsis)
	for s != "" && measure(f, s+ellipsis) > width {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s + ellipsis
}
