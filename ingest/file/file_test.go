package file

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"decant/ingest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// received is 2026-11-01T00:00:00Z.
const received = 1793491200_000000000

// berlin is a Local that is an hour ahead of UTC, always: what zones do is not this package's.
func berlin(year, month, day, hour, minute, second, nsec int) (int64, error) {
	return time.Date(year, time.Month(month), day, hour-1, minute, second, nsec, time.UTC).UnixNano(), nil
}

func base() Config { return Config{Channel: "c", Subtopic: "a/b", Received: received} }

// brief prints a sample as a line.
func brief(s ingest.Sample) string {
	value := ""
	switch s.Kind {
	case ingest.KindNumber:
		value = fmt.Sprint(s.Number)
	case ingest.KindBool:
		value = fmt.Sprint(s.Number == 1)
	case ingest.KindString:
		value = fmt.Sprintf("%q", s.Text)
	case ingest.KindBytes:
		value = fmt.Sprintf("bytes %x", s.Text)
	}
	if s.HasSum {
		value += fmt.Sprintf(" sum %v", s.Sum)
	}
	return fmt.Sprintf("%s %s/%s|%s|%s|%s| %s", time.Unix(0, s.Time).UTC().Format(time.RFC3339Nano), s.Series.Channel, s.Series.Subtopic, s.Series.Publisher,
		s.Series.Name, s.Series.Unit, strings.TrimSpace(value))
}

// readAll reads a text as a file and gives its samples as lines.
func readAll(t *testing.T, name, text string, cfg Config) (lines []string, s Summary, err error) {
	t.Helper()
	var samples []ingest.Sample
	s, err = Read(context.Background(), strings.NewReader(text), name, cfg, func(batch []ingest.Sample) error {
		samples = append(samples, batch...)
		return nil
	})
	for _, sample := range samples {
		lines = append(lines, brief(sample))
		if sample.Protocol != ingest.ProtocolImport || sample.Received != received {
			t.Errorf("%s: protocol %v, received %d", brief(sample), sample.Protocol, sample.Received)
		}
	}
	return lines, s, err
}

