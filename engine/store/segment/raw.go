package segment

import (
	"unsafe"

	"decant/ingest"
)

// fixed are the types of columns that lie in a file as they lie in memory.
type fixed interface {
	~int64 | ~float64 | ~int32 | ~uint8
}

// bytesOf is a column's memory.
func bytesOf[T fixed](column []T) []byte {
	if len(column) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&column[0])), len(column)*int(unsafe.Sizeof(column[0])))
}

// columnOf is the column that lies in b, which is aligned to 64 bytes.
func columnOf[T fixed](b []byte) []T {
	var zero T
	n := len(b) / int(unsafe.Sizeof(zero))
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&b[0])), n)
}

// constant says whether all entries of a column are equal, and to what.
func constant[T ingest.Kind | ingest.Protocol](column []T) (T, bool) {
	for _, v := range column {
		if v != column[0] {
			return 0, false
		}
	}
	return column[0], true
}

// some says whether any and whether all rows have something.
func some(has []bool) (any, all bool) {
	all = len(has) > 0
	for _, h := range has {
		any = any || h
		all = all && h
	}
	return any, all
}

// bitmap packs bools as Arrow does, lowest bit first.
func bitmap(has []bool) []byte {
	b := make([]byte, (len(has)+7)/8)
	for i, h := range has {
		if h {
			b[i/8] |= 1 << (i % 8)
		}
	}
	return b
}

func bitSet(bitmap []byte, i int) bool { return bitmap[i/8]>>(i%8)&1 != 0 }

// where is a column with 0 in the rows that have nothing, so that equal rows give equal bytes.
func where[T int64 | float64](column []T, has []bool) []T {
	out := make([]T, len(column))
	for i, h := range has {
		if h {
			out[i] = column[i]
		}
	}
	return out
}

// joined packs texts as Arrow does.
func joined(texts []string) (offsets []int32, text []byte) {
	offsets = make([]int32, len(texts)+1)
	for i, t := range texts {
		text = append(text, t...)
		offsets[i+1] = int32(len(text))
	}
	return offsets, text
}
