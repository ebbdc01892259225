package export

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

const (
	shownNames    = 5
	comparedNames = 50_000 // more are not looked at: a message is worth only so much work
)

// instead says which of the known names somebody may have meant, or which there are.
func instead(wanted string, known []string) string {
	if near := nearest(wanted, known); len(near) > 0 {
		return "close to it: " + strings.Join(near, ", ")
	}
	return "there is " + someOf(known)
}

// someOf lists the first few of a sorted list and counts the rest.
func someOf(known []string) string {
	shown := make([]string, 0, shownNames)
	for _, k := range known[:min(len(known), shownNames)] {
		shown = append(shown, orNone(k))
	}
	list := strings.Join(shown, ", ")
	if more := len(known) - shownNames; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}

// nearest gives up to five known names that hold the wanted one, are held by it, or are a few typing errors away; the closest first.
func nearest(wanted string, known []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var found []candidate
	w := strings.ToLower(wanted)
	most := 2 + len(w)/8
	for _, name := range known[:min(len(known), comparedNames)] {
		n := strings.ToLower(name)
		d := most + 1
		if len(w) >= 3 && len(n) >= 3 && (strings.Contains(n, w) || strings.Contains(w, n)) {
			d = most
		}
		if abs(len(n)-len(w)) <= most {
			d = min(d, levenshtein.ComputeDistance(w, n))
		}
		if d <= most {
			found = append(found, candidate{name, d})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return a.distance - b.distance })
	names := make([]string, 0, shownNames)
	for _, c := range found[:min(len(found), shownNames)] {
		names = append(names, orNone(c.name))
	}
	return names
}

func abs(x int) int { return max(x, -x) }
