package arrowipc

import (
	"bytes"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/ipc"

	"decant/formats/formatstest"
)

func TestContract(t *testing.T) {
	formatstest.Run(t, Open, formatstest.Options{})
}

func TestContractOfManyBatches(t *testing.T) {
	doc := formatstest.Document()
	doc.Compression = "zstd"
	formatstest.Run(t, Open, formatstest.Options{Document: &doc, Rows: 35000, Faults: 4})
}

// What Arrow's own reader finds in the file.
func TestGolden(t *testing.T) {
	file := formatstest.Print(t, Open, formatstest.Document(), formatstest.Rows(36))
	r, err := ipc.NewFileReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var records []arrow.Record
	for i := range r.NumRecords() {
		rec, err := r.RecordAt(i)
		if err != nil {
			t.Fatal(err)
		}
		defer rec.Release()
		records = append(records, rec)
	}
	formatstest.Golden(t, "default.txt", formatstest.Text(r.Schema(), records...))
}

func TestReadByPyarrow(t *testing.T) {
	for _, compression := range []string{"", "zstd"} {
		t.Run("compression="+compression, func(t *testing.T) {
			t.Parallel()
			doc := formatstest.Document()
			doc.Compression = compression
			rows := formatstest.Rows(2000)
			formatstest.ReadByPyarrow(t, "arrow", formatstest.Print(t, Open, doc, rows)).Check(t, doc, rows)
		})
	}
}

func TestBatchesAreReadByPyarrow(t *testing.T) {
	t.Parallel()
	doc := formatstest.Document()
	doc.Columns = doc.Columns[4:5] // count
	rows := make([]formatstest.Row, 33_000)
	for i := range rows {
		rows[i] = formatstest.Row{int64(i)}
	}
	table := formatstest.ReadByPyarrow(t, "arrow", formatstest.Print(t, Open, doc, rows))
	table.Check(t, doc, rows)
	if table.Info["batches"] != "2" {
		t.Errorf("%s batches, want 2", table.Info["batches"])
	}
}

func TestEmptyIsReadByPyarrow(t *testing.T) {
	t.Parallel()
	doc := formatstest.Document()
	formatstest.ReadByPyarrow(t, "arrow", formatstest.Print(t, Open, doc, nil)).Check(t, doc, nil)
}

func BenchmarkWrite(b *testing.B) {
	formatstest.BenchmarkWrite(b, "arrow", Open, formatstest.Document(), formatstest.Rows(100_000))
}
