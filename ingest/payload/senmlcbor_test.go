package payload

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"decant/ingest"
)

// toCBOR writes a SenML JSON pack as SenML CBOR, by another library.
func toCBOR(t interface{ Fatal(...any) }, pack []byte) []byte {
	dec := json.NewDecoder(bytes.NewReader(pack))
	dec.UseNumber()
	var records []map[string]any
	if err := dec.Decode(&records); err != nil {
		t.Fatal(err)
	}
	out := []map[any]any{}
	for _, r := range records {
		m := map[any]any{}
		for key, value := range r {
			var k any = key
			for i, l := range integerLabels {
				if l.String() == key {
					k = i + lowestLabel
				}
			}
			switch v := value.(type) {
			case json.Number:
				value = cborNumber(t, v.String())
			case string:
				if key == "vd" {
					data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(v, "="))
					if err != nil {
						t.Fatal(err)
					}
					value = data
				}
			}
			m[k] = value
		}
		out = append(out, m)
	}
	b, err := cbor.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// cborNumber is a JSON number as a double where that says the same, else as a decimal fraction.
func cborNumber(t interface{ Fatal(...any) }, text string) any {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := new(big.Rat).SetString(text)
	if short, _ := new(big.Rat).SetString(strconv.FormatFloat(f, 'e', -1, 64)); short.Cmp(want) == 0 {
		return f
	}
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	var e int64
	if exponent != "" {
		if err := json.Unmarshal([]byte(strings.TrimPrefix(exponent, "+")), &e); err != nil {
			t.Fatal(err)
		}
	}
	if i := strings.IndexByte(mantissa, '.'); i >= 0 {
		e -= int64(len(mantissa) - i - 1)
		mantissa = mantissa[:i] + mantissa[i+1:]
	}
	n, ok := new(big.Int).SetString(mantissa, 10)
	if !ok {
		t.Fatal("mantissa", mantissa)
	}
	return cbor.Tag{Number: 4, Content: []any{e, *n}}
}

// A pack says the same in JSON and in CBOR.
func TestJSONAndCBORAgree(t *testing.T) {
	d := newDecoder(Config{})
	number := rapid.OneOf(
		rapid.StringMatching(`-?(0|[1-9][0-9]{0,4})(\.[0-9]{1,4})?`),
		rapid.StringMatching(`[1-9][0-9]{15,22}(\.[0-9]{1,12})?`),
		rapid.StringMatching(`-?[1-9](\.[0-9]{1,3})?e-?[1-9][0-9]?`),
	)
	rapid.Check(t, func(t *rapid.T) {
		var pack bytes.Buffer
		pack.WriteString(`[{"bn":"a:","bver":10}`)
		for range rapid.IntRange(1, 6).Draw(t, "records") {
			pack.WriteString(`,{"n":"x"`)
			for _, field := range []string{"bt", "bv", "bs", "s", "t", "ut"} {
				if rapid.Bool().Draw(t, field) {
					text := number.Draw(t, field)
					if field == "t" || field == "bt" || field == "ut" {
						text = rapid.StringMatching(`-?[1-9][0-9]{0,8}(\.[0-9]{1,12})?`).Draw(t, field)
					}
					pack.WriteString(`,"` + field + `":` + text)
				}
			}
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				pack.WriteString(`,"v":` + number.Draw(t, "v"))
			case 1:
				text, _ := json.Marshal(rapid.String().Draw(t, "vs"))
				pack.Write(append([]byte(`,"vs":`), text...))
			case 2:
				pack.WriteString(`,"vb":true`)
			case 3:
				pack.WriteString(`,"vd":"` + base64.RawURLEncoding.EncodeToString(rapid.SliceOf(rapid.Byte()).Draw(t, "vd")) + `"`)
			}
			pack.WriteString(`,"other":[1,null]}`)
		}
		pack.WriteByte(']')
		inJSON, errJSON := d.DecodeRoute(nil, route, pack.Bytes(), received)
		inCBOR, errCBOR := d.DecodeRoute(nil, route, toCBOR(t, pack.Bytes()), received)
		if (errJSON == nil) != (errCBOR == nil) {
			t.Fatalf("%s\nJSON: %v\nCBOR: %v", pack.Bytes(), errJSON, errCBOR)
		}
		if diff := cmp.Diff(inJSON, inCBOR); diff != "" {
			t.Fatalf("%s\n%s", pack.Bytes(), diff)
		}
	})
}

