package csv

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"decant/formats"
	"decant/formats/formatstest"
)

func TestContract(t *testing.T) {
	formatstest.Run(t, Open, formatstest.Options{})
}

// Many chunks in flight at once, through a compressor.
func TestContractOfManyChunks(t *testing.T) {
	doc := formatstest.Document()
	for _, compression := range []string{"gzip", "zstd"} {
		t.Run(compression, func(t *testing.T) {
			doc.Compression = compression
			formatstest.Run(t, Open, formatstest.Options{Document: &doc, Rows: 9000, Faults: 6})
		})
	}
}

func TestGolden(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*formats.Document)
	}{
		{"default", func(d *formats.Document) {}},
		{"excel-eu", func(d *formats.Document) {
			d.CSV = formats.CSV{Delimiter: ';', DecimalComma: true, BOM: true, CRLF: true}
		}},
		{"null-token", func(d *formats.Document) { d.CSV = formats.CSV{Null: "NA", NoGuard: true, Delimiter: '\t'} }},
		{"expanded", func(d *formats.Document) { d.Expanded = true }},
		{"local", func(d *formats.Document) { d.Times = formats.TimeStyle{Format: "local", Digits: 3} }},
		{"unix", func(d *formats.Document) {
			d.Times = formats.TimeStyle{Format: "unix", Digits: 3}
			d.CSV = formats.CSV{Delimiter: ';', DecimalComma: true}
		}},
		{"layout", func(d *formats.Document) { d.Times = formats.TimeStyle{Format: "%a, %d %b %Y %H:%M:%S %z"} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := formatstest.Document()
			c.change(&doc)
			formatstest.Golden(t, c.name+".csv", formatstest.Print(t, Open, doc, formatstest.Rows(36)))
		})
	}
}

func TestCompressedTextIsTheText(t *testing.T) {
	doc := formatstest.Document()
	rows := formatstest.Rows(500)
	want := formatstest.Print(t, Open, doc, rows)
	for compression, open := range map[string]func(io.Reader) (io.Reader, error){
		"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"zstd": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r, zstd.WithDecoderConcurrency(1)) },
	} {
		doc.Compression = compression
		r, err := open(bytes.NewReader(formatstest.Print(t, Open, doc, rows)))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v; want the %d bytes of the plain file", compression, len(got), err, len(want))
		}
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		options formats.CSV
		want    string
	}{
		{formats.CSV{Delimiter: '"'}, "delimiter '\"' can't separate cells"},
		{formats.CSV{Delimiter: '\n'}, "allowed is any one character but quote, CR and LF"},
		{formats.CSV{Delimiter: -1}, "can't separate"},
		{formats.CSV{DecimalComma: true}, "a decimal comma needs another delimiter"},
		{formats.CSV{Null: "a,b"}, `null token "a,b" can't hold the delimiter`},
		{formats.CSV{Null: "\n", DecimalComma: true}, "null token"},
		{formats.CSV{Delimiter: '§', Null: "-"}, ""},
	} {
		doc := formatstest.Document()
		doc.CSV = c.options
		w, err := Open(io.Discard, doc)
		if c.want == "" {
			if err != nil {
				t.Errorf("%+v: %v", c.options, err)
				continue
			}
			formats.Abandon(w)
		} else if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.options, err, c.want)
		}
	}
}

// column prints one text column and gives its lines below the header.
func column(t *testing.T, options formats.CSV, typ formats.Type, cells ...any) []string {
	t.Helper()
	doc := formatstest.Document()
	doc.CSV = options
	doc.Columns = []formats.Column{{ID: "a", Label: "a", Type: typ}, {ID: "b", Label: "b", Type: formats.Integer}}
	var rows []formatstest.Row
	for _, c := range cells {
		rows = append(rows, formatstest.Row{c, int64(1)})
	}
	text := string(formatstest.Print(t, Open, doc, rows))
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")[1:]
}

