package encoding

//go:generate go test -run TestUnpackers . -update

// mostVector is the width up to which the eight residuals of a group can be had from four loads of 16 bytes, two from each: with up to 7 bits
// before the first.
const mostVector = 57

// lanes are what unpackVector needs to know of a width: from where in a group's bytes it takes residuals 0 and 1, 2 and 3, 4 and 5, 6 and 7; to
// where their bytes go; by how many bits they are shifted. vector_amd64.s knows the layout.
type lanes struct {
	shuffle [2][32]byte
	shift   [8]uint64
	offset  [3]int // the first is 0
	size    int    // bytes of a group: as many as a residual has bits
	mask    uint64
}

var lanesOf = func() (all [mostVector + 1]lanes) {
	for width := range all {
		l := &all[width]
		l.size, l.mask = width, maskOf(uint(width))
		for i := range 8 {
			from := i &^ 1 * width / 8
			bit := i*width - 8*from
			for k := range 8 {
				l.shuffle[i/4][i%4*8+k] = byte(bit/8 + k)
			}
			l.shift[i] = uint64(bit % 8)
			if i >= 2 {
				l.offset[i/2-1] = from
			}
		}
	}
	return all
}()

// ramp is a line, from which residuals stand off by a unit each. vector_amd64.s knows the layout.
type ramp struct {
	first [8]uint64
	step8 uint64 // from a value to the eighth behind it
	unit  uint64
}

// unpack sets dst[i] to base + i × step + unit × residual i, of the residuals packed in b, which has packedSize(len(dst), width) bytes or more.
func unpack(dst []uint64, b []byte, width uint, base, step, unit uint64) {
	n := len(dst) &^ 7
	narrow := width <= 32 && unit < 1<<32
	if n == 0 || !vector || width > mostVector || !narrow && unit != 1 {
		unpackPlain(dst, b, width, base, step, unit)
		return
	}
	r := ramp{step8: 8 * step, unit: unit}
	for i := range r.first {
		r.first[i] = base + uint64(i)*step
	}
	l := &lanesOf[width]
	reach := l.offset[2] + 16 // how far behind its beginning a group is read
	groups, whole := n/8, 0
	if width > 0 && len(b) >= reach {
		whole = min(groups, (len(b)-reach)/l.size+1)
		unpackVector(&dst[0], &b[0], whole, l, &r, narrow)
		for i := range r.first {
			r.first[i] += uint64(8*whole) * step
		}
	}
	if whole < groups {
		var end [128]byte // reach is at most 58, and less is left
		copy(end[:], b[whole*l.size:])
		unpackVector(&dst[8*whole], &end[0], groups-whole, l, &r, narrow)
	}
	for i := n; i < len(dst); i++ {
		dst[i] = base + uint64(i)*step + unit*residualAt(b, i, width)
	}
}

// unpackPlain is unpack in plain Go.
func unpackPlain(dst []uint64, b []byte, width uint, base, step, unit uint64) {
	if width == 0 {
		for i := range dst {
			dst[i] = base
			base += step
		}
		return
	}
	rest := unpackGroups(dst, b, width, base, step, unit)
	i := len(dst) - len(rest)
	if len(rest) >= 8 && width <= mostVector {
		var end [128]byte // less than a word and a group are left
		copy(end[:], b[i/8*int(width):])
		i = len(dst) - len(unpackGroups(rest, end[:], width, base+uint64(i)*step, step, unit))
	}
	for ; i < len(dst); i++ {
		dst[i] = base + uint64(i)*step + unit*residualAt(b, i, width)
	}
}
