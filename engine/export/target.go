package export

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
	"sync"

	"decant/engine/export/request"
)

// Selected is a series of an item.
type Selected struct {
	Series
	Label string // the target's label, else the SenML name
	Range RangeStats
}

// selectSeries finds the series that an item's target means, in the order of rows with equal times: by name, unit, publisher. missing
// has a sentence for each thing the source never saw.
//
// may says which channels the sentences may name.
func selectSeries(ctx context.Context, snap Snapshot, it *request.Item, may func(channel string) bool) (selected []Selected, missing []string, err error) {
	all, err := snap.Series(ctx, it.Channel, it.Subtopic)
	if err != nil {
		return nil, nil, fmt.Errorf("list series of channel %s: %w", it.Channel, err)
	}
	switch {
	case it.AnySubtopic:
		slices.SortStableFunc(all, func(a, b Series) int { // and series that are alike but for it, by subtopic
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.Publisher, b.Publisher))
		})
	case it.Subtopic == "": // a source takes that for any, a request for the one without a name: channels/x/messages
		all = slices.DeleteFunc(all, func(s Series) bool { return s.Subtopic != "" })
	}
	if len(all) == 0 {
		sentence, err := noSuchPlace(ctx, snap, it, may)
		return nil, []string{sentence}, err
	}
	labels := map[int]string{} // of the chosen, by index in all
	names := sync.OnceValue(func() []string { return distinct(all, func(s Series) string { return s.Name }) })
	unknown := 0
	for _, name := range it.Target {
		lo, hi := named(all, name)
		if lo == hi {
			if unknown++; unknown <= shownUnknown {
				missing = append(missing, noSuchName(it, name, names()))
			}
			continue
		}
		found := false
		for i := lo; i < hi; i++ {
			if !passes(all[i], it) {
				continue
			}
			found = true
			if _, twice := labels[i]; !twice {
				labels[i] = name.Label
			}
		}
		if !found {
			missing = append(missing, filteredOut(it, name, all[lo:hi]))
		}
	}
	if more := unknown - shownUnknown; more > 0 {
		missing = append(missing, fmt.Sprintf("%s never carried %d more of the series", placeOf(it), more))
	}
	for i, s := range all {
		label, chosen := labels[i]
		if !chosen {
			continue
		}
		if label == "" {
			label = s.Name
		}
		selected = append(selected, Selected{Series: s, Label: label})
	}
	return selected, missing, nil
}

// CheckTarget is nil where a snapshot has all that an item selects, in whatever range, and else a *NotFoundError with a sentence for each thing that it never saw.
func CheckTarget(ctx context.Context, snap Snapshot, it *request.Item) error {
	_, missing, err := selectSeries(ctx, snap, it, func(string) bool { return true })
	if err == nil && len(missing) > 0 {
		err = &NotFoundError{Missing: missing}
	}
	return err
}

// named finds a target's name among series sorted by name: all[lo:hi].
func named(all []Series, name request.Name) (lo, hi int) {
	lo = sort.Search(len(all), func(i int) bool { return all[i].Name >= name.Name })
	hi = lo
	for hi < len(all) && name.Matches(all[hi].Name) {
		hi++
	}
	return lo, hi
}

func passes(s Series, it *request.Item) bool {
	return (it.Publisher == nil || *it.Publisher == s.Publisher) && (it.Unit == nil || *it.Unit == s.Unit)
}

// noSuchPlace says that a channel, or its subtopic, never carried anything, and what there is.
func noSuchPlace(ctx context.Context, snap Snapshot, it *request.Item, may func(channel string) bool) (string, error) {
	all, err := snap.Series(ctx, it.Channel, "")
	if err != nil {
		return "", fmt.Errorf("list series of channel %s: %w", it.Channel, err)
	}
	if len(all) > 0 {
		names := distinct(all, func(s Series) string { return s.Subtopic })
		return fmt.Sprintf("channel %s never carried subtopic %s; %s", it.Channel, orNone(it.Subtopic), instead(it.Subtopic, names)), nil
	}
	if all, err = snap.Series(ctx, "", ""); err != nil {
		return "", fmt.Errorf("list series: %w", err)
	}
	stored := len(all) > 0
	all = slices.DeleteFunc(all, func(s Series) bool { return !may(s.Channel) })
	switch {
	case !stored:
		return fmt.Sprintf("there is no channel %s: nothing is stored yet", it.Channel), nil
	case len(all) == 0:
		return fmt.Sprintf("there is no channel %s", it.Channel), nil
	}
	names := distinct(all, func(s Series) string { return s.Channel })
	return fmt.Sprintf("there is no channel %s; %s", it.Channel, instead(it.Channel, names)), nil
}

// shownUnknown is how many unknown names are looked for among the known ones.
const shownUnknown = 20

func noSuchName(it *request.Item, name request.Name, names []string) string {
	what := "series " + name.Name
	if name.Prefix {
		what = "series whose name starts with " + name.Name
	}
	return fmt.Sprintf("%s never carried a %s; %s", placeOf(it), what, instead(name.Name, names))
}

// placeOf names where an item's series are looked for.
func placeOf(it *request.Item) string {
	if it.AnySubtopic {
		return "channel " + it.Channel
	}
	return fmt.Sprintf("channel %s, subtopic %s", it.Channel, orNone(it.Subtopic))
}

func filteredOut(it *request.Item, name request.Name, all []Series) string {
	var have []string
	for _, s := range all {
		have = append(have, fmt.Sprintf("publisher %s with unit %s", orNone(s.Publisher), orNone(s.Unit)))
	}
	slices.Sort(have)
	have = slices.Compact(have)
	star := ""
	if name.Prefix {
		star = "*"
	}
	filter := ""
	if it.Publisher != nil {
		filter += " by publisher " + orNone(*it.Publisher)
	}
	if it.Unit != nil {
		filter += " with unit " + orNone(*it.Unit)
	}
	return fmt.Sprintf("there is no series %s%s%s; there is %s", name.Name, star, filter, someOf(have))
}

func orNone(s string) string {
	if s == "" {
		return `""`
	}
	return s
}

func distinct(all []Series, of func(Series) string) []string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = of(s)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
