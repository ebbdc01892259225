//go:build unix

package encoding

import (
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// TestReadsInside decodes columns that end where memory ends: a byte read behind them would crash the test.
func TestReadsInside(t *testing.T) {
	page := unix.Getpagesize()
	pages := 1 + 9*Most/page
	memory, err := unix.Mmap(-1, 0, (pages+1)*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(memory)
	if err := unix.Mprotect(memory[pages*page:], unix.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	onBoth(func(loops string) {
		d := dice(1)
		for width := range uint(65) {
			for _, n := range []int{1, 7, 8, 9, 16, 24, 63, 64, 100, Most} {
				v := make([]uint64, n)
				for i := range v {
					v[i] = d.roll() & maskOf(width)
				}
				b := appendPacked(nil, v, width)
				end := memory[pages*page-len(b) : pages*page]
				copy(end, b)
				got := make([]uint64, n)
				unpack(got, end, width, 0, 0, 1)
				if !slices.Equal(got, v) {
					t.Fatalf("%s: %d values of %d bits: %v, want %v", loops, n, width, got, v)
				}
			}
		}
	})
}
