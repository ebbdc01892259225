package lines

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"go.uber.org/goleak"

	"decant/formats"
	"decant/formats/formatstest"
)

// lone is a document of one integer column.
func lone() formats.Document {
	doc := formatstest.Document()
	doc.Columns = []formats.Column{{ID: "n", Label: "n", Type: formats.Integer}}
	return doc
}

func numbered(mem memory.Allocator, doc formats.Document, n int) arrow.Record {
	rows := make([]formatstest.Row, n)
	for i := range rows {
		rows[i] = formatstest.Row{int64(i)}
	}
	return formatstest.Record(mem, doc.Columns, rows)
}

// first prints, for each record, which row of the document it begins with; fault may step in.
type first struct {
	active, most *atomic.Int64
	fault        func(first int64)
}

func (p first) Append(dst []byte, rec arrow.Record, n int64) []byte {
	now := p.active.Add(1)
	defer p.active.Add(-1)
	for most := p.most.Load(); now > most && !p.most.CompareAndSwap(most, now); most = p.most.Load() {
	}
	if p.fault != nil {
		p.fault(n)
	}
	return append(strconv.AppendInt(dst, n, 10), '\n')
}

func TestChunksStayInOrder(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	var out bytes.Buffer
	var active, most atomic.Int64
	doc := lone()
	w, err := Open(&out, doc, []byte("head\n"), func() Printer { return first{active: &active, most: &most} })
	if err != nil {
		t.Fatal(err)
	}
	rec := numbered(mem, doc, chunkCells+1)
	want := "head\n"
	for i := range 30 {
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
		if w.gathered >= w.perChunk {
			t.Fatalf("%d rows gathered; the bound is %d", w.gathered, w.perChunk)
		}
		// A record is cut where a chunk is full: the i-th has i rows left of the last one's overhang.
		start, end := int64(i)*rec.NumRows(), int64(i+1)*rec.NumRows()
		for start < end {
			want += strconv.FormatInt(start, 10) + "\n"
			start = min(end, (start/chunkCells+1)*chunkCells)
		}
	}
	rec.Release()
	if err := w.Finish(formats.Report{}); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != want {
		t.Errorf("chunks came out as\n%swant\n%s", got, want)
	}
	if most.Load() > int64(cap(w.idle)) {
		t.Errorf("%d chunks were printed at once, the bound is %d", most.Load(), cap(w.idle))
	}
}

// TestLongTextsEndChunks: strings and data of any length make chunks of a bounded size, cut at the same rows however these came.
func TestLongTextsEndChunks(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	doc := lone()
	doc.Columns = []formats.Column{{ID: "data", Label: "data", Type: formats.Bytes}, {ID: "value", Label: "value", Type: formats.Value}}
	doc.Compression = "gzip" // which shows where chunks end
	rows, lines := make([]formatstest.Row, 200), make([]string, 200)
	for i := range rows {
		rows[i] = formatstest.Row{make([]byte, chunkText/100*(i%3)), formatstest.Value{Kind: formats.ValueString, Text: strings.Repeat("x", chunkText/100*(i%2))}}
		lines[i] = strconv.Itoa(i) + "\n"
	}
	rec := formatstest.Record(mem, doc.Columns, rows)
	defer rec.Release()
	var want []byte
	for _, most := range []int64{200, 7, 1} {
		var out bytes.Buffer
		w, err := Open(&out, doc, nil, func() Printer { return numbers{} })
		if err != nil {
			t.Fatal(err)
		}
		for from := int64(0); from < rec.NumRows(); from += most {
			part := rec.NewSlice(from, min(from+most, rec.NumRows()))
			if err := w.Write(part); err != nil {
				t.Fatal(err)
			}
			part.Release()
			if w.text >= chunkText {
				t.Fatalf("%d bytes of text wait", w.text)
			}
		}
		if err := w.Finish(formats.Report{}); err != nil {
			t.Fatal(err)
		}
		if text, err := oneMember(out.Bytes()); err != nil || string(text) != strings.Join(lines, "") {
			t.Errorf("%d rows at a time come out as %.60q…, %v", most, text, err)
		}
		if want == nil {
			want = out.Bytes()
		}
		if chunks := bytes.Count(out.Bytes(), []byte{0, 0, 0xff, 0xff}); chunks != 3 || !bytes.Equal(out.Bytes(), want) {
			t.Errorf("%d rows at a time make %d chunks, want the same 3", most, chunks)
		}
	}
}

