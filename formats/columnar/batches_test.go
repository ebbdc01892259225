package columnar

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"decant/formats"
	"decant/formats/formatstest"
)

// sizes gives the rows of each batch that rows of texts make, cut into records as cuts says.
func sizes(mem memory.Allocator, texts []string, cuts func() int) []int {
	doc := formats.Document{Columns: []formats.Column{{ID: "value", Label: "value", Type: formats.Text}}, Zone: time.UTC}
	var got []int
	b := newBatches(doc, mem, func(rec arrow.Record) error {
		got = append(got, int(rec.NumRows()))
		return nil
	})
	defer b.builder.Release()
	for len(texts) > 0 {
		n := min(len(texts), cuts())
		rows := make([]formatstest.Row, n)
		for i := range rows {
			rows[i] = formatstest.Row{texts[i]}
		}
		rec := formatstest.Record(mem, doc.Columns, rows)
		b.add(rec)
		rec.Release()
		texts = texts[n:]
	}
	b.flush()
	return got
}

// Batches end by rows or by bytes, whichever is reached first, and never by the records that brought the rows.
func TestBatchesDependOnRowsAlone(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	large := strings.Repeat("x", maxBytes/4)
	texts := make([]string, maxRows+100)
	for i := range texts {
		if i%10000 < 7 {
			texts[i] = large
		}
	}
	want := slowSizes(texts)
	if len(want) < 6 {
		t.Fatalf("%v: the rows should make more batches", want)
	}
	for seed, most := range []int{len(texts), 100, 3000, 20000} {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		cuts := func() int { return 1 + r.IntN(most) }
		if diff := cmp.Diff(want, sizes(mem, texts, cuts)); diff != "" {
			t.Fatalf("records of up to %d rows (-want +got):\n%s", most, diff)
		}
	}
}

func slowSizes(texts []string) []int {
	var sizes []int
	rows, bytes := 0, 0
	for _, text := range texts {
		rows, bytes = rows+1, bytes+len(text)
		if rows == maxRows || bytes >= maxBytes {
			sizes = append(sizes, rows)
			rows, bytes = 0, 0
		}
	}
	return append(sizes, rows)
}
