package encoding

// clearlyLess tells whether a form that is read more slowly is worth it: where it takes about a twentieth less.
func clearlyLess(size, than int) bool { return size+size/20 < than }

// smaller keeps of what stands in b from start on and what another form appends that which takes fewer bytes.
func smaller(b []byte, start int, other func(b []byte) []byte) []byte {
	end := len(b)
	b = other(b)
	if size := len(b) - end; size == 0 || start < end && !clearlyLess(size, end-start) {
		return b[:end]
	}
	return append(b[:start], b[end:]...)
}
