package xlsx

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"io"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestJoinCRC(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		a, b := rapid.SliceOf(rapid.Byte()).Draw(r, "a"), rapid.SliceOf(rapid.Byte()).Draw(r, "b")
		got := joinCRC(crc32.ChecksumIEEE(a), crc32.ChecksumIEEE(b), int64(len(b)))
		if want := crc32.ChecksumIEEE(append(a, b...)); got != want {
			r.Errorf("%08x, want %08x", got, want)
		}
	})
	long := make([]byte, 5_000_000)
	if got, want := joinCRC(1, crc32.ChecksumIEEE(long), int64(len(long))), crc32.Update(1, crc32.IEEETable, long); got != want {
		t.Errorf("5 MB behind it: %08x, want %08x", got, want)
	}
}

// A part made of pieces reads back as one text, between parts that come whole; archive/zip checks the sum and the sizes.
func TestPartOfPieces(t *testing.T) {
	var reused *piece
	rapid.Check(t, func(r *rapid.T) {
		texts := rapid.SliceOfN(rapid.SliceOf(rapid.SampledFrom([]byte("<row>12345"))), 1, 5).Draw(r, "texts")
		var out bytes.Buffer
		a := newArchive(&out, time.Date(2026, 10, 25, 20, 0, 0, 0, time.UTC))
		check := func(err error) {
			if err != nil {
				r.Fatal(err)
			}
		}
		check(a.add("before.xml", []byte("<before/>")))
		part, err := a.start("rows.xml")
		check(err)
		for i, text := range texts {
			if reused == nil {
				reused = newPiece()
			}
			reused.reset()
			for len(text) > 0 {
				n := rapid.IntRange(1, len(text)).Draw(r, "cut")
				_, err := reused.Write(text[:n])
				check(err)
				text = text[n:]
			}
			if i < len(texts)-1 {
				check(reused.end())
			} else {
				check(reused.last())
			}
			check(part.add(reused))
		}
		check(a.add("after.xml", []byte("<after/>")))
		check(a.close())

		z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
		check(err)
		want := map[string]string{"before.xml": "<before/>", "rows.xml": string(bytes.Join(texts, nil)), "after.xml": "<after/>"}
		for _, f := range z.File {
			if !f.Modified.Equal(a.date) {
				r.Errorf("%s is of %v, want %v", f.Name, f.Modified, a.date)
			}
			content, err := f.Open()
			check(err)
			got, err := io.ReadAll(content)
			check(err)
			if string(got) != want[f.Name] {
				r.Errorf("%s reads back as %q, want %q", f.Name, got, want[f.Name])
			}
		}
		if len(z.File) != len(want) {
			r.Errorf("%d parts, want %d", len(z.File), len(want))
		}
	})
}

// Parts that begin past 4 GiB are found: their places stand in zip64 fields, while each part's own sizes stay as all readers take them.
func TestPartsPastFourGigabytes(t *testing.T) {
	const before = 5 << 30
	var out bytes.Buffer
	a := newArchive(&out, time.Time{})
	a.zip.SetOffset(before)
	part, err := a.start("xl/worksheets/sheet2.xml")
	if err != nil {
		t.Fatal(err)
	}
	p := newPiece()
	if _, err := p.Write([]byte("<worksheet/>")); err != nil {
		t.Fatal(err)
	}
	if err := p.last(); err != nil {
		t.Fatal(err)
	}
	if err := part.add(p); err != nil {
		t.Fatal(err)
	}
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(behind{before, out.Bytes()}, before+int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	f := z.File[0]
	if at, err := f.DataOffset(); err != nil || at < before {
		t.Errorf("the part is at %d: %v", at, err)
	}
	if f.ReaderVersion != 20 {
		t.Errorf("the part asks for version %d of zip, and its own header, in front of it, for 20", f.ReaderVersion)
	}
	content, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(content); err != nil || string(got) != "<worksheet/>" {
		t.Errorf("the part reads back as %q: %v", got, err)
	}
}

// behind is data behind so many zeros.
type behind struct {
	zeros int64
	data  []byte
}

func (b behind) ReadAt(p []byte, at int64) (int, error) {
	clear(p)
	if from := b.zeros - at; from < int64(len(p)) {
		n := copy(p[max(from, 0):], b.data[max(-from, 0):])
		if int(max(from, 0))+n < len(p) {
			return int(max(from, 0)) + n, io.EOF
		}
	}
	return len(p), nil
}
