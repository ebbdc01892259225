package bench

// Walk is what a sensor with two decimals measures: a value that rises in small uneven steps up to 30 and then drops by half. Its numbers
// depend on the seed alone.
type Walk struct {
	dice  dice
	level int64 // hundredths
}

// NewWalk returns the walk of series i.
func NewWalk(i int) *Walk { return &Walk{dice: newDice(i), level: 2000} }

// Next is the next value.
func (w *Walk) Next() float64 {
	w.level += w.dice.roll(16) - 7 // −7 to 8
	if w.level > 3000 {
		w.level -= 1500
	}
	return float64(w.level) / 100
}

// zeroWalk is a value with two decimals that lingers around zero, is driven away from it ever faster, up or down, and falls back to it at ±20. A
// thousand of its values hold hundredths as well as tens: eleven binary exponents and more, which a 64-bit integer can't hold side by side.
type zeroWalk struct {
	dice  dice
	level int64 // hundredths
}

func (w *zeroWalk) Next() float64 {
	w.level += w.level/16 + w.dice.roll(16) - 7
	if w.level > 2000 || w.level < -2000 {
		w.level = 0
	}
	return float64(w.level) / 100
}

// constant is a sensor that says the same for ever: a number that no binary fraction is.
type constant float64

func (c constant) Next() float64 { return float64(c) }

// repeated gives a column over and over.
type repeated struct {
	values []float64
	next   int
}

func (r *repeated) Next() float64 {
	v := r.values[r.next]
	if r.next++; r.next == len(r.values) {
		r.next = 0
	}
	return v
}

// dice are random numbers that depend on the seed alone: a linear congruential generator, of which the high bits are good.
type dice uint64

func newDice(seed int) dice { return dice(uint64(seed)*0x9e3779b97f4a7c15 + 1) }

// roll is a number from 0 to sides−1; sides are at most 2^16.
func (d *dice) roll(sides uint64) int64 {
	*d = *d*6364136223846793005 + 1442695040888963407
	return int64(uint64(*d>>48) * sides >> 16)
}
