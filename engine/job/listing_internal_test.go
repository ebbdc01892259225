package job

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestListingAgainstASlice holds a listing's pages to the slice that it reads from.
func TestListingAgainstASlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := make([]int, rapid.SampledFrom([]int{0, 1, 7, readRows - 1, readRows, readRows + 1, 3 * readRows}).Draw(t, "rows"))
		for i := range rows {
			rows[i] = i
		}
		modulus := rapid.IntRange(1, 5).Draw(t, "modulus")
		keep := func(i int) (bool, error) { return i%modulus == 0, nil }
		l := listing[int]{read: readSlice(&rows), key: func(i int) string { return fmt.Sprint(i) }, size: func(int) int { return 1 }}
		f := Filter{Offset: rapid.IntRange(0, len(rows)+1).Draw(t, "offset"), Limit: rapid.IntRange(0, len(rows)+1).Draw(t, "limit")}
		page, total, err := l.page(context.Background(), f, keep)
		if err != nil {
			t.Fatal(err)
		}
		var want []int
		for _, i := range rows {
			if i%modulus == 0 {
				want = append(want, i)
			}
		}
		if total != int64(len(want)) {
			t.Fatalf("%d in all, want %d", total, len(want))
		}
		want = want[min(f.Offset, len(want)):]
		if f.Limit > 0 {
			want = want[:min(f.Limit, len(want))]
		}
		if !slices.Equal(page, want) {
			t.Fatalf("the page is %v, want %v", page, want)
		}
	})
}

// readSlice is a queue over a slice, which may change between reads.
func readSlice(rows *[]int) func(context.Context, Filter) ([]int, int64, error) {
	return func(_ context.Context, f Filter) ([]int, int64, error) {
		first := min(f.Offset, len(*rows))
		return slices.Clone((*rows)[first:min(first+f.Limit, len(*rows))]), int64(len(*rows)), nil
	}
}

// TestListingWhileRowsMove adds rows in front of those that were read: none comes twice, and none of the old ones is missed.
func TestListingWhileRowsMove(t *testing.T) {
	var rows []int
	for i := range 3 * readRows {
		rows = append(rows, i)
	}
	l := listing[int]{read: readSlice(&rows), key: func(i int) string { return fmt.Sprint(i) }}
	seen := map[int]int{}
	err := l.each(t.Context(), Filter{}, func(i int) error {
		if seen[i]++; i > 0 && i%100 == 0 {
			rows = slices.Insert(rows, 0, -i)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * readRows {
		if seen[i] != 1 {
			t.Fatalf("row %d came %d times", i, seen[i])
		}
	}
}
