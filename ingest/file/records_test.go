package file

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"decant/ingest"
)

// split reads all records of a text. ok is false where the text is not CSV.
func split(t *testing.T, r io.Reader, comma rune) (rows [][]string, ok bool) {
	t.Helper()
	rs := newRecords(r, comma)
	if err := rs.open(); err != nil {
		return nil, false
	}
	for {
		cells, err := rs.next()
		if err == io.EOF {
			return rows, true
		}
		if err != nil {
			var broken *recordFault
			var fatal *fatalFault
			if !errors.As(err, &broken) && !errors.As(err, &fatal) {
				t.Fatal(err)
			}
			return nil, false
		}
		var row []string
		for _, c := range cells {
			row = append(row, string(c.text))
		}
		if row != nil {
			rows = append(rows, row)
		}
	}
}

// FuzzRecords compares with encoding/csv, in one piece and byte by byte.
func FuzzRecords(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\"a\nb\",\"c\"\"d\"\r\n", "a,\n,\n\n", "\"\"", "a\"b,c\n", "\"a\"b\n", "\"a", ",", "a\r\n\"b\"\r\n", "\"a\"\"\"", "ä,\"ö\"\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		whole, ok := split(t, strings.NewReader(text), ',')
		bytewise, okBytewise := split(t, iotest.OneByteReader(strings.NewReader(text)), ',')
		if ok != okBytewise || !cmp.Equal(whole, bytewise) {
			t.Fatalf("%q: %q %v in one piece, %q %v byte by byte", text, whole, ok, bytewise, okBytewise)
		}
		if strings.Contains(text, "\r") || strings.HasPrefix(text, "\ufeff") || strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
			return // encoding/csv changes CRLF inside cells and knows no byte order mark
		}
		reference := csv.NewReader(strings.NewReader(text))
		reference.FieldsPerRecord = -1
		want, err := reference.ReadAll()
		if ok != (err == nil) {
			t.Fatalf("%q: taken %v, encoding/csv says %v", text, ok, err)
		}
		if ok && len(whole)+len(want) > 0 && !cmp.Equal(whole, want) {
			t.Fatalf("%q: %q, encoding/csv %q", text, whole, want)
		}
	})
}

// What encoding/csv writes is read back, with any delimiter and across the buffer's end.
func TestRecordsProperty(t *testing.T) {
	cells := rapid.StringOf(rapid.SampledFrom([]rune("ab\"'\n,;\t§ é=")))
	rapid.Check(t, func(t2 *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(cells, 2, 4), 1, 5).Draw(t2, "rows")
		comma := rapid.SampledFrom([]rune(",;\t§")).Draw(t2, "comma")
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.Comma = comma
		if err := w.WriteAll(rows); err != nil {
			t2.Fatal(err)
		}
		for _, r := range []io.Reader{bytes.NewReader(b.Bytes()), iotest.OneByteReader(bytes.NewReader(b.Bytes()))} {
			if got, ok := split(t, r, comma); !ok || !cmp.Equal(got, rows) {
				t2.Fatalf("%q: %q, want %q", b.String(), got, rows)
			}
		}
	})
}

func TestRecordsAcrossTheBuffer(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	text := "a,\"" + long + "\"\nb,c\n"
	if got, ok := split(t, strings.NewReader(text), ','); !ok || !cmp.Equal(got, [][]string{{"a", long}, {"b", "c"}}) {
		t.Errorf("%v, %d rows", ok, len(got))
	}
	rs := newRecords(io.MultiReader(strings.NewReader("\""), endless{}), ',')
	if _, err := rs.next(); err == nil || !strings.Contains(err.Error(), "longer than 16777216 bytes") {
		t.Errorf("an endless cell: %v", err)
	}
}

// endless reads the letter x for ever.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// A guard comes off by one, and nothing else changes.
func TestUnguardUndoesTheGuard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("''=+-@\t\rx"))).Draw(t, "text")
		guarded := text
		if rest := strings.TrimLeft(text, "'"); rest != "" && strings.ContainsRune("=+-@\t\r", rune(rest[0])) {
			guarded = "'" + text
		}
		if got := string(unguard([]byte(guarded))); got != text {
			t.Fatalf("%q was guarded as %q and came back as %q", text, guarded, got)
		}
	})
}

// FuzzRead: no file makes Read panic, and every sample keeps the promises of samples.
func FuzzRead(f *testing.F) {
	f.Add("f.csv", "time,a\n0,1\n1,x\n", uint8(0))
	f.Add("f.csv", "time;name;value\n2026-01-01;a;1,5\n", uint8(7))
	f.Add("f.jsonl", `{"time":1,"name":"a","value":true}`+"\n[{\"n\":\"a\",\"v\":1}]", uint8(1))
	f.Add("f.senml.json", `[{"n":"a","v":1}]`, uint8(0))
	f.Add("f.senml.cbor", "\x81\xa2\x00\x61a\x02\x01", uint8(0))
	f.Add("f.json", `{"a":{"b":[1]}}`, uint8(0))
	f.Fuzz(func(t *testing.T, name, text string, options uint8) {
		cfg := base()
		cfg.SkipBad = options&1 != 0
		if options&2 != 0 {
			cfg.Comma, cfg.DecimalComma = ';', true
		}
		cfg.Strings = options&4 != 0
		if options&8 != 0 {
			cfg.Step = 1e9
		}
		s, err := Read(context.Background(), strings.NewReader(text), name, cfg, func(batch []ingest.Sample) error {
			for _, sample := range batch {
				if err := ingest.CheckID("name", sample.Series.Name); err != nil {
					return err
				}
				if sample.Time < ingest.MinTime || sample.Time > received+24*3600e9 || sample.Number != sample.Number {
					t.Fatalf("%+v", sample)
				}
			}
			return nil
		})
		var faults *FaultsError
		if err != nil && !errors.As(err, &faults) {
			t.Fatal(err)
		}
		if err == nil && s.Bad > 0 && !cfg.SkipBad {
			t.Fatalf("%+v without an error", s)
		}
	})
}
