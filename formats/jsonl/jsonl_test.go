package jsonl

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"decant/formats"
	"decant/formats/formatstest"
)

func TestContract(t *testing.T) {
	formatstest.Run(t, Open, formatstest.Options{})
}

func TestGolden(t *testing.T) {
	for name, times := range map[string]formats.TimeStyle{
		"default":   {},
		"unixmilli": {Format: "unixMilli", Digits: 6},
		"layout":    {Format: `%d."%m"\%Y °`},
	} {
		doc := formatstest.Document()
		doc.Times = times
		formatstest.Golden(t, name+".jsonl", formatstest.Print(t, Open, doc, formatstest.Rows(36)))
	}
}

func TestExpandedIsTabular(t *testing.T) {
	doc := formatstest.Document()
	want := formatstest.Print(t, Open, doc, formatstest.Rows(20))
	doc.Expanded = true
	if got := formatstest.Print(t, Open, doc, formatstest.Rows(20)); !bytes.Equal(got, want) {
		t.Error("expanded differs from tabular")
	}
}

// encoding/json reads back every cell of every line.
func TestReadByEncodingJSON(t *testing.T) {
	doc := formatstest.Document()
	rows := formatstest.Rows(300)
	text := strings.TrimSuffix(string(formatstest.Print(t, Open, doc, rows)), "\n")
	zoned := formats.NewTimePrinter(doc.Zone, doc.ZoneName, doc.Times)
	utc := formats.NewTimePrinter(time.UTC, "UTC", doc.Times)
	for i, line := range strings.Split(text, "\n") {
		var got map[string]any
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		want := map[string]any{}
		for j, cell := range rows[i] {
			label := doc.Columns[j].Label
			want[label] = cell
			switch v := cell.(type) {
			case int64:
				want[label] = float64(v)
				switch doc.Columns[j].Type {
				case formats.Time:
					want[label] = string(zoned.Append(nil, v))
				case formats.TimeUTC:
					want[label] = string(utc.Append(nil, v))
				}
			case []byte:
				want[label] = string(formats.AppendBytes(nil, v))
			case formatstest.Value:
				want[label] = map[formats.ValueKind]any{
					formats.ValueNumber: v.Number,
					formats.ValueBool:   v.Number != 0,
					formats.ValueString: v.Text,
					formats.ValueBytes:  string(formats.AppendBytes(nil, []byte(v.Text))),
				}[v.Kind]
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("line %d (-want +got):\n%s", i+1, diff)
		}
	}
}

func TestStringsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		if rapid.Bool().Draw(t, "nasty") {
			text += rapid.SampledFrom([]string{"\u2028", "\u2029", "\x00", "\x7f", "\xff", "\xe2\x80", "\"\\\b\f\n\r\t\x1f", "😀"}).Draw(t, "tail")
		}
		printed := appendString(nil, text)
		var got string
		if err := json.Unmarshal(printed, &got); err != nil {
			t.Fatalf("%s: %v", printed, err)
		}
		if want := string([]rune(text)); got != want { // each stray byte becomes U+FFFD
			t.Fatalf("%q reads back as %q", text, got)
		}
		if bytes.ContainsAny(printed, "\n\r\u2028\u2029") {
			t.Fatalf("%s would end a line", printed)
		}
	})
}
