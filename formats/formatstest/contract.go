package formatstest

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"go.uber.org/goleak"

	"decant/formats"
)

// Options say how Run tries a format. The zero value will do.
type Options struct {
	Document *formats.Document // instead of Document()
	Make     func(n int) []Row // instead of Rows; needed with a document of other columns
	Rows     int               // rows of the long document; 0 is 1,000
	Faults   int               // how many places in the file the output breaks at; 0 is 60
}

// Run checks a format against the contract of formats.Writer: the same bytes however rows are cut into records and whatever
// runs in parallel, faults that stick, nothing written after a fault, nothing left behind (goroutines, records, scratch files), and the
// io.Writer below never closed.
func Run(t *testing.T, open formats.Open, o Options) {
	doc := Document()
	if o.Document != nil {
		doc = *o.Document
	}
	if o.Make == nil {
		o.Make = Rows
	}
	if o.Rows == 0 {
		o.Rows = 1000
	}
	if o.Faults == 0 {
		o.Faults = 60
	}
	expanded := doc
	expanded.Expanded = true

	for _, c := range []struct {
		name  string
		check func(*contract)
	}{
		{"same bytes", func(c *contract) { c.sameBytes(doc) }},
		{"same bytes expanded", func(c *contract) { c.sameBytes(expanded) }},
		{"no rows", func(c *contract) { c.noRows(doc) }},
		{"no rows expanded", func(c *contract) { c.noRows(expanded) }},
		{"faults stick", func(c *contract) { c.faultsStick(doc) }},
		{"finish twice", func(c *contract) { c.finishTwice(doc) }},
		{"abandon", func(c *contract) { c.abandon(doc) }},
		{"wrong record", func(c *contract) { c.wrongRecord(doc) }},
		{"wrong document", func(c *contract) { c.wrongDocument(doc) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			defer mem.AssertSize(t, 0)
			c.check(&contract{T: t, open: open, o: o, mem: mem})
		})
	}
}

type contract struct {
	*testing.T
	open formats.Open
	o    Options
	mem  memory.Allocator
}

// print writes records, released by then, as one document and checks what a finished document must leave behind: nothing.
func (c *contract) print(doc formats.Document, records ...arrow.Record) []byte {
	c.Helper()
	doc.TempDir = c.TempDir()
	var out bytes.Buffer
	w, err := c.open(noClose{c.T, &out}, doc)
	if err != nil {
		c.Fatal(err)
	}
	defer formats.Abandon(w)
	rows := int64(0)
	for _, rec := range records {
		if err := w.Write(rec); err != nil {
			c.Fatal(err)
		}
		rows += rec.NumRows()
		rec.Release()
	}
	if err := w.Finish(formats.Report{Rows: rows}); err != nil {
		c.Fatal(err)
	}
	c.noScratch(doc)
	return out.Bytes()
}

func (c *contract) noScratch(doc formats.Document) {
	c.Helper()
	left, err := os.ReadDir(doc.TempDir)
	if err != nil {
		c.Fatal(err)
	}
	if len(left) > 0 {
		c.Errorf("%d files are left in TempDir, the first is %s", len(left), left[0].Name())
	}
}

func (c *contract) sameBytes(doc formats.Document) {
	rows := c.o.Make(c.o.Rows)
	want := c.print(doc, c.record(doc, rows))
	same := func(how string, records []arrow.Record) {
		c.Helper()
		if got := c.print(doc, records...); !bytes.Equal(got, want) {
			c.Errorf("%s: %d bytes that differ from the first document's %d at byte %d", how, len(got), len(want), differ(got, want))
		}
	}
	same("the same again", []arrow.Record{c.record(doc, rows)})
	for seed := range uint64(3) {
		same("cut into records", c.cut(doc, rows, rand.New(rand.NewPCG(seed, 1))))
	}
	whole := c.record(doc, rows)
	defer whole.Release()
	var slices []arrow.Record
	for from, size := int64(0), int64(1); from < whole.NumRows(); size = size*2 + 1 {
		to := min(from+size, whole.NumRows())
		slices = append(slices, whole.NewSlice(from, to))
		from = to
	}
	same("slices of one record", slices)

	few := rows[:min(len(rows), 100)]
	var single []arrow.Record
	for i := range few {
		single = append(single, c.record(doc, few[i:i+1]))
	}
	if !bytes.Equal(c.print(doc, single...), c.print(doc, c.record(doc, few))) {
		c.Error("a record a row prints another document than one record")
	}

	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	same("on one processor", []arrow.Record{c.record(doc, rows)})
	runtime.GOMAXPROCS(7)
	same("on seven processors", []arrow.Record{c.record(doc, rows)})
	doc.Cores = 2
	same("with two goroutines", []arrow.Record{c.record(doc, rows)})
}

func (c *contract) record(doc formats.Document, rows []Row) arrow.Record {
	return Record(c.mem, doc.Columns, rows)
}

// cut splits rows into records at random, empty ones among them.
func (c *contract) cut(doc formats.Document, rows []Row, r *rand.Rand) []arrow.Record {
	var records []arrow.Record
	for len(rows) > 0 {
		n := min(r.IntN(1+c.o.Rows/5)*r.IntN(2), len(rows))
		records = append(records, c.record(doc, rows[:n]))
		rows = rows[n:]
	}
	return records
}