func TestCBORForms(t *testing.T) {
	const name = "00 61 61" // n: "a"
	tests := map[string]struct{ hex, want string }{
		"array":                          {"81 a2 " + name + " 02 01", "a||now+0|1||"},
		"tag 55799":                      {"d9d9f7 81 a2 " + name + " 02 01", "a||now+0|1||"},
		"bare map":                       {"a2 " + name + " 02 01", "a||now+0|1||"},
		"tagged bare map":                {"d9d9f7 a2 " + name + " 02 01", "a||now+0|1||"},
		"indefinite array and map":       {"9f bf " + name + " 02 01 ff ff", "a||now+0|1||"},
		"indefinite text":                {"81 a2 00 7f 61 61 60 61 62 ff 02 01", "ab||now+0|1||"},
		"text labels":                    {"81 a2 61 6e 61 61 61 76 01", "a||now+0|1||"},
		"base labels":                    {"81 a8 00 61 61 21 62 62 3a 22 05 23 61 56 24 01 25 02 20 0a 02 01", "b:a|V|now+5000000000|2|2|"},
		"negative":                       {"81 a2 " + name + " 02 38 63", "a||now+0|-100||"},
		"largest unsigned":               {"81 a2 " + name + " 02 1b ffffffffffffffff", "a||now+0|1.8446744073709552e+19||"},
		"smallest negative":              {"81 a2 " + name + " 02 3b ffffffffffffffff", "a||now+0|-1.8446744073709552e+19||"},
		"half":                           {"81 a2 " + name + " 02 f9 3e00", "a||now+0|1.5||"},
		"half subnormal":                 {"81 a2 " + name + " 02 f9 0001", "a||now+0|5.960464477539063e-08||"},
		"half minus zero":                {"81 a2 " + name + " 02 f9 8000", "a||now+0|0||"},
		"single is widened":              {"81 a2 " + name + " 02 fa 3dcccccd", "a||now+0|0.10000000149011612||"},
		"double":                         {"81 a2 " + name + " 02 fb 3fb999999999999a", "a||now+0|0.1||"},
		"doubles add as decimals":        {"81 a3 " + name + " 24 fb 3fb999999999999a 02 fb 3fc999999999999a", "a||now+0|0.3||"},
		"decimal fraction":               {"81 a2 " + name + " 02 c4 82 21 19 6ab3", "a||now+0|273.15||"},
		"decimal fraction, indefinite":   {"81 a2 " + name + " 02 c4 9f 21 19 6ab3 ff", "a||now+0|273.15||"},
		"decimal fraction with bignum":   {"81 a2 " + name + " 02 c4 82 34 c2 49 010000000000000000", "a||now+0|0.01844674407370955||"},
		"decimal fraction of zero":       {"81 a2 " + name + " 02 c4 82 1b 7fffffffffffffff 00", "a||now+0|0||"},
		"tiny decimal fraction":          {"81 a2 " + name + " 02 c4 82 3b ffffffffffffffff 01", "a||now+0|0||"},
		"bignum":                         {"81 a2 " + name + " 02 c2 49 010000000000000000", "a||now+0|1.8446744073709552e+19||"},
		"negative bignum":                {"81 a2 " + name + " 02 c3 49 010000000000000000", "a||now+0|-1.8446744073709552e+19||"},
		"bignum in chunks, leading zero": {"81 a2 " + name + " 02 c2 5f 41 00 41 07 ff", "a||now+0|7||"},
		"bool":                           {"81 a2 " + name + " 04 f5", "a||now+0|true||"},
		"bytes":                          {"81 a2 " + name + " 08 42 00ff", "a||now+0|00ff||"},
		"bytes in chunks":                {"81 a2 " + name + " 08 5f 41 00 41 ff ff", "a||now+0|00ff||"},
		"unknown labels":                 {"81 a4 " + name + " 02 01 18 63 f6 63 666f6f a2 01 02 f4 80", "a||now+0|1||"},
		"sum and update time":            {"81 a3 " + name + " 05 07 07 01", "a||now+0||7|1000000000"},
		"time as a double":               {"81 a3 " + name + " 02 01 06 fb 41d303a15b001062", "a||1276020076001000000|1||"},
	}
	d := newDecoder(Config{})
	for what, tt := range tests {
		payload, err := hex.DecodeString(strings.ReplaceAll(tt.hex, " ", ""))
		if err != nil {
			t.Fatal(what, err)
		}
		got, err := d.DecodeRoute(nil, route, payload, received)
		if err != nil || len(got) != 1 || brief(got[0]) != tt.want {
			t.Errorf("%s: %v %v, want %s", what, got, err, tt.want)
		}
	}
}

