package lines

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"decant/formats"
)

// texts is a Printer that prints one text a row.
type texts []string

func (p texts) Append(dst []byte, rec arrow.Record, first int64) []byte {
	for i := range rec.NumRows() {
		dst = append(dst, p[first+i]...)
	}
	return dst
}

// printTexts writes a document whose chunks are the texts.
func printTexts(t testing.TB, compression string, cores int, head string, list []string) []byte {
	t.Helper()
	doc := lone()
	doc.Compression, doc.Cores = compression, cores
	var out bytes.Buffer
	w, err := Open(&out, doc, []byte(head), func() Printer { return texts(list) })
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.perChunk = 1
	rec := numbered(memory.DefaultAllocator, doc, len(list))
	defer rec.Release()
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(formats.Report{}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// drawTexts draws texts that compressors treat differently: what repeats soon, late, in the text before, or never.
func drawTexts(t *rapid.T, most int) []string {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	list := make([]string, rapid.IntRange(0, 6).Draw(t, "texts"))
	for i := range list {
		size := rapid.SampledFrom([]int{0, 1, 40, reach - 1, reach + 1, most}).Draw(t, "size")
		period := rapid.SampledFrom([]int{1, 3, 4, 8, 75, 1 << 20}).Draw(t, "period")
		text := make([]byte, size)
		for k := range text {
			if k < period {
				text[k] = byte(r.IntN(256))
			} else {
				text[k] = text[k-period]
			}
		}
		if i > 0 && rapid.Bool().Draw(t, "as before") {
			text = []byte(list[i-1])
		}
		list[i] = string(text)
	}
	return list
}

// A compressed file is one stream, of the same bytes on any number of cores, and reads back to the text.
func TestCompressedTextsReadBack(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	read := map[string]func(file []byte) ([]byte, error){"gzip": oneMember, "zstd": oneFrame}
	rapid.Check(t, func(rt *rapid.T) {
		list := drawTexts(rt, 70_000)
		head := rapid.SampledFrom([]string{"", "time,value\n"}).Draw(rt, "head")
		want := printTexts(t, "none", 1, head, list)
		for compression, read := range read {
			file := printTexts(t, compression, 1, head, list)
			if got, err := read(file); err != nil || !bytes.Equal(got, want) {
				rt.Fatalf("%s: %d bytes, %v; want the %d bytes of the text", compression, len(got), err, len(want))
			}
			for _, cores := range []int{2, 5} {
				if !bytes.Equal(printTexts(t, compression, cores, head, list), file) {
					rt.Fatalf("%s: other bytes on %d cores than on one", compression, cores)
				}
			}
		}
	})
}

// A zstd job, of a megabyte, may begin with anything.
func TestZstandardJobs(t *testing.T) {
	for _, period := range []int{1, 4, 8} { // the offsets that a frame begins with
		r := rand.New(rand.NewPCG(uint64(period), 2))
		var text []byte
		for job := range 3 {
			unit := make([]byte, period)
			for i := range unit {
				unit[i] = byte(r.IntN(256))
			}
			text = append(text, bytes.Repeat(unit, 10)...)
			for len(text) < (job+1)*4*zstandardWindow {
				text = fmt.Appendf(text, "%d,%d,urn:dev\n", r.IntN(1000), r.IntN(100_000))
			}
			text = text[:(job+1)*4*zstandardWindow]
		}
		list := []string{string(text[:100_000]), string(text[100_000:])}
		file := printTexts(t, "zstd", 1, "", list)
		if got, err := oneFrame(file); err != nil || !bytes.Equal(got, text) {
			t.Errorf("period %d: %d bytes, %v; want the %d bytes of the text", period, len(got), err, len(text))
		}
		if !bytes.Equal(printTexts(t, "zstd", 7, "", list), file) {
			t.Errorf("period %d: other bytes on seven cores than on one", period)
		}
	}
}

// oneMember reads a file that must be a single gzip member.
func oneMember(file []byte) ([]byte, error) {
	in := bytes.NewReader(file) // an io.ByteReader: gzip reads no byte too many of it
	r, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	r.Multistream(false)
	text, err := io.ReadAll(r)
	if err == nil && in.Len() > 0 {
		err = fmt.Errorf("%d bytes stand behind the first member", in.Len())
	}
	return text, err
}

// oneFrame reads a file that must be a single zstd frame with a checksum. It finds the end of the frame by its blocks (RFC 8878, 3.1.1).
func oneFrame(file []byte) ([]byte, error) {
	var h zstd.Header
	if err := h.Decode(file); err != nil {
		return nil, err
	}
	at := h.HeaderSize
	for last := false; !last; {
		if len(file) < at+3 {
			return nil, io.ErrUnexpectedEOF
		}
		block := binary.LittleEndian.Uint32(append(file[at:at+3:at+3], 0))
		last = block&1 != 0
		if at += 3; block>>1&3 == 1 { // run length: one byte stands for all
			at++
		} else {
			at += int(block >> 3)
		}
	}
	if at+4 != len(file) || !h.HasCheckSum {
		return nil, fmt.Errorf("the first frame and its checksum end at byte %d of %d", at+4, len(file))
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.DecodeAll(file, nil)
}
