package mqtt

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// matches is MQTT 3.1.1 section 4.7, a level at a time.
func matches(filter, topic string) bool {
	if wildcard(filter[:1]) && strings.HasPrefix(topic, "$") {
		return false
	}
	f, t := strings.Split(filter, "/"), strings.Split(topic, "/")
	for i, level := range f {
		if level == "#" {
			return i <= len(t)
		}
		if i >= len(t) || level != "+" && level != t[i] {
			return false
		}
	}
	return len(f) == len(t)
}

// topics are all of up to four levels, over letters that the filters below use and one that they don't.
func topics() []string {
	all := []string{"a", "b", "z", "$x"}
	last := all
	for range 3 {
		var longer []string
		for _, t := range last {
			for _, level := range []string{"a", "b", "z"} {
				longer = append(longer, t+"/"+level)
			}
		}
		all, last = append(all, longer...), longer
	}
	return all
}

// Filters cover and overlap each other as the topics say that they match.
func TestCoversAndOverlap(t *testing.T) {
	all := topics()
	level := rapid.SampledFrom([]string{"a", "b", "+"})
	filter := rapid.Custom(func(t *rapid.T) string {
		levels := rapid.SliceOfN(level, 1, 3).Draw(t, "levels")
		if rapid.IntRange(0, 3).Draw(t, "dollar") == 0 {
			levels[0] = "$x"
		}
		if rapid.Bool().Draw(t, "rest") {
			levels[len(levels)-1] = "#"
		}
		return strings.Join(levels, "/")
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := filter.Draw(t, "a"), filter.Draw(t, "b")
		wantCovers, wantOverlap := true, false
		for _, topic := range all {
			inA, inB := matches(a, topic), matches(b, topic)
			wantCovers = wantCovers && (inA || !inB)
			wantOverlap = wantOverlap || inA && inB
		}
		// +/# and # are the same. That the second covers the first is enough, and both ways would drop both.
		same := a == "+/#" && b == "#"
		if got := covers(levels(a), levels(b)); got != wantCovers && !same {
			t.Errorf("%s covers %s: %v", a, b, got)
		}
		if got := overlap(levels(a), levels(b)); got != wantOverlap {
			t.Errorf("%s overlaps %s: %v", a, b, got)
		}
	})
}

func TestDisjoint(t *testing.T) {
	kept, overlapping := disjoint([]string{"m/+/c/#", "m/#", "m/a", "$share/g/m/a", "m/#", "n/+/x", "n/y/+", "$SYS/#"})
	if !slices.Equal(kept, []string{"$SYS/#", "$share/g/m/a", "m/#", "n/+/x", "n/y/+"}) || !slices.Equal(overlapping, []string{"n/+/x", "n/y/+"}) {
		t.Errorf("kept %v, overlapping %v", kept, overlapping)
	}
}
