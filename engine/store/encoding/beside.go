package encoding

// leastAlone is how few bytes are not worth looking for fewer.
const leastAlone = 20

// AppendIntsBeside appends a column of v, whose reader will have base, as many values, at hand: times of reception beside those of the
// samples. Where v has little to do with base, it is a column as AppendInts makes it.
func AppendIntsBeside(b []byte, v, base []int64) []byte {
	if len(base) != len(v) || len(v) == 0 {
		return AppendInts(b, v)
	}
	start := len(b)
	atMost(len(v))
	var away [Most]int64
	for i := range v {
		away[i] = v[i] - base[i]
	}
	b = AppendInts(append(b, formBeside), away[:len(v)])
	if len(b)-start <= leastAlone {
		return b
	}
	end := len(b)
	if b = AppendInts(b, v); clearlyLess(end-start, len(b)-end) {
		return b[:end]
	}
	return append(b[:start], b[end:]...)
}

// IntsBeside sets dst to the values of a column that AppendIntsBeside made beside base.
func IntsBeside(dst []int64, b []byte, base []int64) error {
	if len(b) == 0 || b[0] != formBeside || len(base) != len(dst) {
		return Ints(dst, b)
	}
	if err := Ints(dst, b[1:]); err != nil {
		return err
	}
	add(words(dst), words(base))
	return nil
}
