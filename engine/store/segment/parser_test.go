package segment

import (
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"
)

// TestParserReadsVarints compares with encoding/binary: what AppendUvarint writes, with anything or nothing behind it, and any bytes at all.
func TestParserReadsVarints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.Uint64().Draw(t, "number") >> rapid.IntRange(0, 63).Draw(t, "shift")
		b := binary.AppendUvarint(nil, want)
		n := len(b)
		p := parser{b: append(b, rapid.SliceOfN(rapid.Byte(), 0, 12).Draw(t, "behind")...)}
		if got := p.uvarint(); got != want || p.at != n || p.failed {
			t.Fatalf("% x gives %d after %d bytes, want %d after %d", p.b, got, p.at, want, n)
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0x7f, 0x80, 0x81, 0xff}), 0, 12).Draw(t, "bytes")
		want, n := binary.Uvarint(b)
		ok := n > 0 && (n == 1 || b[n-1] != 0)
		p := parser{b: b}
		switch got := p.uvarint(); {
		case p.failed == ok:
			t.Fatalf("% x: failed %v", b, p.failed)
		case ok && (got != want || p.at != n):
			t.Fatalf("% x gives %d after %d bytes, want %d after %d", b, got, p.at, want, n)
		case !ok && (got != 0 || p.left() != 0):
			t.Fatalf("% x gives %d and leaves %d bytes", b, got, p.left())
		}
	})
}
