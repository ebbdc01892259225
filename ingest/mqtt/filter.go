package mqtt

import (
	"errors"
	"slices"
	"strings"
)

// checkFilter holds a topic filter against MQTT 3.1.1 section 4.7.
func checkFilter(filter string) error {
	if filter == "" || len(filter) > 65535 || strings.ContainsRune(filter, 0) {
		return errors.New("empty, longer than 65535 bytes, or with a zero byte in it")
	}
	levels := strings.Split(filter, "/")
	if levels[0] == "$share" {
		if len(levels) < 3 || levels[1] == "" {
			return errors.New("a shared subscription is $share/GROUP/FILTER")
		}
		levels = levels[2:]
	}
	for i, level := range levels {
		if strings.Contains(level, "#") && (level != "#" || i != len(levels)-1) {
			return errors.New("# stands alone in the last level")
		}
		if strings.Contains(level, "+") && level != "+" {
			return errors.New("+ stands alone in its level")
		}
	}
	return nil
}

// unique sorts the filters and drops repetitions.
func unique(filters []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(filters)))
}

// disjoint drops filters that others cover: a broker may deliver a message once for each filter that matches it, and a message
// without a time would be stored twice. It also gives the first two of those left that overlap in part, which can't be helped here.
func disjoint(filters []string) (kept []string, overlapping []string) {
	filters = unique(filters)
	for _, f := range filters {
		covered := slices.ContainsFunc(filters, func(other string) bool { return other != f && covers(levels(other), levels(f)) })
		if !covered {
			kept = append(kept, f)
		}
	}
	for i, f := range kept {
		for _, other := range kept[i+1:] {
			if overlap(levels(f), levels(other)) {
				return kept, []string{f, other}
			}
		}
	}
	return kept, nil
}

// levels splits a filter. What a shared subscription matches is its group's business, so its filter stays one level, which only it matches.
func levels(filter string) []string {
	if strings.HasPrefix(filter, "$share/") {
		return []string{filter}
	}
	return strings.Split(filter, "/")
}

// wildcard reports whether a filter's first level matches more than itself. Topics that begin with $ are no match for it there.
func wildcard(level string) bool { return level == "+" || level == "#" }

// covers reports whether a matches every topic that b matches.
func covers(a, b []string) bool {
	if wildcard(a[0]) && strings.HasPrefix(b[0], "$") {
		return false
	}
	for ; ; a, b = a[1:], b[1:] {
		switch {
		case len(a) > 0 && a[0] == "#":
			return true // x/# matches x too
		case len(a) == 0 || len(b) == 0:
			return len(a) == len(b)
		case b[0] == "#" || a[0] != "+" && a[0] != b[0]:
			return false
		}
	}
}

// overlap reports whether there is a topic that both match.
func overlap(a, b []string) bool {
	if wildcard(a[0]) && strings.HasPrefix(b[0], "$") || wildcard(b[0]) && strings.HasPrefix(a[0], "$") {
		return false
	}
	for ; ; a, b = a[1:], b[1:] {
		switch {
		case len(a) > 0 && a[0] == "#" || len(b) > 0 && b[0] == "#":
			return true
		case len(a) == 0 || len(b) == 0:
			return len(a) == len(b)
		case a[0] != "+" && b[0] != "+" && a[0] != b[0]:
			return false
		}
	}
}
