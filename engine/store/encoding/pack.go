package encoding

// packedSize is how many bytes n residuals of width bits take.
func packedSize(n int, width uint) int { return (n*int(width) + 7) / 8 }

func maskOf(width uint) uint64 { return 1<<width - 1 } // a shift by 64 gives zero: all bits

// appendPacked appends the lowest width bits of each residual.
func appendPacked(b []byte, residuals []uint64, width uint) []byte {
	var word uint64
	var filled uint
	mask := maskOf(width)
	for _, r := range residuals {
		r &= mask
		word |= r << filled
		if filled += width; filled >= 64 {
			b = le.AppendUint64(b, word)
			filled -= 64
			word = r >> (width - filled)
		}
	}
	for ; filled > 0; filled -= min(8, filled) {
		b = append(b, byte(word))
		word >>= 8
	}
	return b
}

// residualAt is residual i of those packed in b.
func residualAt(b []byte, i int, width uint) uint64 {
	bit := i * int(width)
	b = b[min(bit>>3, len(b)):]
	shift := uint(bit & 7)
	if len(b) >= 9 {
		return (le.Uint64(b)>>shift | uint64(b[8])<<(64-shift)) & maskOf(width)
	}
	var whole [16]byte
	copy(whole[:], b)
	return (le.Uint64(whole[:])>>shift | uint64(whole[8])<<(64-shift)) & maskOf(width)
}
