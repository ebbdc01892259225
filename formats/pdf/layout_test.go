package pdf

import (
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"

	"decant/formats"
	"decant/formats/formatstest"
)

func TestSameBytesEveryRun(t *testing.T) {
	s := gallery(t)["wide"] // both fonts, accented letters, Cyrillic
	hashes := map[[32]byte]bool{}
	for range 20 {
		hashes[sha256.Sum256(formatstest.Print(t, Open, s.doc, s.rows))] = true
	}
	if len(hashes) != 1 {
		t.Errorf("20 runs gave %d different files", len(hashes))
	}
}

// A document without a date must not take today's.
func TestNoDate(t *testing.T) {
	doc := formatstest.Document()
	doc.Date = time.Time{}
	file := string(formatstest.Print(t, Open, doc, nil))
	if n := strings.Count(file, "(D:19700101000000)"); n != 2 {
		t.Errorf("%d of two dates are the first of 1970", n)
	}
}

func TestTooManyColumns(t *testing.T) {
	doc := formatstest.Document()
	numbers := func(n int) []formats.Column {
		columns := make([]formats.Column, n)
		for i := range columns {
			columns[i] = formats.Column{ID: fmt.Sprint(i), Label: fmt.Sprint("column ", i), Type: formats.Number}
		}
		return columns
	}
	doc.Columns = numbers(100)
	if _, err := Open(io.Discard, doc); err == nil || !strings.Contains(err.Error(), "of the table's 100 columns fit") {
		t.Errorf("100 columns: %v", err)
	}
	doc.Expanded = true
	if _, err := Open(io.Discard, doc); err != nil {
		t.Errorf("100 lines in a card: %v", err)
	}

	// labels fit, numbers don't
	doc.Expanded = false
	doc.Columns = numbers(20)
	w, err := Open(io.Discard, doc)
	if err != nil {
		t.Fatal(err)
	}
	row := make(formatstest.Row, 20)
	for i := range row {
		row[i] = 1.0 / 3
	}
	rec := formatstest.Record(memory.DefaultAllocator, doc.Columns, []formatstest.Row{row})
	defer rec.Release()
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(formats.Report{Rows: 1}); err == nil || !strings.Contains(err.Error(), "of the table's 20 columns fit") {
		t.Errorf("20 columns of long numbers: %v", err)
	}
}

// Columns fill no more than the page, and what must not wrap has its room.
func TestLayOut(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		table := &table{}
		for range rapid.IntRange(1, 8).Draw(r, "columns") {
			c := column{
				label:   rapid.StringMatching(`[a-z ]{0,30}`).Draw(r, "label"),
				natural: rapid.IntRange(0, 60000).Draw(r, "natural"),
				wraps:   rapid.Bool().Draw(r, "wraps"),
			}
			c.rigid = rapid.IntRange(0, c.natural).Draw(r, "rigid")
			table.columns = append(table.columns, c)
		}
		p, err := table.choosePage()
		if err != nil {
			r.Skip("does not fit")
		}
		if width := table.layOut(p.size, p.contentWidth()); width > p.contentWidth()+0.01 {
			r.Errorf("the table is %v wide, the page %v", width, p.contentWidth())
		}
		for i, c := range table.columns {
			least := c.rigid
			if !c.wraps {
				least = c.natural
			}
			if room := (c.width - 2*cellPadding) * 1000 / p.size; room < float64(least)-1 {
				r.Errorf("column %d has room for %v, its cells need %d", i, room, least)
			}
		}
	})
}

// Values that are all texts stand where texts do; numbers among them make a column of numbers.
func TestAlignment(t *testing.T) {
	for name, c := range map[string]struct {
		texts   []bool // of the cells
		toRight bool
	}{
		"texts":              {[]bool{true, true}, false},
		"no cells":           {nil, false},
		"texts and a number": {[]bool{true, false, true}, true},
	} {
		table := &table{columns: []column{{right: true, wraps: true}}}
		for _, text := range c.texts {
			table.add([]byte("12"), text)
		}
		if got := table.columns[0].toRight(); got != c.toRight {
			t.Errorf("values that are %s, to the right: %v", name, got)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		lines int
		want  string
	}{
		{"one line", 10000, 3, "one line"},
		{"two words", 3500, 3, "two|words"},
		{"urn:dev:temperature", 6000, 3, "urn:dev:|temperature"},
		{"unbreakable", 2000, 9, "unb|reak|able"},
		{"line\nfeeds", 10000, 3, "line|feeds"},
		{"one two three four", 3000, 2, "one|two…"},
		{"", 1000, 3, ""},
		{"W", 10, 3, "W"}, // always something
	} {
		if got := strings.Join(wrap(regular, c.text, c.width, c.lines), "|"); got != c.want {
			t.Errorf("%q in %d: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

// Nothing is lost where there are lines enough, and no line is too wide.
func TestWrapKeepsAll(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := printable(rapid.String().Draw(r, "text"))
		width := rapid.IntRange(1500, 20000).Draw(r, "width")
		lines := wrap(regular, text, width, 1<<20)
		blanks := strings.NewReplacer(" ", "", "\n", "")
		if got, want := blanks.Replace(strings.Join(lines, "")), blanks.Replace(text); got != want {
			r.Errorf("%q became %q", want, got)
		}
		for _, line := range lines {
			if measure(regular, line) > width && len([]rune(line)) > 1 {
				r.Errorf("line %q is %d wide, more than %d", line, measure(regular, line), width)
			}
		}
	})
}

func TestAppendHundredths(t *testing.T) {
	for n, want := range map[int]string{0: "0", 5: "0.05", 50: "0.5", -1234: "-12.34", 100: "1", 59528: "595.28", -90: "-0.9"} {
		if got := string(appendHundredths(nil, n)); got != want {
			t.Errorf("%d hundredths print as %s, want %s", n, got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain":       "plain",
		"Grüße, Ωμ Ж": "Grüße, Ωμ Ж",
		"a\tb\x01":    "a b\ufffd",
		"温度 🙂":        "\ufffd\ufffd \ufffd",
		"\xff":        "\ufffd",
		"a\nb":        "a\nb",
	} {
		if got := printable(in); got != want {
			t.Errorf("%q prints as %q, want %q", in, got, want)
		}
	}
}
