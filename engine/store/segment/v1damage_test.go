package segment

import (
	"bytes"
	"strings"
	"testing"
)

// TestFilesOfVersion1MadeOnPurpose have right checksums and say what can't be: they are refused, or their scan ends with an error.
func TestFilesOfVersion1MadeOnPurpose(t *testing.T) {
	whole := sampleV1(t)
	footer := int(le.Uint64(whole[len(whole)-trailerSize+8:]))
	index := bytes.Index(whole[footer:], le.AppendUint64(nil, 64)) + footer // its first entry is of the block at 64
	for _, c := range []struct {
		name  string
		at    int
		value []byte
		want  string
	}{
		{"series without end", footer, []byte{255, 255, 255, 255}, "more series or blocks"},
		{"one series less", footer, []byte{1}, "index has another length"},
		{"one block less", footer + 4, []byte{4}, "without its blocks"},
		{"a series of no blocks", footer + footerHeadV1, []byte{0}, "without its blocks"},
		{"a name without end", footer + footerHeadV1 + 4, []byte{255, 255}, "a name ends early"},
		{"series out of order", footer + footerHeadV1 + 8, []byte("d"), "not in order"},
		{"a block elsewhere", index, []byte{128}, "end to end"},
		{"a block of no length", index + 8, []byte{0, 0}, "end to end"},
		{"a block of no rows", index + 48, []byte{0, 0}, "summary"},
		{"a block of too many rows", index + 48, []byte{1, 255}, "summary"},
		{"an unknown kind", index + 56, []byte{9}, "summary"},
		{"blocks out of order", index + 16, le.AppendUint64(nil, 6e9), "summary"},
		{"a later first block", index + 24, le.AppendUint64(nil, 6e9), "not in order of time"},
		{"an earlier first time", index + 16, le.AppendUint64(nil, 1<<63), "not those of the index"},
		{"another kind", index + 56, []byte{2}, "not that of the index"},
		{"nothing", 0, nil, ""},
		{"an unknown encoding", 64 + 14, []byte{7}, "encoding 7"},
		{"a long column", 64 + 24, []byte{255, 255}, "length 65535"},
		{"a short column", 64 + 24, []byte{32}, "column 0 is not of 5 rows"},
		{"no time", 64 + 14, []byte{0}, "can't be"},
		{"times out of order", 64 + blockHeaderV1 + 8, le.AppendUint64(nil, 3e9), "not in order"},
		{"columns that leave a rest", 64 + 24, []byte{0}, "fill"},
	} {
		t.Run(c.name, func(t *testing.T) {
			made := bytes.Clone(whole)
			copy(made[c.at:], c.value)
			mend(made)
			r, err := readBytes("x.seg", made)
			if err == nil {
				_, err = scanAll(r)
				r.Release()
			}
			switch {
			case c.want == "" && err != nil:
				t.Errorf("nothing was changed, got %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// mendBlocksV1 walks to the index and gives its entries the checksums of what they name. What makes no sense stays.
func mendBlocksV1(b, footer []byte) {
	at := footerHeadV1
	for range le.Uint32(footer) {
		at += 4
		for range 5 {
			if at+4 > len(footer) || int(le.Uint32(footer[at:])) > len(footer) {
				return
			}
			at += 4 + int(le.Uint32(footer[at:]))
		}
	}
	for ; at+entrySizeV1 <= len(footer); at += entrySizeV1 {
		k := decodeEntryV1(footer[at:])
		if k.offset >= headerSize && k.offset < int64(len(b)) && k.size <= int64(len(b))-k.offset {
			le.PutUint32(footer[at+12:], checksum(b[k.offset:k.offset+k.size]))
		}
	}
}
