package payload

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"decant/ingest"
	"decant/ingest/payload/decimal"
)

// received is the moment that RFC 8428's resolved examples count from.
const received = 1498780179_000000000

var route = ingest.Route{Channel: "c", Subtopic: "s"}

// seconds is a time in ns by its exact Unix seconds.
func seconds(t *testing.T, text string) int64 {
	t.Helper()
	d, err := decimal.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	ns, ok := d.Nanos(0, 9)
	if !ok {
		t.Fatalf("%s s does not fit", text)
	}
	return ns
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "senml", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// resolved reads what a pack should give: one sample a record, written out.
func resolved(t *testing.T, name string) []ingest.Sample {
	t.Helper()
	var records []struct {
		N, U string
		T    json.Number
		V    float64
	}
	if err := json.Unmarshal(read(t, name), &records); err != nil {
		t.Fatal(err)
	}
	var samples []ingest.Sample
	for _, r := range records {
		samples = append(samples, ingest.Sample{
			Series: ingest.Series{Channel: "c", Subtopic: "s", Name: r.N, Unit: r.U},
			Time:   seconds(t, r.T.String()), Kind: ingest.KindNumber, Number: r.V, Received: received, Protocol: ingest.ProtocolMQTT,
		})
	}
	return samples
}

func TestRFC8428Examples(t *testing.T) {
	d := newDecoder(Config{})
	for i := 1; i <= 12; i++ {
		if i == 7 { // several kinds: below
			continue
		}
		want := resolved(t, fmt.Sprintf("ex%d.resolved.json", i))
		for _, extension := range []string{"json", "cbor"} {
			name := fmt.Sprintf("ex%d.%s", i, extension)
			if _, err := os.Stat(filepath.Join("testdata", "senml", name)); err != nil && extension == "cbor" {
				continue
			}
			got, err := d.DecodeRoute(nil, route, read(t, name), received)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s:\n%s", name, diff)
			}
		}
	}
}

