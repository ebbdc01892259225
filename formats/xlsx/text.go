package xlsx

import (
	"fmt"
	"unicode/utf8"
)

// maxText is how many UTF-16 units a cell holds.
const maxText = 32767

const (
	textStart = `<t>`
	textKept  = `<t xml:space="preserve">`
	textEnd   = `</t>`
)

// appendText prints the element t of a string. A fault says what keeps the text out of a cell.
func appendText(dst []byte, s string) (out []byte, fault string) {
	if keepsSpace(s) {
		dst = append(dst, textKept...)
	} else {
		dst = append(dst, textStart...)
	}
	units := 0
	for i, r := range s {
		units++
		switch {
		case r == '&':
			dst = append(dst, `&amp;`...)
		case r == '<':
			dst = append(dst, `&lt;`...)
		case r == '>':
			dst = append(dst, `&gt;`...)
		case r == '\r': // raw, XML's line ends would swallow it
			dst = append(dst, `&#13;`...)
		case r == '_' && isEscape(s[i:]):
			dst = append(dst, `_x005F_`...)
		case r >= ' ' && r < 0x7f, r == '\t', r == '\n':
			dst = append(dst, byte(r))
		case forbidden(s[i:], r):
			return dst, fmt.Sprintf("the text holds %U at byte %d, which XML and so XLSX forbids: export it as csv or jsonl", r, i)
		default:
			if r > 0xffff {
				units++
			}
			dst = utf8.AppendRune(dst, r)
		}
	}
	if units > maxText {
		return dst, tooLong(units)
	}
	return append(dst, textEnd...), ""
}

func tooLong(units int) string {
	return fmt.Sprintf("a text of %d characters; a cell of XLSX holds at most %d: export it as csv or jsonl", units, maxText)
}

// forbidden says whether XML 1.0 (section 2.2) has no such character. rest starts with it.
func forbidden(rest string, r rune) bool {
	if r == utf8.RuneError {
		_, size := utf8.DecodeRuneInString(rest)
		return size == 1 // bytes that are not UTF-8
	}
	return r < ' ' || r == 0xfffe || r == 0xffff
}

// isEscape says whether s starts with _xHHHH_, which a spreadsheet reads as the character HHHH (ECMA-376 part 1, 22.9.2.19).
func isEscape(s string) bool {
	if len(s) < 7 || s[1] != 'x' || s[6] != '_' {
		return false
	}
	for _, c := range []byte(s[2:6]) {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

// keepsSpace says whether a reader of XML may drop white space of s.
func keepsSpace(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		if s[i] == '\n' || s[i] == '\r' || s[i] == '\t' {
			return true
		}
	}
	return s[0] == ' ' || s[len(s)-1] == ' '
}
