package access

import (
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

// Match says whether a text matches a glob as a whole: * is any text, ? one character, [ab] or [a-z] one of several, [^ab] none of them, and \ takes the
// next character as it stands. A slash is a character like any other. A glob that CheckGlob refuses matches nothing.
func Match(glob, text string) bool {
	ok, err := path.Match(unslash(glob), unslash(text))
	return ok && err == nil
}

// CheckGlob says what is wrong with a glob.
func CheckGlob(glob string) error {
	if glob == "" {
		return fmt.Errorf("a glob is empty; * is any text")
	}
	if _, err := path.Match(unslash(glob), ""); err != nil {
		return fmt.Errorf("glob %q can't be read; allowed are * for any text, ? for one character, [ab] for one of several, and \\ before a character that is meant as it stands", glob)
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

// unslash puts NUL, which no id has, in the place of slashes, where path.Match would stop.
func unslash(s string) string { return strings.ReplaceAll(s, "/", "\x00") }
