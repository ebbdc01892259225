package client

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

func TestParseRequests(t *testing.T) {
	for _, tt := range []struct {
		text    string
		n       int
		several bool
		ok      bool
	}{
		{`{"a": 1}`, 1, false, true},
		{"\ufeff{}", 1, false, true},
		{`[{"a": 1}]`, 1, true, true},
		{`[{}, {}]`, 2, true, true},
		{"{}\n{}\n\n{}\n", 3, true, true},
		{`[]`, 0, true, true},
		{``, 0, false, false},
		{`null`, 0, false, false},
		{`[1]`, 0, false, false},
		{`[{}] {}`, 0, false, false},
		{`{} [{}]`, 0, false, false},
		{`{"a": }`, 0, false, false},
		{`{} x`, 0, false, false},
	} {
		all, several, err := ParseRequests([]byte(tt.text))
		if (err == nil) != tt.ok || err == nil && (len(all) != tt.n || several != tt.several) {
			t.Errorf("%q: %d requests, several %t, %v", tt.text, len(all), several, err)
		}
	}
}

// TestRequestKeepsText: order, numbers and doubled fields stay, so that the service judges what was written.
func TestRequestKeepsText(t *testing.T) {
	text := `{"z":1.50,"a":{"y":"<&>","x":null},"z":[1e400]}`
	r, err := ParseRequest([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(r.JSON()); got != text {
		t.Errorf("%s", got)
	}
	if got := string(r.With("a", "b").JSON()); got != `{"z":1.50,"a":"b","z":[1e400]}` {
		t.Errorf("%s", got)
	}
	if got := string(r.With("id", "b").Without("z").JSON()); got != `{"id":"b","a":{"y":"<&>","x":null}}` {
		t.Errorf("%s", got)
	}
	if got := string(r.JSON()); got != text {
		t.Errorf("the request itself changed: %s", got)
	}
}

// FuzzParseRequests: what is taken means what encoding/json reads from it, and reads back to the same.
func FuzzParseRequests(f *testing.F) {
	for _, s := range []string{`{"a":1}`, `[{"a":[1,{"b":"\u0000"}]},{}]`, "{}\n{}", "\ufeff{}", `{"a":1,"a":2}`, `[`, `{"\ud800":1}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		all, _, err := ParseRequests(data)
		if err != nil {
			return
		}
		for _, r := range all {
			text := r.JSON()
			again, err := ParseRequest(text)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if !bytes.Equal(again.JSON(), text) {
				t.Errorf("%s became %s", text, again.JSON())
			}
			if !json.Valid(text) || !json.Valid(r.Indented()) || !reflect.DeepEqual(decoded(text), decoded(r.Indented())) {
				t.Errorf("%s and %s differ", text, r.Indented())
			}
		}
	})
}
