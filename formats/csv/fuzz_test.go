package csv

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"decant/formats"
	"decant/formats/formatstest"
)

// cell is what a strict reader sees: PostgreSQL too tells a quoted cell from a bare one.
type cell struct {
	text   string
	quoted bool
}

// read parses RFC 4180 to the letter: quotes stand only around a whole cell, and only there may CR and LF be data.
func read(text, delimiter, newline string) ([][]cell, error) {
	var records [][]cell
	for text != "" {
		var record []cell
		for {
			var c cell
			if strings.HasPrefix(text, `"`) {
				c.quoted = true
				text = text[1:]
				for {
					before, after, closed := strings.Cut(text, `"`)
					if !closed {
						return nil, errors.New("a quote is not closed")
					}
					c.text, text = c.text+before, after
					if !strings.HasPrefix(text, `"`) {
						break
					}
					c.text, text = c.text+`"`, text[1:]
				}
			} else {
				end := len(text)
				for _, stop := range []string{delimiter, newline} {
					if i := strings.Index(text, stop); i >= 0 && i < end {
						end = i
					}
				}
				c.text, text = text[:end], text[end:]
				if strings.ContainsAny(c.text, "\"\r\n") {
					return nil, errors.New("a bare cell holds a quote, CR or LF: " + c.text)
				}
			}
			record = append(record, c)
			if rest, ok := strings.CutPrefix(text, delimiter); ok {
				text = rest
				continue
			}
			rest, ok := strings.CutPrefix(text, newline)
			if !ok {
				return nil, errors.New("a cell ends in " + text)
			}
			text = rest
			break
		}
		records = append(records, record)
	}
	return records, nil
}

// FuzzRoundTrip prints texts and reads them back: the same texts, missing ones told from empty ones, nothing a spreadsheet
// would run.
func FuzzRoundTrip(f *testing.F) {
	f.Add("a,b", "=1+1", "", ',', "", false, true)
	f.Add("\r\n", `"`, "NA", ';', "NA", true, true)
	f.Add("'=x", "\ufeff", "-", ';', "'-", false, true)
	f.Add("\x00", "→", "→→", '→', "x", true, false)
	f.Fuzz(func(t *testing.T, a, b, label string, delimiter rune, null string, crlf, guard bool) {
		for _, s := range []string{a, b, label, null} {
			if !utf8.ValidString(s) {
				t.Skip("texts are UTF-8")
			}
		}
		doc := formatstest.Document()
		doc.CSV = formats.CSV{Delimiter: delimiter, Null: null, CRLF: crlf, NoGuard: !guard}
		doc.Columns = []formats.Column{{ID: "a", Label: label, Type: formats.Text}, {ID: "b", Label: "b", Type: formats.Value}}
		if delimiter == 0 {
			doc.CSV.Delimiter = ','
		}
		if checkOptions(doc.CSV) != nil {
			t.Skip("refused")
		}
		text := formatstest.Value{Kind: formats.ValueString, Text: b}
		rows := []formatstest.Row{{a, text}, {nil, text}, {a, nil}, {"", text}}
		newline := "\n"
		if crlf {
			newline = "\r\n"
		}
		printed := string(formatstest.Print(t, Open, doc, rows))
		records, err := read(printed, string(doc.CSV.Delimiter), newline)
		if err != nil {
			t.Fatalf("%q: %v", printed, err)
		}
		// What a reader makes of the cells: nil is a missing one.
		var got [][]any
		for _, record := range records {
			var cells []any
			for _, c := range record {
				if !c.quoted && c.text == null {
					cells = append(cells, nil)
					continue
				}
				if guard && isFormula(c.text) {
					if c.text[0] != '\'' {
						t.Errorf("a spreadsheet may run %q", c.text)
					} else {
						c.text = c.text[1:]
					}
				}
				cells = append(cells, c.text)
			}
			got = append(got, cells)
		}
		want := [][]any{{label, "b"}, {a, b}, {nil, b}, {a, nil}, {"", b}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", printed, diff)
		}
	})
}
