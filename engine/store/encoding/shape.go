package encoding

import "math"

// shape is how integers move: what is taken away before they are packed.
type shape struct {
	form   byte
	second uint64
	step   uint64
	shift  uint
	plan   plan
}

// unitsOf sets u to the differences of v from v[0] in units, and returns the unit: what all of them are multiples of. It is 0 where they are
// all zero.
func unitsOf(u, v []uint64) (unit uint64) {
	for i := range v {
		u[i] = v[i] - v[0]
		if unit == 1 || u[i] == 0 {
			continue
		}
		d := u[i]
		if int64(d) < 0 {
			d = -d
		}
		if unit == 0 {
			unit = d
			continue
		}
		for d != 0 {
			unit, d = d, unit%d
		}
	}
	switch {
	case unit > 1 && unit < 1<<63:
		for i := range u {
			u[i] = uint64(int64(u[i]) / int64(unit))
		}
	case unit == 1<<63: // a difference has no sign modulo 2^64
		for i := range u {
			u[i] >>= 63
		}
	}
	return unit
}

// A form that is read faster may be a little larger: by an eighth of the smaller, as long as that is few bytes a value.
func clearlyLess(size, than int) bool { return size+size/12 < than }

// chooseShape finds how u moves. work is as long as u.
func chooseShape(u, work []uint64) shape {
	n := len(u)
	deltas := work[:n-1]
	for i := range deltas {
		deltas[i] = u[i+1] - u[i]
	}
	d := planOf(deltas)
	if d.width == 0 && d.exceptions == 0 {
		return shape{form: formLine, step: deltas[0]}
	}
	best := linear(u, median(deltas))
	if d.size++; clearlyLess(d.size, best.plan.size) {
		best = shape{form: formDelta, step: d.low, plan: d}
	}
	if n < 4 {
		return best
	}
	for i := n - 2; i > 0; i-- {
		deltas[i] -= deltas[i-1]
	}
	second := planOf(deltas[1:])
	if second.size += 2; clearlyLess(second.size, best.plan.size) {
		best = shape{form: formDelta2, second: deltas[0], step: second.low, plan: second}
	}
	return best
}

// linear finds a line that u lie close to. middle is about the median of their differences.
func linear(u []uint64, middle uint64) shape {
	best := shape{form: formPacked, plan: planOf(u)}
	slope := slopeOf(u)
	var away [Most]uint64
	try := func(step uint64, shift uint) {
		along := uint64(0)
		for i, x := range u {
			away[i] = x - along>>shift
			along += step
		}
		if p := planOf(away[:len(u)]); p.size < best.plan.size {
			best = shape{form: formPacked, step: step, shift: shift, plan: p}
		}
	}
	if middle != 0 {
		try(middle, 0)
	}
	const whole = 1 << 52
	if slope > -whole && slope < whole {
		rounded := uint64(int64(math.Round(slope)))
		if rounded != middle && rounded != 0 {
			try(rounded, 0)
		}
		const shift = 12
		if fraction := slope - float64(int64(slope)); slope > 0 && slope < whole>>shift && fraction > 1.0/Most && fraction < 1-1.0/Most {
			try(uint64(slope*(1<<shift)), shift)
		}
	}
	return best
}

// slopeOf is the slope of the line through u that lies closest. No two operations are one, so that it is the same on every processor.
func slopeOf(u []uint64) float64 {
	n := float64(len(u))
	var s float64
	for i, x := range u {
		s += float64((2*float64(i) - (n - 1)) * float64(int64(x)))
	}
	return 6 * s / float64(n*float64(n*n-1))
}

// append appends u, which begin at base and have been divided by unit. u is overwritten.
func (s shape) append(b []byte, base, unit uint64, u []uint64) []byte {
	b = append(b, s.form)
	switch s.form {
	case formLine:
		return appendVarint(appendVarint(b, base), unit*s.step)
	case formPacked:
		along := uint64(0)
		for i := range u {
			u[i] -= along >> s.shift
			along += s.step
		}
		b = appendUvarint(appendVarint(b, base+unit*s.plan.low), unit)
		b = append(appendVarint(b, s.step), byte(s.shift))
		return s.plan.append(b, u)
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
