package parquet

import (
	"bytes"
	"context"
	"math"
	"strconv"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"

	"decant/formats"
	"decant/formats/formatstest"
)

func TestContract(t *testing.T) {
	formatstest.Run(t, Open, formatstest.Options{})
}

func TestContractOfManyBatches(t *testing.T) {
	doc := formatstest.Document()
	formatstest.Run(t, Open, formatstest.Options{Document: &doc, Rows: 35000, Faults: 4})
}

// What Arrow's own reader finds in the file, the zone from the Arrow schema included.
func TestGolden(t *testing.T) {
	file := formatstest.Print(t, Open, formatstest.Document(), formatstest.Rows(36))
	table, err := pqarrow.ReadTable(context.Background(), bytes.NewReader(file), nil, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	r := array.NewTableReader(table, 0)
	defer r.Release()
	var records []arrow.Record
	for r.Next() {
		rec := r.Record()
		rec.Retain()
		defer rec.Release()
		records = append(records, rec)
	}
	formatstest.Golden(t, "default.txt", formatstest.Text(table.Schema(), records...))
}

func TestReadByPyarrow(t *testing.T) {
	for compression, want := range map[string]string{"": "ZSTD", "none": "UNCOMPRESSED", "gzip": "GZIP", "snappy": "SNAPPY"} {
		t.Run("compression="+compression, func(t *testing.T) {
			t.Parallel()
			doc := formatstest.Document()
			doc.Compression = compression
			rows := formatstest.Rows(2000)
			table := formatstest.ReadByPyarrow(t, "parquet", formatstest.Print(t, Open, doc, rows))
			table.Check(t, doc, rows)
			if table.Info["compression"] != want || table.Info["created_by"] != "decant" {
				t.Errorf("compression %q gives %v", compression, table.Info)
			}
		})
	}
}

// manyRows is a document of more than one row group, in which dictionaries grow large and times jump back and forth.
func manyRows(n int) (formats.Document, []formatstest.Row) {
	doc := formatstest.Document()
	doc.Columns = []formats.Column{
		{ID: "time", Label: "time.with.dots", Type: formats.Time},
		{ID: "value", Label: "value", Type: formats.Number},
		{ID: "name", Label: "name", Type: formats.Text},
	}
	rows := make([]formatstest.Row, n)
	for i := range rows {
		at := formatstest.Start.UnixNano() + int64(i)*1e9
		switch i % 1000 {
		case 17:
			at = math.MinInt64 + 1
		case 18:
			at = math.MaxInt64 - 1
		}
		rows[i] = formatstest.Row{at, math.Sin(float64(i)), "urn:dev:" + strconv.Itoa(i)}
	}
	return doc, rows
}

func TestRowGroups(t *testing.T) {
	t.Parallel()
	doc, rows := manyRows(262_144 + 1)
	file := formatstest.Print(t, Open, doc, rows)
	checkReadsBack(t, file, doc, rows)
	for range 3 {
		if again := formatstest.Print(t, Open, doc, rows); !bytes.Equal(file, again) {
			t.Fatal("the same rows give another file")
		}
	}
}

func TestEmptyIsReadByPyarrow(t *testing.T) {
	t.Parallel()
	doc := formatstest.Document()
	formatstest.ReadByPyarrow(t, "parquet", formatstest.Print(t, Open, doc, nil)).Check(t, doc, nil)
}

func BenchmarkWrite(b *testing.B) {
	doc, rows := manyRows(200_000)
	formatstest.BenchmarkWrite(b, "parquet", Open, doc, rows)
}
