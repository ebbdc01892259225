package encoding

import (
	"fmt"
	"testing"
)

// TestIds holds that texts of few different characters take as many bits as tell these apart, though none comes again.
func TestIds(t *testing.T) {
	var d dice
	const n = 256
	var text []byte
	offsets := []int32{0}
	for range n {
		text = fmt.Appendf(text, "%016x", d.roll())
		offsets = append(offsets, int32(len(text)))
	}
	b := AppendTexts(nil, offsets, text)
	if most := len(text)/2 + 200; len(b) > most {
		t.Errorf("%d bytes of hexadecimal became %s of %d, want at most %d", len(text), Form(b), len(b), most)
	}
}