func TestGolden(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
	}{
		{"tetouan.csv", func(c *Config) {
			c.Start, c.Step = time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano(), 10*time.Minute
			c.Units = map[string]string{"Temperature": "Cel", "Zone 2  Power Consumption": "kW"}
		}},
		{"machine.csv", func(c *Config) { c.Prefix = "machine:"; c.Publisher = "plc" }},
		{"long.csv", func(*Config) {}},
		{"excel.csv", func(c *Config) {
			c.TimeColumn, c.TimeFormat, c.Local = "Datum", "%d.%m.%Y %H:%M", berlin
			c.Comma, c.DecimalComma, c.Strings, c.Null = ';', true, true, "n/a"
		}},
		{"export.jsonl", func(c *Config) { c.Local = berlin }},
		{"pack.senml.json", func(*Config) {}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", tt.name))
			if err != nil {
				t.Fatal(err)
			}
			cfg := base()
			tt.change(&cfg)
			lines, s, err := readAll(t, tt.name, string(text), cfg)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, fmt.Sprintf("rows %d, samples %d, bad %d, from %s to %s", s.Rows, s.Samples, s.Bad,
				time.Unix(0, s.First).UTC().Format(time.RFC3339Nano), time.Unix(0, s.Last).UTC().Format(time.RFC3339Nano)))
			got := strings.Join(lines, "\n") + "\n"
			golden := filepath.Join("testdata", tt.name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

const header = "time,a,b\n"

func TestFaultsAreListed(t *testing.T) {
	text := header +
		"2026-01-01T00:00:00Z,1,2\n" + // 2
		"2026-01-01T00:00:01Z,x,2\n" +
		"yesterday,1,2\n" +
		"2026-01-01T00:00:02Z,1\n" +
		"2026-01-01T00:00:03Z,1,NaN\n" +
		",1,2\n" +
		"2026-01-01T00:00:04Z,1e999,2\n" +
		"2027-01-01T00:00:00Z,1,2\n" +
		"2026-01-01T00:00:05Z,\"a\"b,2\n" + // 10
		"2026-01-01T00:00:06Z,a\"b,2\n" +
		"3000-01-01T00:00:00Z,1,2\n" +
		"17e14,1,2\n" +
		"2026-01-01T00:00:07Z,7,\n"
	lines, s, err := readAll(t, "f.csv", text, base())
	var e *FaultsError
	if !errors.As(err, &e) {
		t.Fatalf("error %v", err)
	}
	if lines != nil || e.Bad != 11 || e.Rows != 13 || s.Bad != 11 || len(e.Faults) != MaxFaults || e.Whole {
		t.Errorf("lines %v, %+v, %+v", lines, e, s)
	}
	for i, want := range []struct {
		line int
		text string
	}{
		{3, `column "a": "x" is not a number, true or false; --null x passes over such cells, --strings takes text`},
		{4, `time "yesterday": neither a time in ISO 8601 nor Unix`},
		{5, "the row has 2 cells, and the header 3"},
		{6, `column "b": "NaN" is not a number, true or false; --null NaN`},
		{7, "the time is missing"},
		{8, `"1e999" is a number beyond float64's range`},
		{9, "time 2027-01-01T00:00:00Z is more than 24h0m0s ahead of its receipt at 2026-11-01T00:00:00Z"},
		{10, "cell 2 has text after its closing quote"},
		{11, "cell 2 has a quote inside"},
		{12, "outside the years 1678 to 2262"},
	} {
		if got := e.Faults[i]; got.Line != want.line || !strings.Contains(got.Text, want.text) {
			t.Errorf("fault %d: %+v, want %+v", i, got, want)
		}
	}
	for _, want := range []string{"f.csv: 11 of 13 rows can't be taken, so none is imported (--skip-bad", "\n  line 3: column", "\n  and 1 more"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\ndoes not say %q", err, want)
		}
	}

	cfg := base()
	cfg.SkipBad = true
	lines, s, err = readAll(t, "f.csv", text, cfg)
	want := []string{"2026-01-01T00:00:00Z c/a.b||a|| 1", "2026-01-01T00:00:00Z c/a.b||b|| 2", "2026-01-01T00:00:07Z c/a.b||a|| 7"}
	if diff := cmp.Diff(want, lines); err != nil || diff != "" || s.Bad != 11 || s.Rows != 13 || s.Samples != 3 || len(s.Faults) != MaxFaults {
		t.Errorf("%v %+v\n%s", err, s, diff)
	}
}

func TestCells(t *testing.T) {
	tests := []struct {
		name, text string
		change     func(*Config)
		want       []string // name and value
	}{
		{"kinds", header + "0,+1.50,true\n1,.5,FALSE\n2,007,-0\n3, 4 ,\"5\"\n", nil, []string{"a|| 1.5", "b|| true", "a|| 0.5", "b|| false", "a|| 7", "b|| 0", "a|| 4", "b|| 5"}},
		{"empty cells are no samples", header + "0,,\"\"\n\n1,  ,2\n", nil, []string{"b|| 2"}},
		{"null token", header + "0,NaN,2\n1, NaN,3\n", func(c *Config) { c.Null = "NaN" }, []string{"b|| 2", "b|| 3"}},
		{"decimal comma between tabs", "time\ta\n0\t1,5\n", func(c *Config) { c.Comma, c.DecimalComma = '\t', true }, []string{"a|| 1.5"}},
		{"strings", header + "0,NaN,\"\"\n1,,\"a,\"\"b\"\"\n\"\"\"\n2,on,3\n", func(c *Config) { c.Strings = true },
			[]string{`a|| "NaN"`, `b|| ""`, `b|| "a,\"b\"\n\""`, `a|| "on"`, "b|| 3"}},
		{"a long text is no number", header + "0," + strings.Repeat("x", 1025) + "," + strings.Repeat("1", 1025) + "x\n", func(c *Config) { c.Strings = true },
			[]string{fmt.Sprintf("a|| %q", strings.Repeat("x", 1025)), fmt.Sprintf("b|| %q", strings.Repeat("1", 1025)+"x")}},
		{"guards", "time,'=a,''b\n0,'-x,''@\n1,'x,'''\n", func(c *Config) { c.Strings = true },
			[]string{`=a|| "-x"`, `''b|| "'@"`, `=a|| "'x"`, `''b|| "'''"`}},
		{"tabs", "time\ta b\n0\t1\n", func(c *Config) { c.Comma = '\t' }, []string{"a b|| 1"}},
		{"a delimiter of several bytes", "time§a\n0§1\n1§\"2\"\n", func(c *Config) { c.Comma = '§' }, []string{"a|| 1", "a|| 2"}},
		{"decimal comma", "time;a\n0;-1,5e3\n", func(c *Config) { c.Comma, c.DecimalComma = ';', true }, []string{"a|| -1500"}},
		{"no line end at the end, CRLF", "time,a\r\n0,1\r\n1,\"2\"\r\n2,3", nil, []string{"a|| 1", "a|| 2", "a|| 3"}},
		{"long", "id,when,what,much,in\n1,0,x,5,V\n2,0,'+y,,A\n3,0,'+y,6,\n", func(c *Config) {
			c.TimeColumn, c.NameColumn, c.ValueColumn, c.UnitColumn = "when", "what", "much", "in"
			c.Units = map[string]string{"+y": "W"}
			c.Prefix = "p."
		}, []string{"p.x|V| 5", "p.+y|W| 6"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := base()
			if tt.change != nil {
				tt.change(&cfg)
			}
			lines, _, err := readAll(t, "f.csv", tt.text, cfg)
			if err != nil {
				t.Fatal(err)
			}
			for i, l := range lines {
				_, lines[i], _ = strings.Cut(l, "||")
			}
			if diff := cmp.Diff(tt.want, lines); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWholeFileFaults(t *testing.T) {
	step := func(c *Config) { c.Step = time.Minute }
	tests := []struct {
		file, text string
		change     func(*Config)
		want       []string
	}{
		{"f.csv", "", nil, []string{"the file is empty"}},
		{"f.csv", "\n\n", nil, []string{"the file is empty"}},
		{"f.csv", "Zeit,a\n", nil, []string{"line 1: there is no time column: none is named time, timestamp, ts, t, date", `the columns are "Zeit", "a"`}},
		{"f.csv", "tmie,timestmap,a\n", func(c *Config) { c.TimeColumn = "timestamp" }, []string{`there is no time column "timestamp" (--time-column); close to it: "timestmap"`}},
		{"f.csv", "time,a,a,\n", nil, []string{`columns 2 and 3 are both named "a"`, "column 4: name is empty"}},
		{"f.csv", "time;a\n", nil, []string{"there is no time column"}},
		{"f.csv", "time\n", nil, []string{"is the delimiter right?"}},
		{"f.csv", "time,temp\n", func(c *Config) { c.Units = map[string]string{"Temp": "Cel"} }, []string{`there is no column "Temp" to give a unit (--unit); close to it: "temp"`}},
		{"f.csv", "time,a\n", func(c *Config) { c.NameColumn, c.ValueColumn = "name", "value" }, []string{`no name column "name"`, `no value column "value"`}},
		{"f.csv", "time,a\n0,1\n1,\"2\n2,3\n", nil, []string{"line 3: the quote that opens in this record is never closed"}},
		{"f.csv", "\xff\xfet\x00", nil, []string{"the file is UTF-16"}},
		{"f.csv", "time,\xff\n", nil, []string{"column 2: name \"\\xff\" is not UTF-8"}},
		{"f.csv", "a\n1\n", func(c *Config) { step(c); c.Prefix = strings.Repeat("x", 256) }, []string{"has 257 bytes"}},
		{"f.csv", "time,a\n", func(c *Config) { c.DecimalComma = true }, []string{"a decimal comma and a comma as delimiter can't be told apart"}},
		{"f.xml", "", nil, []string{`the extension ".xml" says no format; name one: csv, jsonl, senml-json`}},
		{"f.csv.gz", "", nil, []string{`the extension ".gz" says that this one is compressed; decompress it`}},
		{"f.jsonl", "", step, []string{"a step is for CSV, and this file is read as jsonl"}},
		{"f.senml.json", "[{\"n\":\"a\",\"v\":1},\n{\"n\":\"a\",\"v\":01}]", nil, []string{"line 2: record 1: '1' where a comma or } is needed"}},
		{"f.senml.json", `{"a":1}`, nil, []string{"record 0: the record carries nothing that is known"}},
		{"f.senml.cbor", "\x81", nil, []string{"ends inside an item"}},
		{"f.jsonl", "{}\n" + strings.Repeat("x", 1<<20+3), nil, []string{"after row 1 a line is longer than 1048576 bytes"}},
	}
	for _, tt := range tests {
		cfg := base()
		if tt.change != nil {
			tt.change(&cfg)
		}
		_, _, err := readAll(t, tt.file, tt.text, cfg)
		var e *FaultsError
		if !errors.As(err, &e) || !e.Whole {
			t.Errorf("%s %q: error %v", tt.file, short([]byte(tt.text)), err)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s %q:\n got %v\nwant %s", tt.file, short([]byte(tt.text)), err, want)
			}
		}
	}
}

func TestStartAndStep(t *testing.T) {
	cfg := base()
	cfg.Start, cfg.Step, cfg.SkipBad = 1e18, time.Second, true
	lines, s, err := readAll(t, "f.csv", "a\n1\nx\n\n4\n\n\n", cfg)
	want := []string{"2001-09-09T01:46:40Z c/a.b||a|| 1", "2001-09-09T01:46:43Z c/a.b||a|| 4"}
	if diff := cmp.Diff(want, lines); err != nil || diff != "" || s.Bad != 2 || s.Rows != 4 {
		t.Errorf("%v %+v\n%s", err, s, diff)
	}
	cfg.Start, cfg.Step, cfg.SkipBad = 1793491200e9, 20*time.Hour, false
	if _, s, err := readAll(t, "f.csv", "a\n1\n2\n3\n", cfg); err == nil || s.Bad != 1 || s.Faults[0].Line != 4 {
		t.Errorf("%v %+v", err, s)
	}
	cfg.Step = 1<<63 - 1
	if _, s, err := readAll(t, "f.csv", "a\n1\n2\n", cfg); err == nil || s.Bad != 1 {
		t.Errorf("%v %+v", err, s)
	}
}

func TestJSONLFaults(t *testing.T) {
	text := `{"a":1}` + "\n[{\"n\":\"a\"}]\n{\"a\":1,\"a\":2}\n\n" +
		`{"time":"soon","name":"x","value":1}` + "\n" + `{"time":1,"name":"x","value":[]}` + "\n" +
		`{"time":null,"name":"x","value":1}` + "\n" + `{"time":1,"name":"","value":1}` + "\n" + `{"time":1,"name":"x","value":1} {}` + "\n" +
		`{"time":1,"name":"x","dataValue":"*","value":"*"}` + "\n" + `{"a":2}`
	cfg := base()
	cfg.SkipBad = true
	lines, s, err := readAll(t, "f.ndjson", text, cfg)
	if err != nil || len(lines) != 2 || s.Bad != 8 || s.Rows != 10 {
		t.Fatalf("%v %v %+v", err, lines, s)
	}
	for i, want := range []string{"record 0: the record has no value", `key "a" stands twice`, "not a time in ISO 8601", "a value must be a number",
		"the row has no time", "the row has no name", "2 bytes follow", "is not base64url"} {
		if !strings.Contains(s.Faults[i].Text, want) {
			t.Errorf("fault %d: %+v, want %q", i, s.Faults[i], want)
		}
	}
	if s.Faults[2].Line != 5 {
		t.Errorf("line %d, want 5", s.Faults[2].Line)
	}
}

func TestValidate(t *testing.T) {
	if err := base().withDefaults().Validate(); err != nil {
		t.Error(err)
	}
	err := Config{Format: "xml", Publisher: "\x01", Units: map[string]string{"a": "\n"}, TimeFormat: "%Q", Start: 1, UnitColumn: "u", Comma: '"',
		Batch: -1}.withDefaults().Validate()
	for _, want := range []string{`format "xml" is not known`, "channel is empty", "publisher", `unit of "a"`, "%Q is not known",
		"a start without a step", "a unit column belongs to a long file", `delimiter '"'`, "batch is -1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\ndoes not say %q", err, want)
		}
	}
	err = Config{Channel: "c", Received: 1, Step: 1, TimeColumn: "t", NameColumn: "n", Comma: ',', DecimalComma: true}.withDefaults().Validate()
	for _, want := range []string{"a step and a time column", "needs both a name column and a value column", "a decimal comma and a comma"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\ndoes not say %q", err, want)
		}
	}
}

// Batches are bounded, and a caller who stops is heard.
func TestBatches(t *testing.T) {
	var text bytes.Buffer
	text.WriteString(header)
	for i := range 10_000 {
		fmt.Fprintf(&text, "%d,%d,2\n", i, i)
	}
	cfg := base()
	cfg.Batch = 100
	n := 0
	_, err := Read(context.Background(), &text, "f.csv", cfg, func(batch []ingest.Sample) error {
		if len(batch) > 101 {
			t.Errorf("a batch of %d", len(batch))
		}
		n += len(batch)
		return nil
	})
	if err != nil || n != 20_000 {
		t.Errorf("%d samples, %v", n, err)
	}
	stop := errors.New("stop")
	small := header + "1,2,3\n"
	if _, err := Read(context.Background(), strings.NewReader(small), "f.csv", cfg, func([]ingest.Sample) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("emit's error came back as %v", err)
	}
	broken := io.MultiReader(strings.NewReader(small), iotest.ErrReader(stop))
	var faults *FaultsError
	if _, err := Read(context.Background(), broken, "f.csv", cfg, func([]ingest.Sample) error { return nil }); !errors.Is(err, stop) || errors.As(err, &faults) {
		t.Errorf("the reader's error came back as %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Read(ctx, strings.NewReader(header), "f.csv", cfg, func([]ingest.Sample) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func BenchmarkReadCSV(b *testing.B) {
	var text bytes.Buffer
	text.WriteString("time,Temperature,Humidity,Wind Speed,a,b,c,d,e\n")
	const rows, columns = 10_000, 9
	for i := range rows {
		at := time.Unix(1483228800+int64(i)*600, 0).UTC().Format(time.RFC3339)
		fmt.Fprintf(&text, "%s,%d.559,73.8,0.083,0.051,0.119,34055.6962,16128.87538,20240.96386\n", at, i%30)
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		s, err := Read(context.Background(), bytes.NewReader(text.Bytes()), "f.csv", base(), func([]ingest.Sample) error { return nil })
		if err != nil || s.Samples != rows*(columns-1) {
			b.Fatal(s, err)
		}
	}
	b.ReportMetric(rows*columns*float64(b.N)/b.Elapsed().Seconds(), "cells/s")
}
