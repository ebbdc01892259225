package store

import (
	"cmp"
	"slices"
)

// job is a change of segments that takes effect as a whole: neighbouring ranges of arrivals become one range, or a range stays by itself and
// loses rows. The segments of a group are merged into new ones; those that stay get the job's arrivals and are not touched.
type job struct {
	first, last uint64
	stay        []segmentFile
	groups      [][]segmentFile
}

// Compaction joins neighbouring ranges whose arrivals are together at least growth times those of the largest of them. Each time a sample is written
// again, its range has so many times the arrivals that it had before: so with n samples, flushed m at a time, it is written at most log(n/m)/log(growth) times. Of
// ranges that equal each other there are never more than growth−1 in a row.
const (
	growth = 8
	// mostJoined bounds the ranges that are joined at a time, and so the files that are read.
	mostJoined = 64
)

// planJoin finds the ranges to join: as many neighbours as can be. Those with a segment that is spared are left alone. taken names
// segments of which a tombstone takes something.
func planJoin(segments []segmentFile, spared, taken map[string]bool, target int64) (job, bool) {
	ranges := rangesOf(segments)
	var best [][]segmentFile
	for i := range ranges {
		var sum, largest uint64
		for j := i; j < len(ranges) && j-i < mostJoined; j++ {
			if slices.ContainsFunc(ranges[j], func(s segmentFile) bool { return spared[s.name] }) {
				break
			}
			width := ranges[j][0].last - ranges[j][0].first + 1
			sum, largest = sum+width, max(largest, width)
			if j-i+1 > max(1, len(best)) && sum >= growth*largest {
				best = ranges[i : j+1]
			}
		}
	}
	if best == nil {
		return job{}, false
	}
	return joined(slices.Concat(best...), taken, target), true
}

// planAll joins all ranges; where segments are spared, as many neighbours as there are between them. It is false where there is nothing to do.
func planAll(segments []segmentFile, spared, taken map[string]bool, target int64) (job, bool) {
	var best, stretch [][]segmentFile
	for _, r := range rangesOf(segments) {
		if stretch = append(stretch, r); slices.ContainsFunc(r, func(s segmentFile) bool { return spared[s.name] }) {
			stretch = nil
		}
		if len(stretch) > len(best) {
			best = stretch
		}
	}
	if best == nil {
		return job{}, false
	}
	j := joined(slices.Concat(best...), taken, target)
	return j, len(j.groups) > 0 || len(best) > 1
}

// planRewrite is the job that rewrites one segment.
func planRewrite(segments []segmentFile, s segmentFile) job {
	j := job{first: s.first, last: s.last, groups: [][]segmentFile{{s}}}
	for _, o := range segments {
		if o.sameRange(s) && o.name != s.name {
			j.stay = append(j.stay, o)
		}
	}
	return j
}

// rangesOf groups segments, which stand by arrival, by their range.
func rangesOf(segments []segmentFile) (ranges [][]segmentFile) {
	from := 0
	for i := 1; i <= len(segments); i++ {
		if i == len(segments) || !segments[i].sameRange(segments[from]) {
			ranges = append(ranges, segments[from:i])
			from = i
		}
	}
	return ranges
}

// joined makes neighbours one range. Segments that overlap others in time are merged with them. One that stands alone is left as it is, if nothing is taken of it
// and it is not so small that its neighbours in time can be put into one file with it.
func joined(segments []segmentFile, taken map[string]bool, target int64) job {
	j := job{first: segments[0].first, last: segments[len(segments)-1].last}
	byTime := slices.Clone(segments)
	slices.SortFunc(byTime, func(a, b segmentFile) int { return cmp.Compare(a.from, b.from) })
	var group []segmentFile
	var bytes int64
	end := func() {
		if len(group) == 1 && !taken[group[0].name] {
			j.stay = append(j.stay, group[0])
		} else if len(group) > 0 {
			j.groups = append(j.groups, group)
		}
		group, bytes = nil, 0
	}
	for len(byTime) > 0 {
		n, size := overlapping(byTime)
		if bytes > 0 && (bytes+size > target || n == 1 && size >= target/2) {
			end()
		}
		group, bytes = append(group, byTime[:n]...), bytes+size
		if byTime = byTime[n:]; bytes >= target/2 {
			end()
		}
	}
	end()
	return j
}

// overlapping is how many of the first segments, which stand by time, overlap each other as in a chain, and their bytes.
func overlapping(segments []segmentFile) (n int, bytes int64) {
	to := segments[0].to
	for n < len(segments) && (n == 0 || segments[n].from <= to) {
		to = max(to, segments[n].to)
		bytes += segments[n].bytes
		n++
	}
	return n, bytes
}

// apply is the list with the job done: made takes the place of what was merged.
func (j *job) apply(list, made []segmentFile) []segmentFile {
	touched := map[string]bool{}
	for _, group := range append([][]segmentFile{j.stay}, j.groups...) {
		for _, s := range group {
			touched[s.name] = true
		}
	}
	now := append(slices.Clone(j.stay), made...)
	for i := range now {
		now[i].first, now[i].last = j.first, j.last
	}
	slices.SortFunc(now, func(a, b segmentFile) int { return cmp.Compare(a.from, b.from) })
	var out []segmentFile
	for _, s := range list {
		if touched[s.name] {
			out, now = append(out, now...), nil // in the place of the first
			continue
		}
		out = append(out, s)
	}
	return out
}
