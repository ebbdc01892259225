package decimation

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// nearestZone is the database's name closest to what was asked for: by edits to the whole name or to its last part (Berlin), then
// by the longer common beginning (CEST is nearer to CET than to EST), then by alphabet.
func nearestZone(name string) string {
	asked := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "_")
	best, bestEdits, bestCommon := "UTC", len(asked)+len("UTC"), 0
	for _, known := range ZoneNames() {
		lower := strings.ToLower(known)
		edits := levenshtein.ComputeDistance(asked, lower)
		if i := strings.LastIndexByte(lower, '/'); i >= 0 {
			edits = min(edits, levenshtein.ComputeDistance(asked, lower[i+1:]))
		}
		common := commonPrefix(asked, lower)
		if edits < bestEdits || edits == bestEdits && common > bestCommon {
			best, bestEdits, bestCommon = known, edits, common
		}
	}
	return best
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
