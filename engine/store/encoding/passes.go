package encoding

import "math"

// What is done to values once they are unpacked: passes over a block, which stays in the nearest cache meanwhile.

// sum makes each value the sum of start and all up to it.
func sum(v []uint64, start uint64) {
	n := len(v) &^ 7
	if n > 0 && vector {
		start = sumVector(&v[0], n, start)
		v = v[n:]
	}
	sumPlain(v, start)
}

func sumPlain(v []uint64, start uint64) {
	for len(v) >= 4 { // only one of four additions waits for the four before
		w := (*[4]uint64)(v)
		a := w[0]
		b := a + w[1]
		c := b + w[2]
		d := c + w[3]
		w[0], w[1], w[2], w[3] = start+a, start+b, start+c, start+d
		start += d
		v = v[4:]
	}
	for i := range v {
		start += v[i]
		v[i] = start
	}
}

// add adds v to dst, which is as long.
func add(dst, v []uint64) {
	n := len(dst) &^ 7
	if n > 0 && vector {
		addVector(&dst[0], &v[0], n)
		dst, v = dst[n:], v[n:]
	}
	addPlain(dst, v)
}

func addPlain(dst, v []uint64) {
	for i, x := range v[:len(dst)] {
		dst[i] += x
	}
}

// decimals replaces integers, as bits, by the numbers they stand for.
func (p decimal) decimals(v []float64) {
	up, down := tens[p.factor], tenths[p.exponent]
	n := len(v) &^ 7
	if n > 0 && vector {
		decimalVector(&v[0], n, up, down)
		v = v[n:]
	}
	decimalPlain(v, up, down)
}

func decimalPlain(v []float64, up, down float64) {
	for len(v) >= 4 {
		d, w := (*[4]uint64)(floatBits(v)), (*[4]float64)(v)
		w[0] = (math.Float64frombits(d[0]+rounderBits) - rounder) * up * down
		w[1] = (math.Float64frombits(d[1]+rounderBits) - rounder) * up * down
		w[2] = (math.Float64frombits(d[2]+rounderBits) - rounder) * up * down
		w[3] = (math.Float64frombits(d[3]+rounderBits) - rounder) * up * down
		v = v[4:]
	}
	for i, d := range floatBits(v) {
		v[i] = (math.Float64frombits(d+rounderBits) - rounder) * up * down
	}
}
