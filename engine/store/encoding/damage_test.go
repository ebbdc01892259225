package encoding

import (
	"bytes"
	"strings"
	"testing"
)

// decode reads b as what its first byte says it is.
func decode(b []byte, n int) error {
	switch {
	case len(b) > 0 && b[0] >= formTexts:
		_, err := Texts(make([]int32, n+1), nil, b, 1<<16)
		return err
	case len(b) > 0 && b[0] >= formFloats:
		return Floats(make([]float64, n), b)
	default:
		return IntsBeside(make([]int64, n), b, make([]int64, n))
	}
}

func TestDamage(t *testing.T) {
	for _, c := range []struct {
		column string
		n      int
		want   string
	}{
		{"", 1, "end early"},
		{"\x0f", 1, "form 0xf is none of integers"},
		{"\x2f", 1, "form 0x2f is none of numbers"},
		{"\x3f", 1, "form 0x3f is none of texts"},
		{"\x11\x00", 0, "left over"},
		{"\x11\x00", Most + 1, "more than 1024"},
		{"\x20", Most + 1, "more than 1024"},
		{"\x30", Most + 1, "more than 1024"},
		{"\x10\x00\x00", 1, "end early"},
		{"\x20\x00\x00", 1, "end early"},
		{"\x11\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 1, "longer than 64 bits"},
		{"\x13\x00\x01\x00\x11\x00", 1, "shift"},
		{"\x13\x00\x01\x00\x00\x41", 1, "width"},
		{"\x13\x00\x01\x00\x00\x80\x01\x00\x05\x02", 5, "exception lies outside"},
		{"\x13\x00\x01\x00\x00\x80\x01", 5, "end early"},
		{"\x13\x00\x01\x00\x00\x80\x01\x00\x01", 5, "end early"},
		{"\x16\x00", 5, "runs are not of its length"},
		{"\x16\x02\x11\x04\x11\x00", 5, "runs are not of its length"},
		{"\x16\x02\x11\x08\x11\x00", 5, "runs are not of its length"},
		{"\x16\x02\x16\x01\x11\x04\x11\x02\x11\x00", 5, "runs are made of runs"},
		{"\x18\x18\x11\x00", 5, "none of integers"},
		{"\x21\x18\x11\x00", 5, "none of integers"},
		{"\x22\x13\x00\x11\x00\x00", 2, "powers of ten"},
		{"\x22\x0e\x0f\x11\x00\x00", 2, "powers of ten"},
		{"\x22\x0e", 2, "end early"},
		{"\x22\x0e\x0c\x11\x00\x03", 2, "exception lies outside"},
		{"\x22\x0e\x0c\x11\x00\x01\x02\x00\x00\x00\x00\x00\x00\x00\x00", 2, "exception lies outside"},
		{"\x22\x0e\x0c\x11\x00\x01\x01\x00", 2, "end early"},
		{"\x23\x2f\x01\x00\x00\x11\x00\x11\x00\x00", 2, "cut"},
		{"\x23\x30\x09\x00\x00\x11\x00\x11\x00\x00", 2, "cut"},
		{"\x23\x30\x01\x00", 2, "end early"},
		{"\x23\x30\x01\x00\x00\x11\x10\x11\x00\x00", 2, "outside of its dictionary"},
		{"\x24\x00\x11\x00\x11\x00", 2, "outside of its dictionary"},
		{"\x24\x01\x11\x00\x11\x80\x10", 2, "outside of its dictionary"},
		{"\x30\x11\x02abc", 2, "lengths"},
		{"\x30\x11\x02a", 2, "lengths"},
		{"\x30\x11\x80\x80\x10a", 2, "longer than they may be"},
		{"\x30\x11\x01", 2, "longer than they may be"},
		{"\x31\x11\x02ab", 2, "decompressed"},
		{"\x32\x03\x11\x00\x11\x02abc", 2, "outside of its dictionary"},
		{"\x32\x01\x11\x02\x11\x02a", 2, "outside of its dictionary"},
		{"\x32\x01\x11\x00\x11\x80\x80\x04", Most, "longer than they may be"},
	} {
		onBoth(func(loops string) {
			if err := decode([]byte(c.column), c.n); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %d values of %q: %v, want %q", loops, c.n, c.column, err, c.want)
			}
		})
	}
}

// TestCut holds that no beginning of a column is a column, and that a byte that changed makes nothing worse than other values or an error.
func TestCut(t *testing.T) {
	for _, s := range samples() {
		for i := range s.column {
			if err := decode(s.column[:i:i], s.n); err == nil {
				t.Errorf("%d of %d bytes of %s are a column, too", i, len(s.column), s.name)
			}
			onBoth(func(string) {
				for bit := range 8 {
					b := bytes.Clone(s.column)
					b[i] ^= 1 << bit
					decode(b, s.n)
				}
			})
		}
	}
}

func TestForm(t *testing.T) {
	for column, want := range map[string]string{"": "none", "\x00": "unknown", "\xff": "unknown", "\x22\x0e\x0c": "alp", "\x18\x18": "beside"} {
		if got := Form([]byte(column)); got != want {
			t.Errorf("the form of %q is %s, want %s", column, got, want)
		}
	}
}

func TestNoValues(t *testing.T) {
	b := AppendTexts(AppendFloats(AppendIntsBeside(AppendInts(nil, nil), nil, nil), nil), []int32{0}, nil)
	if len(b) > 0 {
		t.Errorf("no values take %d bytes", len(b))
	}
	if err := decode(b, 0); err != nil {
		t.Error(err)
	}
	if err := Floats(nil, b); err != nil {
		t.Error(err)
	}
	if text, err := Texts([]int32{7}, nil, b, 0); err != nil || len(text) > 0 {
		t.Error(text, err)
	}
	if _, ok, err := LineOf(b, 0); ok || err == nil {
		t.Error("a line of no values")
	}
}

func TestTooManyValues(t *testing.T) {
	for name, f := range map[string]func(){
		"AppendInts":       func() { AppendInts(nil, make([]int64, Most+1)) },
		"AppendIntsBeside": func() { AppendIntsBeside(nil, make([]int64, Most+1), make([]int64, Most+1)) },
		"AppendFloats":     func() { AppendFloats(nil, make([]float64, Most+1)) },
		"AppendTexts":      func() { AppendTexts(nil, make([]int32, Most+2), nil) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
	if _, ok, err := LineOf(nil, Most+1); ok || err == nil {
		t.Error("a line of more is no error")
	}
}