func TestCells(t *testing.T) {
	value := func(k formats.ValueKind, n float64, s string) formatstest.Value {
		return formatstest.Value{Kind: k, Number: n, Text: s}
	}
	for _, c := range []struct {
		name    string
		options formats.CSV
		typ     formats.Type
		cells   []any
		want    []string
	}{
		{"text", formats.CSV{}, formats.Text, []any{"x", "", nil, "a,b", `q"q`, " x "}, []string{`x,1`, `"",1`, `,1`, `"a,b",1`, `"q""q",1`, ` x ,1`}},
		{"byte order mark", formats.CSV{}, formats.Text, []any{"\ufeffx", "x\ufeff"}, []string{"\"\ufeffx\",1", "x\ufeff,1"}},
		{"guard", formats.CSV{}, formats.Text, []any{"=1", "+1", "-1", "@1", "\t1", "'=1", "''@", "'x", "x=1", "'"},
			[]string{"'=1,1", "'+1,1", "'-1,1", "'@1,1", "'\t1,1", "''=1,1", "'''@,1", "'x,1", "x=1,1", "',1"}},
		{"guard and quotes", formats.CSV{}, formats.Text, []any{`=A1&","`, "\r1"}, []string{`"'=A1&"",""",1`, "\"'\r1\",1"}},
		{"guard off", formats.CSV{NoGuard: true}, formats.Text, []any{"=1", "'=1"}, []string{"=1,1", "'=1,1"}},
		{"guard in values", formats.CSV{}, formats.Value, []any{value(formats.ValueString, 0, "-1"), value(formats.ValueNumber, -1, ""), value(formats.ValueString, 0, ""), value(formats.ValueNone, 0, ""), nil},
			[]string{"'-1,1", "-1,1", `"",1`, ",1", ",1"}},
		{"bools and bytes", formats.CSV{}, formats.Value, []any{value(formats.ValueBool, 1, ""), value(formats.ValueBool, 0, ""), value(formats.ValueBytes, 0, "\xfb\xff\xfe1"), value(formats.ValueBytes, 0, "")},
			[]string{"true,1", "false,1", "-__-MQ,1", `"",1`}},
		{"null token", formats.CSV{Null: "NA"}, formats.Text, []any{nil, "NA", "", "NAN"}, []string{`NA,1`, `"NA",1`, `"",1`, `NAN,1`}},
		{"null token and guard", formats.CSV{Null: "'-"}, formats.Text, []any{nil, "-", "'-"}, []string{`'-,1`, `"'-",1`, `''-,1`}},
		{"null token like a number", formats.CSV{Null: "0"}, formats.Number, []any{nil, 0.0, 0.5}, []string{`0,1`, `"0",1`, `0.5,1`}},
		{"decimal comma", formats.CSV{DecimalComma: true, Delimiter: ';'}, formats.Number, []any{1.5, -2.25e-9, 1e21, 3.0}, []string{"1,5;1", "-2,25e-9;1", "1e+21;1", "3;1"}},
		{"delimiter in numbers", formats.CSV{Delimiter: '.'}, formats.Number, []any{1.5, 2.0}, []string{`"1.5".1`, `2.1`}},
		{"delimiter in times", formats.CSV{Delimiter: ':'}, formats.TimeUTC, []any{int64(0)}, []string{`"1970-01-01T00:00:00Z":1`}},
		{"delimiter of several bytes", formats.CSV{Delimiter: '→'}, formats.Text, []any{"a→b", "a,b"}, []string{`"a→b"→1`, `a,b→1`}},
		{"integers", formats.CSV{}, formats.Integer, []any{int64(math.MinInt64), int64(math.MaxInt64), nil}, []string{"-9223372036854775808,1", "9223372036854775807,1", ",1"}},
	} {
		if diff := cmp.Diff(c.want, column(t, c.options, c.typ, c.cells...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// A missing cell of a lone column is not a blank line, which readers would skip.
func TestLoneColumn(t *testing.T) {
	doc := formatstest.Document()
	doc.Columns = []formats.Column{{ID: "value", Label: "=value", Type: formats.Number}}
	got := string(formatstest.Print(t, Open, doc, []formatstest.Row{{1.0}, {nil}, {2.0}}))
	if want := "'=value\n1\n\"\"\n2\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// encoding/csv, which knows nothing of decant, reads the same cells.
func TestReadByEncodingCSV(t *testing.T) {
	doc := formatstest.Document()
	doc.CSV.NoGuard = true
	rows := formatstest.Rows(200)
	r := csv.NewReader(bytes.NewReader(formatstest.Print(t, Open, doc, rows)))
	records, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != len(rows)+1 {
		t.Fatalf("%d records, want a header and %d rows", len(records), len(rows))
	}
	for i, c := range doc.Columns {
		if records[0][i] != c.Label {
			t.Errorf("label %q, want %q", records[0][i], c.Label)
		}
	}
	for i, row := range rows {
		for j, cell := range row {
			if got, want := records[i+1][j], plain(doc, j, cell); got != want {
				t.Errorf("row %d, column %d: %q, want %q", i, j, got, want)
			}
		}
	}
}

// plain prints a cell the slow way, without quotes.
func plain(doc formats.Document, column int, cell any) string {
	switch v := cell.(type) {
	case int64:
		switch doc.Columns[column].Type {
		case formats.Time:
			return string(formats.NewTimePrinter(doc.Zone, doc.ZoneName, doc.Times).Append(nil, v))
		case formats.TimeUTC:
			return string(formats.NewTimePrinter(time.UTC, "UTC", doc.Times).Append(nil, v))
		}
		return fmt.Sprint(v)
	case string:
		return v
	case float64:
		return string(formats.AppendNumber(nil, v))
	case bool:
		return fmt.Sprint(v)
	case []byte:
		return string(formats.AppendBytes(nil, v))
	case formatstest.Value:
		switch v.Kind {
		case formats.ValueNumber:
			return plain(doc, column, v.Number)
		case formats.ValueBool:
			return plain(doc, column, v.Number != 0)
		case formats.ValueString:
			return v.Text
		case formats.ValueBytes:
			return plain(doc, column, []byte(v.Text))
		}
	}
	return ""
}
