package decimation

import "strings"

// nearestZone is the database's name closest to what was asked for: by edits to the whole name or to its last part (Berlin), then
// by the longer common beginning (CEST is nearer to CET than to EST), then by alphabet.
func nearestZone(name string) string {
	asked := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "_")
	best, bestEdits, bestCommon := "UTC", len(asked)+len("UTC"), 0
	for _, known := range ZoneNames() {
		lower := strings.ToLower(known)
		edits := editDistance(asked, lower)
		if i := strings.LastIndexByte(lower, '/'); i >= 0 {
			edits = min(edits, editDistance(asked, lower[i+1:]))
		}
		common := commonPrefix(asked, lower)
		if edits < bestEdits || edits == bestEdits && common > bestCommon {
			best, bestEdits, bestCommon = known, edits, common
		}
	}
	return best
}

// editDistance is the number of bytes to insert, remove or replace that turns a into b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