func TestCBORRefuses(t *testing.T) {
	const name = "00 61 61"
	tests := []struct{ hex, reason, text string }{
		{"81 a2 " + name + " 02 01 00", ReasonCBOR, "1 bytes follow the end"},
		{"81 a2 " + name + " 02", ReasonCBOR, "ends inside an item"},
		{"9f a2 " + name + " 02 01", ReasonCBOR, "ends inside an item"},
		{"9b ffffffffffffffff", ReasonCBOR, "ends inside an item"},
		{"81 a2 " + name + " 02 7b ffffffffffffffff", ReasonCBOR, "ends inside an item"},
		{"81 a3 " + name + " 02 01 02 01", ReasonCBOR, "a label stands twice"},
		{"81 a3 " + name + " 02 01 61 76 01", ReasonCBOR, "a label stands twice"},
		{"81 a4 " + name + " 02 01 18 63 01 19 0063 01", ReasonCBOR, "a label stands twice"},
		{"81 a3 " + name + " 02 01 61 78 a2 01 00 1801 00", ReasonCBOR, "a key stands twice in one map"},
		{"81 a2 " + name + " 02 f9 7e00", ReasonValue, "beyond float64's range"},
		{"81 a2 " + name + " 02 fa 7f800000", ReasonValue, "beyond float64's range"},
		{"81 a2 " + name + " 02 c4 82 1a 3b9aca00 01", ReasonValue, "beyond float64's range"},
		{"81 a2 " + name + " 02 c5 82 01 01", ReasonSenML, "v must be an integer, a float or a decimal fraction"},
		{"81 a2 " + name + " 02 61 31", ReasonSenML, "v must be an integer"},
		{"81 a2 " + name + " 02 f5", ReasonSenML, "v must be an integer"},
		{"81 a2 " + name + " 02 c4 83 00 01 01", ReasonCBOR, "must be an array of exponent and mantissa"},
		{"81 a2 " + name + " 04 f6", ReasonSenML, "vb must be true or false"},
		{"81 a2 " + name + " 08 61 61", ReasonSenML, "vd must be a byte string"},
		{"81 a2 00 41 61 02 01", ReasonSenML, "n must be a text"},
		{"81 a2 00 61 ff 02 01", ReasonCBOR, "not UTF-8"},
		{"81 a3 " + name + " 02 01 62 785f 00", ReasonSenML, "the label ends in _"},
		{"81 a3 " + name + " 02 01 f5 00", ReasonSenML, "a label must be an integer or a text"},
		{"82 a2 " + name + " 02 01 01", ReasonSenML, "record 1: a record must be a map"},
		{"81 a2 " + name + " 02 1c", ReasonCBOR, "reserved byte"},
		{"81 a2 " + name + " 02 1f", ReasonCBOR, "indefinite length"},
		{"81 a3 " + name + " 02 01 61 78 f8 14", ReasonCBOR, "simple value below 32"},
		{"81 a3 " + name + " 02 01 61 78 ff", ReasonCBOR, "break without"},
		{"81 a3 " + name + " 02 01 61 78" + strings.Repeat(" 81", 40) + " 00", ReasonLimit, "nested deeper than 32"},
		{"81 a3 " + name + " 02 01 61 78" + strings.Repeat(" c1", 40) + " 00", ReasonLimit, "nested deeper than 32"},
		{"d9d9f7 01", ReasonCBOR, "neither an array of SenML records nor a record"},
		{"80", ReasonSenML, "no records"},
	}
	d := newDecoder(Config{})
	for _, tt := range tests {
		payload, err := hex.DecodeString(strings.ReplaceAll(tt.hex, " ", ""))
		if err != nil {
			t.Fatal(tt.hex, err)
		}
		_, err = d.DecodeRoute(nil, route, payload, received)
		var e *Error
		if !errors.As(err, &e) || e.Reason() != tt.reason || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s:\n got %v\nwant %s: %s", tt.hex, err, tt.reason, tt.text)
		}
	}
}

func FuzzCBOR(f *testing.F) {
	for _, name := range []string{"ex3.cbor", "ex5.cbor"} {
		b, err := seedFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, s := range []string{"9fbf006161027f6161ffffff", "81a2006161c48221196ab3", "a2006161025f4100ff", "81a30061610201617881ff"} {
		b, _ := hex.DecodeString(s)
		f.Add(b)
	}
	d := newDecoder(Config{})
	pinned := route
	pinned.Format = ingest.FormatSenMLCBOR
	f.Fuzz(func(t *testing.T, b []byte) {
		samples, err := d.DecodeRoute(nil, pinned, b, received)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Error() == "" || samples != nil {
				t.Fatalf("%v with %d samples", err, len(samples))
			}
			return
		}
		checkSamples(t, samples)
		if err := cbor.Wellformed(b); err != nil {
			t.Fatalf("took what is not CBOR: %v", err)
		}
	})
}
