package encoding

import (
	"math"
	"math/bits"
)

// shape is how integers move: what is taken away before they are packed.
type shape struct {
	form   byte
	second uint64
	step   uint64
	shift  uint
	plan   plan
}

// chooseShape finds how u moves. work is as long as u, and overwritten.
func chooseShape(u, work []uint64) shape {
	n := len(u)
	deltas := work[:n-1]
	for i := range deltas {
		deltas[i] = u[i+1] - u[i]
	}
	delta := planOf(deltas)
	if delta.size++; delta.width == 0 && delta.exceptions == 0 {
		return shape{form: formLine, step: delta.low}
	}
	middle, second := median(deltas), deltas[0]
	calmer := differencesCalmer(deltas)
	best := shape{form: formDelta, step: delta.low, plan: delta}
	if calmer {
		differences(deltas)
		delta2 := planOf(deltas[1:])
		if delta2.size += 2; clearlyLess(delta2.size, best.plan.size) {
			best = shape{form: formDelta2, second: second, step: delta2.low, plan: delta2}
		}
	}
	if line := linear(u, work, middle); !clearlyLess(best.plan.size, line.plan.size) {
		best = line
	}
	return best
}

// differencesCalmer tells, by a sample, whether values differ less from their neighbours than from one of them.
func differencesCalmer(v []uint64) bool {
	const few = 64
	apart, next := 0, 0
	k := min(len(v), few)
	for j := 1; j < k; j++ {
		i := j * len(v) / k
		apart += bits.Len64(magnitude(v[i] - v[0]))
		next += bits.Len64(magnitude(v[i] - v[i-1]))
	}
	return next < apart
}

// linear finds a line that u lies close to. middle is about the median of their differences; work is as long as u, and overwritten.
func linear(u, work []uint64, middle uint64) shape {
	best := shape{form: formPacked}
	least := best.width(u)
	try := func(step uint64, shift uint) {
		if s := (shape{form: formPacked, step: step, shift: shift}); step != 0 {
			if width := s.width(u); width < least {
				best, least = s, width
			}
		}
	}
	try(middle, 0)
	const whole = 1 << 52
	if slope := slopeOf(u); slope > -whole && slope < whole {
		rounded := math.Round(slope)
		if int64(rounded) != int64(middle) {
			try(uint64(int64(rounded)), 0)
		}
		const shift = 12
		if slope > 0 && slope < whole>>shift && math.Abs(slope-rounded) > 1.0/Most {
			try(uint64(math.Round(slope*(1<<shift))), shift)
		}
	}
	best.fit(u, work)
	if best.plan.exceptions > 0 { // of which the width knew nothing
		for _, step := range [...]uint64{0, middle} {
			other := shape{form: formPacked, step: step}
			if other.fit(u, work); other.plan.size < best.plan.size {
				best = other
			}
		}
	}
	return best
}

// fit plans how what the line leaves of u is packed.
func (s *shape) fit(u, work []uint64) {
	copy(work, u)
	s.level(work)
	s.plan = planOf(work)
}

// width is how many bits what level leaves of u needs.
func (s shape) width(u []uint64) int {
	low, high, along := int64(math.MaxInt64), int64(math.MinInt64), uint64(0)
	for _, x := range u {
		away := int64(x - along>>s.shift)
		low, high = min(low, away), max(high, away)
		along += s.step
	}
	return bits.Len64(uint64(high) - uint64(low))
}

// level takes the line away.
func (s shape) level(u []uint64) {
	along := uint64(0)
	for i := range u {
		u[i] -= along >> s.shift
		along += s.step
	}
}

// slopeOf is about the slope of the line that lies closest to u: that from the middle of its first third to the middle of its last. No two
// operations are one, so that it is the same on every processor.
func slopeOf(u []uint64) float64 {
	n := len(u)
	k := max(1, n/3)
	var from, to float64
	for i, x := range u[:k] {
		from += float64(int64(x))
		to += float64(int64(u[n-k+i]))
	}
	return (to - from) / float64(k) / float64(n-k)
}

// append appends u, which begin at base and have been divided by unit. u is overwritten.
func (s shape) append(b []byte, base, unit uint64, u []uint64) []byte {
	b = append(b, s.form)
	switch s.form {
	case formLine:
		return appendVarint(appendVarint(b, base), unit*s.step)
	case formPacked:
		s.level(u)
		b = appendUvarint(appendVarint(b, base+unit*s.plan.low), unit)
		b = append(appendVarint(b, s.step), byte(s.shift))
	case formDelta:
		b = appendVarint(appendUvarint(appendVarint(b, base), unit), s.step)
		differences(u)
		u[0] = s.step
	case formDelta2:
		b = appendVarint(appendUvarint(appendVarint(b, base), unit), s.second)
		b = appendVarint(b, s.step)
		differences(u)
		differences(u[1:])
		u[0], u[1] = s.step, s.step
	}
	return s.plan.append(b, u)
}

// differences makes each value but the first the difference from the one before.
func differences(u []uint64) {
	for i := len(u) - 1; i > 0; i-- {
		u[i] -= u[i-1]
	}
}
