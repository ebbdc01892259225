package encoding

// leastRun is how many values a run must have on average before runs are tried: fewer take no fewer bytes than a few bits each.
const leastRun = 8

// appendRuns appends v as runs of equal values, or nothing where they are short.
func appendRuns(b []byte, v []uint64) []byte {
	runs := 1
	for i := 1; i < len(v); i++ {
		if v[i] != v[i-1] {
			runs++
		}
	}
	if runs*leastRun > len(v) {
		return b
	}
	var values, lengths [Most / leastRun]uint64
	k := 0
	values[0] = v[0]
	for _, x := range v {
		if x != values[k] {
			k++
			values[k] = x
		}
		lengths[k]++
	}
	b = appendUvarint(append(b, formRuns), uint64(runs))
	return appendFlat(appendFlat(b, lengths[:runs]), values[:runs])
}

// runs reads what appendRuns wrote behind its form.
func (c *cursor) runs(dst []uint64) {
	k := c.uvarint()
	if k < 1 || k > uint64(len(dst)) {
		c.fail(errRuns)
		return
	}
	var buffer, values [Most]uint64
	c.inside = true
	lengths := buffer[:k]
	c.ints(lengths)
	c.ints(values[:k])
	c.inside = false
	for i, length := range lengths {
		if length > uint64(len(dst)) {
			c.fail(errRuns)
			return
		}
		value := values[i]
		run := dst[:length]
		for j := range run {
			run[j] = value
		}
		dst = dst[length:]
	}
	if len(dst) > 0 {
		c.fail(errRuns)
	}
}
