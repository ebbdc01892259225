package csv

import "strings"

// appendText prints a text cell or a label: guarded, then quoted where it has to be. An empty text is always quoted, so that
// it differs from a missing one.
func (p *printer) appendText(dst []byte, text string) []byte {
	if !p.options.NoGuard && isFormula(text) {
		text = "'" + text
	}
	if text == "" || p.needsQuotes(text) {
		return appendQuoted(dst, text)
	}
	return append(dst, text...)
}

// isFormula says whether a spreadsheet may take text for a formula, or would after a reader took the apostrophes off that
// stand before it: any number of ' and then = + - @ TAB or CR.
func isFormula(text string) bool {
	text = strings.TrimLeft(text, "'")
	if text == "" {
		return false
	}
	switch text[0] {
	case '=', '+', '-', '@', '\t', '\r':
		return true
	}
	return false
}

// needsQuotes says whether a reader would misread the bare cell: it holds the delimiter, a quote, CR or LF, begins with a byte
// order mark, which readers drop, or equals the null token.
func (p *printer) needsQuotes(cell string) bool {
	return cell == p.options.Null ||
		strings.ContainsAny(cell, "\"\r\n") ||
		strings.Contains(cell, p.delimiter) ||
		strings.HasPrefix(cell, byteOrderMark)
}

func appendQuoted(dst []byte, cell string) []byte {
	dst = append(dst, '"')
	for {
		i := strings.IndexByte(cell, '"')
		if i < 0 {
			break
		}
		dst = append(dst, cell[:i+1]...)
		dst = append(dst, '"')
		cell = cell[i+1:]
	}
	dst = append(dst, cell...)
	return append(dst, '"')
}