// numbers prints, for each row, which of the document it is.
type numbers struct{}

func (numbers) Append(dst []byte, rec arrow.Record, first int64) []byte {
	for i := range rec.NumRows() {
		dst = append(strconv.AppendInt(dst, first+i, 10), '\n')
	}
	return dst
}

// memoryFault is what the runtime panics with when a mapped page can't be read.
type memoryFault struct{}

func (memoryFault) Error() string { return "invalid memory address" }
func (memoryFault) Addr() uintptr { return 4096 }

func TestMemoryFaultIsAnError(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	var out bytes.Buffer
	var active, most atomic.Int64
	doc := lone()
	w, err := Open(&out, doc, nil, func() Printer {
		return first{active: &active, most: &most, fault: func(n int64) {
			if n >= 2*chunkCells {
				panic(memoryFault{})
			}
		}}
	})
	if err != nil {
		t.Fatal(err)
	}
	rec := numbered(mem, doc, 4*chunkCells)
	defer rec.Release()
	err = errors.Join(w.Write(rec), w.Finish(formats.Report{}))
	if !errors.As(err, new(memoryFault)) || !strings.HasPrefix(err.Error(), "read rows: ") {
		t.Errorf("a memory fault comes back as %v", err)
	}
	if got := out.String(); got != "0\n65536\n" { // all before the fault, however many chunks behind it have one too
		t.Errorf("%q was written before the fault", got)
	}
	if err := w.Write(rec); !errors.As(err, new(memoryFault)) {
		t.Errorf("Write after the fault returns %v", err)
	}
}

// Of a fault in a chunk and one of a later Write, the chunk's is told, whichever is found first.
func TestFirstFaultInTheOrderOfRows(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for cores := range 5 {
		doc := lone()
		doc.Cores = cores + 1
		var out bytes.Buffer
		var active, most atomic.Int64
		w, err := Open(&out, doc, nil, func() Printer {
			return first{active: &active, most: &most, fault: func(n int64) {
				if n == chunkCells {
					panic(memoryFault{})
				}
			}}
		})
		if err != nil {
			t.Fatal(err)
		}
		rec := numbered(memory.DefaultAllocator, doc, 3*chunkCells)
		other := lone()
		other.Columns[0].Type = formats.Bool
		wrong := formatstest.Record(memory.DefaultAllocator, other.Columns, []formatstest.Row{{true}})
		w.Write(rec)
		if err := w.Write(wrong); !errors.As(err, new(memoryFault)) {
			t.Errorf("%d cores: a wrong record after a chunk's fault returns %v, not the fault", cores+1, err)
		}
		if got := out.String(); got != "0\n" {
			t.Errorf("%d cores: %q was written before the fault", cores+1, got)
		}
		rec.Release()
		wrong.Release()
	}
}

// A dictionary that outnumbers its rows is not prepared; the cells are the same.
func TestEntries(t *testing.T) {
	columns := []formats.Column{{ID: "name", Label: "name", Type: formats.Text}}
	rows := []formatstest.Row{{"a"}, {""}, {"bc"}, {"a"}, {"d"}}
	rec := formatstest.Record(memory.DefaultAllocator, columns, rows)
	defer rec.Release()
	for from := range rows {
		slice := rec.NewSlice(int64(from), int64(len(rows)))
		cells := formats.ReadCells(nil, slice, columns)
		printed := 0
		e := NewEntries(func(dst []byte, text string) []byte {
			printed++
			return append(append(append(dst, '<'), text...), '>')
		})
		e.Prepare(&cells[0], len(rows)-from)
		if prepared := printed > 0; prepared != (len(rows)-from >= 4) {
			t.Errorf("%d rows: 4 entries prepared: %v", len(rows)-from, prepared)
		}
		for i := range len(rows) - from {
			if got, want := string(e.Append([]byte("x"), &cells[0], i)), "x<"+rows[from+i][0].(string)+">"; got != want {
				t.Errorf("row %d from %d: %s, want %s", i, from, got, want)
			}
		}
		slice.Release()
	}
}
