package payload

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"pgregory.net/rapid"
)

// A key that stands twice is found among few and among many, in nested objects and behind them.
func TestDuplicateKeysProperty(t *testing.T) {
	d := newDecoder(Config{})
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "keys")
		twice := rapid.IntRange(-1, n-1).Draw(t, "twice") // -1: none
		nested := rapid.Bool().Draw(t, "nested")
		var members []string
		for i := range n {
			members = append(members, fmt.Sprintf(`"k%d":{"a":1,"b":{"a":2}}`, i))
		}
		if twice >= 0 {
			members = append(members, fmt.Sprintf(`"\u006b%d":0`, twice)) // escaped: the same key all the same
		}
		object := "{" + strings.Join(members, ",") + "}"
		if nested {
			object = `{"x":[` + object + `],"k0":1}`
		}
		_, err := d.DecodeRoute(nil, route, []byte(object), received)
		if twice < 0 != (err == nil) || err != nil && !strings.Contains(err.Error(), fmt.Sprintf(`key "k%d" stands twice`, twice)) {
			t.Fatalf("%s: %v", object, err)
		}
	})
}

func TestManyCBORKeys(t *testing.T) {
	d := newDecoder(Config{})
	unknown := map[any]any{}
	for i := range 40 {
		unknown[i] = i
		unknown[fmt.Sprint(i)] = i
		unknown[float64(i)+0.5] = []any{true, nil, -1.5}
	}
	pack, err := cbor.Marshal([]any{map[any]any{0: "a", 2: 1, 99: unknown, "other": unknown}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := d.DecodeRoute(nil, route, pack, received); err != nil || len(got) != 1 {
		t.Fatalf("%v %v", got, err)
	}
	// {0: "a", 2: 1, "x": {0: 0, 1: 0, … 39: 0, 7: 0}}, the last 7 not in its shortest form
	pack = []byte("\x81\xa3\x00\x61a\x02\x01\x61x\xb8\x29")
	for i := range 40 {
		pack = append(pack, 0x18, byte(i), 0)
	}
	pack = append(pack, 0x19, 0, 7, 0)
	if _, err := d.DecodeRoute(nil, route, pack, received); err == nil || !strings.Contains(err.Error(), "a key stands twice in one map") {
		t.Errorf("got %v", err)
	}
}
