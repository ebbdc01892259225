package notify

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// values are what the placeholders of a template stand for.
type values struct {
	Filename, Status, Rows, From, To, Error string
	DownloadURL                             string // "" where there is nothing to download
}

func (v values) of(placeholder string) string {
	switch placeholder {
	case "filename":
		return v.Filename
	case "status":
		return v.Status
	case "rows":
		return v.Rows
	case "from":
		return v.From
	case "to":
		return v.To
	case "error":
		return v.Error
	}
	return v.DownloadURL
}

// piece is a run of text, or an address that people can follow. All text is plain: no markup of a medium is meant by it, whether it comes
// from the template or from a value.
type piece struct {
	text string
	link bool
}

var (
	placeholder = regexp.MustCompile(`\{\{(filename|status|rows|from|to|error|downloadUrl)\}\}`)
	address     = regexp.MustCompile("https?://[^\\s<>\"{}|\\\\^`]+")
)

// fill puts values into a template, once: what a value holds is no template. A value is cut to max runes,
// but for the link. Addresses that the template names are links, those in values are not.
func fill(template string, v values, max int) []piece {
	var pieces []piece
	at := 0
	template = clean(template)
	for _, m := range placeholder.FindAllStringSubmatchIndex(template, -1) {
		pieces = appendLiteral(pieces, template[at:m[0]])
		at = m[1]
		name := template[m[2]:m[3]]
		value := v.of(name)
		if name == "downloadUrl" {
			pieces = append(pieces, piece{value, true})
			continue
		}
		pieces = append(pieces, piece{clip(clean(value), max), false})
	}
	return appendLiteral(pieces, template[at:])
}

// appendLiteral adds a stretch of a template, its addresses as links.
func appendLiteral(pieces []piece, s string) []piece {
	at := 0
	for _, m := range address.FindAllStringIndex(s, -1) {
		link := strings.TrimRight(s[m[0]:m[1]], ".,;:!?)]'*_~") // these belong to the sentence around it
		if m[0] > at {
			pieces = append(pieces, piece{s[at:m[0]], false})
		}
		pieces = append(pieces, piece{link, true})
		at = m[0] + len(link)
	}
	if at < len(s) {
		pieces = append(pieces, piece{s[at:], false})
	}
	return pieces
}

// oneLine makes every run of blanks and line ends in text a single blank: titles and headers have one line.
func oneLine(pieces []piece) []piece {
	out := make([]piece, len(pieces))
	blank := true // nothing but blanks so far
	for i, p := range pieces {
		var b strings.Builder
		for _, r := range p.text {
			if unicode.IsSpace(r) {
				if !blank {
					b.WriteByte(' ')
				}
				blank = true
				continue
			}
			b.WriteRune(r)
			blank = false
		}
		out[i] = piece{b.String(), p.link}
	}
	return out
}

// clean makes text that any medium can take: valid UTF-8, line ends as \n, and neither control characters nor those that turn the direction of what
// follows (a file named …‮vsc.exe would read as …exe.csv).
func clean(s string) string {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029' || r == '\v' || r == '\f':
			return '\n'
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s)
}

// clip cuts text to max runes; the last of them then says so.
func clip(s string, max int) string {
	if len(s) <= max || utf8.RuneCountInString(s) <= max {
		return s
	}
	n := 0
	for i := range s {
		if n++; n == max {
			return s[:i] + ellipsis
		}
	}
	return s
}

const ellipsis = "…"