func TestRFC8428Kinds(t *testing.T) {
	got, err := newDecoder(Config{}).DecodeRoute(nil, route, read(t, "ex7.json"), received)
	if err != nil {
		t.Fatal(err)
	}
	const base = "urn:dev:ow:10e2073a01080063:"
	sample := func(name, unit string, kind ingest.Kind, number float64, text string) ingest.Sample {
		return ingest.Sample{Series: ingest.Series{Channel: "c", Subtopic: "s", Name: base + name, Unit: unit}, Time: received, Kind: kind,
			Number: number, Text: text, Received: received, Protocol: ingest.ProtocolMQTT}
	}
	want := []ingest.Sample{
		sample("temp", "Cel", ingest.KindNumber, 23.1, ""),
		sample("label", "", ingest.KindString, 0, "Machine Room"),
		sample("open", "", ingest.KindBool, 0, ""),
		sample("nfv-reader", "", ingest.KindBytes, 0, "hi \n"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Every pack of section 5 is taken, alone and one after another by the same decoder.
func TestRFC8428Section5(t *testing.T) {
	var examples []struct {
		Section string
		Pack    json.RawMessage
	}
	if err := json.Unmarshal(read(t, "rfc8428-section5.json"), &examples); err != nil {
		t.Fatal(err)
	}
	d := newDecoder(Config{})
	for _, e := range examples {
		got, err := d.DecodeRoute(nil, route, e.Pack, received)
		if err != nil || len(got) == 0 {
			t.Errorf("%s: %d samples, %v", e.Section, len(got), err)
		}
	}
	got, err := d.DecodeRoute(nil, route, read(t, "ex13.json"), received)
	if err != nil {
		t.Fatal(err)
	}
	if want := seconds(t, "1320078429.1"); got[3].Time != want || got[3].Number != 0 {
		t.Errorf("ex13: %+v, want time %d", got[3], want)
	}
}

// brief prints a sample as a line: name|unit|time|value|sum|update.
func brief(s ingest.Sample) string {
	value := ""
	switch s.Kind {
	case ingest.KindNumber:
		value = fmt.Sprint(s.Number)
		if s.Number == 0 && math.Signbit(s.Number) {
			value = "-0"
		}
	case ingest.KindBool:
		value = fmt.Sprint(s.Number == 1)
	case ingest.KindString:
		value = fmt.Sprintf("%q", s.Text)
	case ingest.KindBytes:
		value = fmt.Sprintf("%x", s.Text)
	}
	sum, update := "", ""
	if s.HasSum {
		sum = fmt.Sprint(s.Sum)
	}
	if s.HasUpdate {
		update = fmt.Sprint(s.Update)
	}
	at := fmt.Sprint(s.Time)
	if d := s.Time - s.Received; d > -1e15 && d < 1e15 {
		at = fmt.Sprintf("now%+d", d)
	}
	return strings.Join([]string{s.Series.Name, s.Series.Unit, at, value, sum, update}, "|")
}

func TestSenMLRules(t *testing.T) {
	tests := []struct {
		name, pack string
		want       []string
	}{
		{"base fields hold until they come again",
			`[{"bn":"a:","bu":"V","bt":1000000000,"bv":10,"n":"x","v":1},{"n":"y","v":2,"u":"A"},{"bn":"b:","bu":"","n":"x","v":3},{"bv":0,"bt":0,"n":"x","v":4}]`,
			[]string{"a:x|V|1000000000000000000|11||", "a:y|A|1000000000000000000|12||", "b:x||1000000000000000000|13||", "b:x||now+0|4||"}},
		{"base fields hold for their own record whatever the order", `[{"n":"x","v":1,"bn":"a:","bv":2}]`, []string{"a:x||now+0|3||"}},
		{"a base name can be reset", `[{"bn":"a:","n":"x","v":1},{"bn":"","n":"x","v":1}]`, []string{"a:x||now+0|1||", "x||now+0|1||"}},
		{"an empty unit is none", `[{"bu":"V","n":"x","u":"","v":1}]`, []string{"x||now+0|1||"}},
		{"base fields alone yield nothing", `[{"bn":"a"},{"bt":5,"bu":"V","bv":1,"bs":1,"bver":10},{"v":1,"s":0}]`, []string{"a|V|now+5000000000|2|1|"}},
		{"base fields and an unknown label alone", `[{"bn":"a","foo":[1,{"x":null}]},{"v":1}]`, []string{"a||now+0|1||"}},
		{"decimals are added exactly", `[{"bn":"a","bv":0.1,"v":0.2},{"bv":1e16,"v":1.5},{"bv":9007199254740993,"v":-1}]`,
			[]string{"a||now+0|0.3||", "a||now+0|1.0000000000000002e+16||", "a||now+0|9.007199254740992e+15||"}},
		{"minus zero is zero", `[{"n":"a","v":-0.0},{"n":"a","v":-1e-400},{"n":"a","v":0,"s":-0}]`, []string{"a||now+0|0||", "a||now+0|0||", "a||now+0|0|0|"}},
		{"times below 2^28 count from receipt", `[{"n":"a","t":-5,"v":1},{"n":"a","t":0.5,"v":1},{"n":"a","bt":-10,"t":3,"v":1}]`,
			[]string{"a||now-5000000000|1||", "a||now+500000000|1||", "a||now-7000000000|1||"}},
		{"2^28 itself is absolute", `[{"n":"a","t":268435456,"v":1},{"bt":268435455,"n":"a","t":1.0000000000000000000000001,"v":1}]`,
			[]string{"a||268435456000000000|1||", "a||268435456000000000|1||"}},
		{"times are rounded once, half to even", `[{"n":"a","t":1000000000.0000000005,"v":1},{"n":"a","t":1000000000.0000000015,"v":1},{"n":"a","bt":1000000000.0000000001,"t":0.0000000004,"v":1},{"n":"a","bt":0,"t":0.0000000005,"v":1}]`,
			[]string{"a||1000000000000000000|1||", "a||1000000000000000002|1||", "a||1000000000000000000|1||", "a||now+0|1||"}},
		{"a sum alone is a sample without a value", `[{"n":"a","s":5},{"n":"a","bs":1,"s":0.5}]`, []string{"a||now+0||5|", "a||now+0||1.5|"}},
		{"a base sum holds until reset", `[{"n":"a","bs":10,"v":1},{"n":"a","v":2,"s":1},{"n":"a","bs":0,"v":3}]`,
			[]string{"a||now+0|1|10|", "a||now+0|2|11|", "a||now+0|3||"}},
		{"update time", `[{"n":"a","v":1,"ut":60.5}]`, []string{"a||now+0|1||60500000000"}},
		{"bver", `[{"bver":5,"n":"a","v":1},{"bver":5.0,"n":"b","v":1},{"n":"c","v":1}]`, []string{"a||now+0|1||", "b||now+0|1||", "c||now+0|1||"}},
		{"bver 10 is the default", `[{"n":"a","v":1},{"bver":10,"n":"b","v":1}]`, []string{"a||now+0|1||", "b||now+0|1||"}},
		{"data with and without padding", `[{"n":"a","vd":"_-8"},{"n":"a","vd":"_-8="},{"n":"a","vd":""}]`, []string{"a||now+0|ffef||", "a||now+0|ffef||", "a||now+0|||"}},
		{"strings", `[{"n":"a","vs":"\u00e9\ud83d\ude00\n"},{"n":"a","vs":""}]`, []string{`a||now+0|"é😀\n"||`, `a||now+0|""||`}},
		{"one record alone", ` {"bn":"a","vb":true} `, []string{"a||now+0|true||"}},
		{"unregistered units", `[{"n":"a","u":"furlongs/fortnight","v":1}]`, []string{"a|furlongs/fortnight|now+0|1||"}},
		{"a label is escaped", `[{"\u006e":"a","v":1}]`, []string{"a||now+0|1||"}},
	}
	d := newDecoder(Config{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			samples, err := d.DecodeRoute(nil, route, []byte(tt.pack), received)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range samples {
				got = append(got, brief(s))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSenMLRefuses(t *testing.T) {
	tests := []struct{ pack, reason, text string }{
		{`[{"n":"a","v":1},{"n":"a","v":1,"vs":"x"}]`, ReasonSenML, "record 1: the record has several values (v, vs)"},
		{`[{"n":"a"}]`, ReasonSenML, "has no value"},
		{`[{"n":"a","bs":1}]`, ReasonSenML, "has no value"},
		{`[{"n":"a","v":1},{}]`, ReasonSenML, "carries nothing that is known"},
		{`[{"n":"a","v":1},{"foo":1}]`, ReasonSenML, "carries nothing that is known"},
		{`[{"v":1}]`, ReasonName, `name "" is empty`},
		{`[{"n":"","v":1}]`, ReasonName, "is empty"},
		{`[{"n":":a","v":1}]`, ReasonName, "must start with a letter or digit"},
		{`[{"n":"a b","v":1}]`, ReasonName, "has characters other than"},
		{`[{"n":"é","v":1}]`, ReasonName, "has characters other than"},
		{`[{"bn":"` + strings.Repeat("a", 200) + `","n":"` + strings.Repeat("a", 57) + `","v":1}]`, ReasonName, "longer than 256 bytes"},
		{`[{"n":"a","v":1,"x_":0}]`, ReasonSenML, `record 0, "x_": the label ends in _`},
		{`[{"n":"a","v":1},{"bn":"b","y_":0}]`, ReasonSenML, "must be understood"},
		{`[{"n":"a","v":1,"bver":0}]`, ReasonSenML, "integer from 1 to 10"},
		{`[{"n":"a","v":1,"bver":11}]`, ReasonSenML, "integer from 1 to 10"},
		{`[{"n":"a","v":1,"bver":5.5}]`, ReasonSenML, "integer from 1 to 10"},
		{`[{"n":"a","v":1,"bver":5},{"n":"a","v":1,"bver":6}]`, ReasonSenML, "the version is 6 after records of version 5"},
		{`[{"n":"a","v":1},{"n":"a","v":1,"bver":5}]`, ReasonSenML, "the version is 5 after records of version 10"},
		{`[{"n":"a","v":"1"}]`, ReasonSenML, `record 0, "v": v must be a number`},
		{`[{"n":"a","v":null}]`, ReasonSenML, "v must be a number"},
		{`[{"n":"a","vb":1}]`, ReasonSenML, "vb must be true or false"},
		{`[{"n":1,"v":1}]`, ReasonSenML, "n must be a string"},
		{`[{"n":"a","vd":"a+b/"}]`, ReasonValue, "is not base64url"},
		{`[{"n":"a","vd":"_-8=="}]`, ReasonValue, "is not base64url"},
		{`[{"n":"a","vd":"_-9"}]`, ReasonValue, "is not base64url"},
		{`[{"n":"a","vd":"_-\n8"}]`, ReasonValue, "is not base64url"},
		{`[{"n":"a","v":1e309}]`, ReasonValue, "beyond float64's range"},
		{`[{"n":"a","bv":1.7e308,"v":1.7e308}]`, ReasonValue, "beyond float64's range"},
		{`[{"n":"a","bs":-1.7e308,"s":-1.7e308}]`, ReasonValue, "the sum is beyond float64's range"},
		{`[{"n":"a","v":NaN}]`, ReasonSenML + ReasonJSON, ""},
		{`[{"n":"a","v":1,"v":1}]`, ReasonJSON, `key "v" stands twice`},
		{`[{"n":"a","v":1,"x":1,"x":1}]`, ReasonJSON, `key "x" stands twice`},
		{`[{"n":"a","v":1,"x":{"y":1,"y":1}}]`, ReasonJSON, `key "y" stands twice`},
		{`[{"n":"a","v":1}] x`, ReasonJSON, "1 bytes follow the end"},
		{`[{"n":"a","v":1},]`, ReasonSenML, "a record must be an object"},
		{`[{"n":"a","v":1},7]`, ReasonSenML, "record 1: a record must be an object"},
		{`[7,{"n":"a","v":1}]`, ReasonSenML, "record 0: a record must be an object"},
		{`[{"x":1},{"y":{"n":1}},{"v":1}]`, ReasonSenML, "record 0: the record carries nothing"},
		{`[{"n":"a","u":"` + strings.Repeat("x", 257) + `","v":1}]`, ReasonName, "unit"},
		{`[{"n":"a","t":1498866580,"v":1}]`, ReasonTime, "more than 24h0m0s ahead of its receipt at 2017-06-29T23:49:39Z"},
		{`[{"n":"a","t":1498780179000,"v":1}]`, ReasonTime, "looks like milliseconds"},
		{`[{"n":"a","t":1498780179000000000,"v":1}]`, ReasonTime, "looks like nanoseconds"},
		{`[{"n":"a","t":-1e11,"v":1}]`, ReasonTime, "outside the years 1678 to 2262"},
		{`[{"n":"a","ut":1e11,"v":1}]`, ReasonTime, "update time"},
		{`[{"n":"a","v":1,"x":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}]`, ReasonLimit, "nested deeper than 32"},
		{`[` + strings.Repeat(`{"n":"a","v":1},`, 10000) + `{"n":"a","v":1}]`, ReasonLimit, "more than 10000 records"},
		{"[{\"n\":\"a\",\"vs\":\"\xff\"}]", ReasonJSON, "byte 0xff is not UTF-8"},
		{`[{"n":"a","vs":"\ud800"}]`, ReasonJSON, "not an escape for a character"},
	}
	d := newDecoder(Config{})
	for _, tt := range tests {
		dst := []ingest.Sample{{Number: 42}}
		got, err := d.DecodeRoute(dst, route, []byte(tt.pack), received)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%.80s: error %v", tt.pack, err)
			continue
		}
		if !strings.Contains(tt.reason, e.Reason()) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%.80s:\n got %s: %v\nwant %s: %s", tt.pack, e.Reason(), err, tt.reason, tt.text)
		}
		if len(got) != 1 || got[0].Number != 42 {
			t.Errorf("%.80s: dst came back as %v", tt.pack, got)
		}
	}
	for pinned, payload := range map[string]string{ingest.FormatSenMLJSON: "[]", ingest.FormatSenMLCBOR: "\x80"} {
		r := route
		r.Format = pinned
		if _, err := d.DecodeRoute(nil, r, []byte(payload), received); err == nil || !strings.Contains(err.Error(), "no records") {
			t.Errorf("empty %s pack: %v", pinned, err)
		}
	}
}
