package access

import (
	"errors"
	"fmt"
	"slices"

	"decant/engine/export/request"
)

// May says whether the caller has a right. admin includes every other.
func (c Caller) May(s Scope) bool { return slices.Contains(c.Scopes, s) || c.Admin() }

// Admin says whether the caller may do everything, for every owner.
func (c Caller) Admin() bool { return slices.Contains(c.Scopes, Admin) }

// Sees says whether the caller's token reaches a channel. The limit of an administrator's token holds too, where it has one.
func (c Caller) Sees(channel string) bool { return c.Channels == nil || MatchAny(c.Channels, channel) }

// MatchAny says whether a channel, or another text, matches one of some globs. They are those of an export request's filters.
func MatchAny(globs []string, text string) bool {
	return slices.ContainsFunc(globs, func(glob string) bool { return request.MatchGlob(glob, text) })
}

// CheckChannels says what is wrong with globs that limit a token.
func CheckChannels(globs []string) error {
	for _, glob := range globs {
		if glob == "" {
			return errors.New("limit the token's channels: a glob is empty; * is any channel")
		}
		if err := request.CheckGlob(glob); err != nil {
			return fmt.Errorf("limit the token's channels: glob %q: %w", glob, err)
		}
	}
	return nil
}
