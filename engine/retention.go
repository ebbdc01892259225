package engine

import (
	"slices"
	"time"

	"decant/decimation"
	"decant/engine/export/request"
)

// Retention is a rule of how long samples are kept. Of several the first that has a channel counts for it; a channel that none has is kept.
type Retention struct {
	Channels []string `toml:"channels"` // globs; nil: every channel. An empty list is refused: who wrote it meant none as likely as all
	Keep     string   `toml:"keep"`     // ISO 8601 duration
}

// leastKept is the shortest time that samples are kept: retention is applied once an hour.
const leastKept = time.Hour

func (r Retention) has(channel string) bool {
	return r.Channels == nil || slices.ContainsFunc(r.Channels, func(glob string) bool { return request.MatchGlob(glob, channel) })
}

// before is the moment before which samples go; the duration is stepped back in UTC.
func (r Retention) before(now time.Time) (int64, error) {
	keep, err := decimation.ParsePeriod(r.Keep)
	if err != nil {
		return 0, err
	}
	utc, err := decimation.LoadZone("UTC")
	if err != nil {
		return 0, err
	}
	return keep.Step(now.UnixNano(), -1, utc)
}

// checkRetention reports what is wrong with the rules.
func (c Config) checkRetention(bad func(format string, args ...any)) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, r := range c.Retention {
		if r.Channels != nil && len(r.Channels) == 0 {
			bad("retention[%d].channels: the list is empty; leave the key out for every channel, or list patterns", i)
		}
		for _, glob := range r.Channels {
			if err := request.CheckGlob(glob); err != nil {
				bad("retention[%d].channels: %q: %w", i, glob, err)
			}
		}
		switch before, err := r.before(now); {
		case err != nil:
			bad("retention[%d].keep: %w", i, err)
		case now.UnixNano()-before < int64(leastKept):
			bad("retention[%d].keep: %q; allowed is PT1H and more", i, r.Keep)
		}
	}
}

// expire says before which time the samples of a channel go. Nil where there are no rules.
func (c Config) expire() func(channel string, now time.Time) (before int64, ok bool) {
	rules := c.Retention
	if len(rules) == 0 {
		return nil
	}
	return func(channel string, now time.Time) (int64, bool) {
		for _, r := range rules {
			if r.has(channel) {
				before, err := r.before(now)
				return before, err == nil // a rule that Validate has refused takes nothing
			}
		}
		return 0, false
	}
}
