package payload

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"unicode/utf8"

	"decant/ingest"
)

func seedFile(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join("testdata", "senml", name))
}

// newDecoder makes a Decoder of a configuration that is known to be valid.
func newDecoder(c Config) *Decoder {
	d, err := New(c)
	if err != nil {
		panic(err)
	}
	return d
}

// checkSamples makes sure of what every sample promises, whatever the payload was.
func checkSamples(t *testing.T, samples []ingest.Sample) {
	t.Helper()
	for _, s := range samples {
		if err := ingest.CheckID("name", s.Series.Name); err != nil {
			t.Fatal(err)
		}
		if s.Time < ingest.MinTime || s.Time > ingest.MaxTime {
			t.Fatalf("time %d", s.Time)
		}
		for _, f := range []float64{s.Number, s.Sum} {
			if math.IsNaN(f) || math.IsInf(f, 0) || f == 0 && math.Signbit(f) {
				t.Fatalf("number %v", f)
			}
		}
		if s.Kind == ingest.KindString && !utf8.ValidString(s.Text) {
			t.Fatalf("text %q", s.Text)
		}
		if s.Kind == ingest.KindNone && !s.HasSum {
			t.Fatal("a sample without value and sum")
		}
	}
}

// FuzzDecode: nothing panics, errors are typed, samples are sane; and a pack that is taken is taken again with the same result.
func FuzzDecode(f *testing.F) {
	for _, name := range []string{"ex1.json", "ex3.json", "ex7.json", "ex8.json", "ex3.cbor"} {
		b, err := seedFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, s := range []string{`{"t":1,"m":{"publisher":"p"},"a":1}`, `{"time":"2026-01-01T00:00:00Z","a":{"b":[1,true,null]}}`, `12.5`, `true`, `on`, `"x"`, `[{"a":1}]`} {
		f.Add([]byte(s))
	}
	d := newDecoder(Config{PublisherTag: "publisher"})
	named := route
	named.Name, named.HasName = "temp", true
	f.Fuzz(func(t *testing.T, b []byte) {
		samples, err := d.DecodeRoute(nil, named, b, received)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Reason() == "" || samples != nil {
				t.Fatalf("%v with %d samples", err, len(samples))
			}
			return
		}
		checkSamples(t, samples)
		again, err := d.DecodeRoute(nil, named, b, received)
		if err != nil || len(again) != len(samples) {
			t.Fatalf("the second time: %d samples, %v", len(again), err)
		}
	})
}

// FuzzJSON compares what the scanner takes with what encoding/json takes, apart from what is stricter here on purpose.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,-0.5e+10,"x\u00e9\ud83d\ude00",null,true,false,{}]}`, `01`, `1e400`, `.5`, `nan`, "\"\x01\"", `[1,]`, `{"a":1,"a":2}`,
		`"\ud800"`, ` [ ] `, `{"a" : {"b":[[]]}}x`, `-`, `"\x"`, "\"\xff\"", `1.`, `1e`, `{"a"}`, `{1:2}`, `tru`, `"\u12"`, `"\udc00\ud800"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		const depth = 500
		var s scanner
		err := s.open(b, depth)
		if err == nil {
			if err = s.skip(); err == nil {
				err = s.end()
			}
		}
		var e *Error
		if errors.As(err, &e) && e.Reason() == ReasonLimit {
			return // depth, and numbers of more than 1024 bytes
		}
		if want := strictJSON(b); (err == nil) != (want == nil) {
			t.Fatalf("%q:\nscanner: %v\nreference: %v", b, err, want)
		}
	})
}

// A half of a surrogate pair, found by taking pairs away first.
var (
	pair      = regexp.MustCompile(`\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}`)
	surrogate = regexp.MustCompile(`\\u[dD][89a-fA-F][0-9a-fA-F]{2}`)
	backslash = regexp.MustCompile(`\\[^u]`)
)

// strictJSON is the slow, obvious reference.
func strictJSON(b []byte) error {
	if !utf8.Valid(b) {
		return errors.New("not UTF-8")
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil { // also what float64 can't hold
		return err
	}
	if surrogate.Match(pair.ReplaceAll(backslash.ReplaceAll(b, nil), nil)) {
		return errors.New("half a surrogate pair")
	}
	return uniqueKeys(json.NewDecoder(bytes.NewReader(b)))
}

// uniqueKeys walks through the tokens of valid JSON.
func uniqueKeys(dec *json.Decoder) error {
	var open []map[string]bool // nil for an array
	isKey := false
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if key, ok := token.(string); ok && isKey {
			if open[len(open)-1][key] {
				return errors.New("duplicate key " + key)
			}
			open[len(open)-1][key] = true
			isKey = false
			continue
		}
		switch token {
		case json.Delim('{'):
			open = append(open, map[string]bool{})
		case json.Delim('['):
			open = append(open, nil)
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		isKey = len(open) > 0 && open[len(open)-1] != nil
	}
}
