package access

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// May says whether the caller has a right. admin includes every other.
func (c Caller) May(s Scope) bool { return slices.Contains(c.Scopes, s) || c.Admin() }

// Admin says whether the caller may do everything, for every owner.
func (c Caller) Admin() bool { return slices.Contains(c.Scopes, Admin) }

// Sees says whether the caller's token reaches a channel. The limit of an administrator's token holds too, where it has one.
func (c Caller) Sees(channel string) bool { return c.Channels == nil || MatchAny(c.Channels, channel) }

// MatchAny says whether a channel, or another text, matches one of some globs.
func MatchAny(globs []string, text string) bool {
	return slices.ContainsFunc(globs, func(glob string) bool { return Match(glob, text) })
}

// Match says whether a text matches a glob as a whole: * is any text, ? one character, and \* \? \\ are the characters themselves. Everything else stands for
// itself, slashes and brackets too, and the case of letters counts. These are the globs of an export request's filters. One that CheckGlob
// refuses matches nothing.
func Match(glob, text string) bool {
	ok, err := path.Match(pathPattern(glob), unslash(text))
	return ok && err == nil && CheckGlob(glob) == nil
}

// CheckGlob says what is wrong with a glob.
func CheckGlob(glob string) error {
	if glob == "" {
		return errors.New("a glob is empty; * is any text")
	}
	for i := 0; i < len(glob); i++ {
		if glob[i] != '\\' {
			continue
		}
		if i++; i == len(glob) || !strings.ContainsRune(`*?\`, rune(glob[i])) {
			return fmt.Errorf(`glob %q: a backslash stands alone; allowed are \* \? and \\`, glob)
		}
	}
	return nil
}

// CheckChannels says what is wrong with globs that limit a token.
func CheckChannels(globs []string) error {
	for _, glob := range globs {
		if err := CheckGlob(glob); err != nil {
			return fmt.Errorf("limit the token's channels: %w", err)
		}
	}
	return nil
}

// pathPattern makes of a glob what path.Match, whose time is bounded by the product of the lengths, reads the same way.
func pathPattern(glob string) string { return strings.ReplaceAll(unslash(glob), "[", `\[`) }

// unslash puts NUL, which no id has, in the place of slashes, where path.Match would stop.
func unslash(s string) string { return strings.ReplaceAll(s, "/", "\x00") }
