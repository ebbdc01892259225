package request

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// A glob matches a text as a whole: * stands for any run of characters, none included, ? for exactly one, and \* \? \\ for the characters
// themselves. Everything else stands for itself, slashes and brackets too; the case of letters counts. These are the globs of filters, of queries and of what tokens
// may read.

// escapable are the characters that may stand behind a backslash.
const escapable = `*?\`

// CheckGlob says what is wrong with a glob.
func CheckGlob(glob string) error {
	for i := 0; i < len(glob); i++ {
		if glob[i] != '\\' {
			continue
		}
		if i++; i == len(glob) || strings.IndexByte(escapable, glob[i]) < 0 {
			return errors.New(`a backslash stands alone; allowed are \* \? and \\`)
		}
	}
	return nil
}

// MatchGlob says whether a glob matches a text; one that CheckGlob refuses matches nothing. It takes at most the product of their lengths, whatever they are.
func MatchGlob(glob, s string) bool {
	star, again := -1, 0 // where the last * stands in glob, and from where in s what follows it was tried
	g, i := 0, 0
	for i < len(s) {
		if g < len(glob) {
			if glob[g] == '*' {
				star, again = g, i
				g++
				continue
			}
			if width, ok := matchOne(glob[g:], s[i:]); ok {
				_, size := utf8.DecodeRuneInString(s[i:])
				g, i = g+width, i+size
				continue
			}
		}
		if star < 0 {
			return false
		}
		_, size := utf8.DecodeRuneInString(s[again:])
		again += size
		g, i = star+1, again
	}
	return strings.Trim(glob[g:], "*") == ""
}

// matchOne says whether the first element of a glob, which is no *, matches the first character of a text, and how many bytes the element has.
func matchOne(glob, s string) (width int, ok bool) {
	r, size := utf8.DecodeRuneInString(s)
	switch {
	case glob[0] == '?':
		return 1, true
	case glob[0] == '\\':
		return 2, len(glob) > 1 && strings.IndexByte(escapable, glob[1]) >= 0 && s[0] == glob[1]
	}
	want, width := utf8.DecodeRuneInString(glob)
	return width, want == r && width == size
}