func (c *contract) noRows(doc formats.Document) {
	want := c.print(doc)
	if got := c.print(doc, c.record(doc, nil), c.record(doc, nil)); !bytes.Equal(got, want) {
		c.Errorf("records without rows print %q, no records at all %q", got, want)
	}
}

func (c *contract) faultsStick(doc formats.Document) {
	rows := c.o.Make(c.o.Rows)
	size := len(c.print(doc, c.record(doc, rows)))
	doc.TempDir = c.TempDir()
	for i := range c.o.Faults {
		out := &breaking{left: size * i / c.o.Faults}
		w, err := c.open(out, doc)
		if err == nil {
			records := c.cut(doc, rows, rand.New(rand.NewPCG(7, 7)))
			for _, rec := range records {
				if err == nil {
					err = w.Write(rec)
				}
				rec.Release()
			}
			if err == nil {
				err = w.Finish(formats.Report{Rows: int64(len(rows))})
			}
			rec := c.record(doc, rows[:1])
			for what, again := range map[string]error{"Write": w.Write(rec), "Finish": w.Finish(formats.Report{})} {
				if !errors.Is(again, errBroken) {
					c.Errorf("%s after a fault at byte %d returns %v", what, out.broke, again)
				}
			}
			rec.Release()
			formats.Abandon(w)
		}
		if !errors.Is(err, errBroken) {
			c.Errorf("a fault at byte %d of %d comes back as %v", size*i/c.o.Faults, size, err)
		}
		if out.after > 0 {
			c.Errorf("the output was written to %d times after its fault at byte %d", out.after, out.broke)
		}
		c.noScratch(doc)
	}
}

func (c *contract) finishTwice(doc formats.Document) {
	var out bytes.Buffer
	doc.TempDir = c.TempDir()
	w, err := c.open(&out, doc)
	if err != nil {
		c.Fatal(err)
	}
	rec := c.record(doc, c.o.Make(3))
	defer rec.Release()
	if err := errors.Join(w.Write(rec), w.Finish(formats.Report{Rows: 3})); err != nil {
		c.Fatal(err)
	}
	size := out.Len()
	if err := w.Finish(formats.Report{Rows: 3}); !errors.Is(err, formats.ErrFinished) {
		c.Errorf("a second Finish returns %v, not ErrFinished", err)
	}
	if err := w.Write(rec); !errors.Is(err, formats.ErrFinished) {
		c.Errorf("Write after Finish returns %v, not ErrFinished", err)
	}
	formats.Abandon(w)
	if out.Len() != size {
		c.Errorf("%d bytes were written after Finish", out.Len()-size)
	}
}

// abandon leaves documents at every stage, as a cancelled job does.
func (c *contract) abandon(doc formats.Document) {
	doc.TempDir = c.TempDir()
	whole := len(c.print(doc, c.record(doc, c.o.Make(c.o.Rows))))
	for _, n := range []int{0, 1, c.o.Rows} {
		var out bytes.Buffer
		w, err := c.open(&out, doc)
		if err != nil {
			c.Fatal(err)
		}
		rec := c.record(doc, c.o.Make(n))
		if err := w.Write(rec); err != nil {
			c.Fatal(err)
		}
		formats.Abandon(w)
		size := out.Len()
		formats.Abandon(w)
		for what, err := range map[string]error{"Write": w.Write(rec), "Finish": w.Finish(formats.Report{})} {
			if err == nil {
				c.Errorf("%s after Abandon returns no error", what)
			}
		}
		if out.Len() != size {
			c.Errorf("%d bytes were written after Abandon", out.Len()-size)
		}
		if size >= whole {
			c.Errorf("Abandon completed the document: %d bytes, and a complete one has %d", size, whole)
		}
		rec.Release()
		c.noScratch(doc)
	}
}

func (c *contract) wrongRecord(doc formats.Document) {
	columns := []formats.Column{{ID: "x", Label: "x", Type: formats.Bool}}
	for range 2 {
		w, err := c.open(&bytes.Buffer{}, doc)
		if err != nil {
			c.Fatal(err)
		}
		row := make(Row, len(columns))
		rec := Record(c.mem, columns, []Row{row})
		err = w.Write(rec)
		if err == nil {
			c.Errorf("a record of %d columns was taken", len(columns))
		}
		if again := w.Finish(formats.Report{}); !errors.Is(again, err) {
			c.Errorf("Finish after the fault %v returns %v", err, again)
		}
		rec.Release()
		formats.Abandon(w)
		for len(columns) < len(doc.Columns) { // as many columns, but others
			columns = append(columns, columns[0])
		}
	}
}

func (c *contract) wrongDocument(doc formats.Document) {
	none, unknown := doc, doc
	none.Columns = nil
	unknown.Compression = "rar"
	for what, doc := range map[string]formats.Document{"without columns": none, "with an unknown compression": unknown} {
		if w, err := c.open(&bytes.Buffer{}, doc); err == nil {
			c.Errorf("a document %s was opened", what)
			formats.Abandon(w)
		}
	}
}
