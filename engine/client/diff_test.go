package client

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func request(t testing.TB, text string) Request {
	t.Helper()
	r, err := ParseRequest([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDiff(t *testing.T) {
	for _, tt := range []struct {
		old, new string
		want     []Difference
	}{
		{`{"a": 1, "b": [1, {"c": "x"}]}`, `{"b": [1.0, {"c": "x", "d": null}], "a": 1}`, nil},
		{`{"enabled": true, "run": "auto", "tags": [], "grace": "PT1M", "backfill": 0, "title": ""}`, `{}`, nil},
		{`{"enabled": true}`, `{"enabled": false}`, []Difference{{"enabled", "", "false"}}},
		{`{"a": {"b": [1, 2]}}`, `{"a": {"b": [1, 3, "<"]}}`, []Difference{{"a.b[1]", "2", "3"}, {"a.b[2]", "", `"<"`}}},
		{`{"a": {"b": 1}}`, `{"a": [1]}`, []Difference{{"a", `{"b":1}`, "[1]"}}},
		{`{"a": true}`, `{}`, []Difference{{"a", "true", ""}}},
		{`{"a": 9007199254740993}`, `{"a": 9007199254740992}`, []Difference{{"a", "9007199254740993", "9007199254740992"}}},
		{`{"a": 1e2}`, `{"a": 100}`, nil},
		{`{"items": [{"fill": null}]}`, `{"items": [{}]}`, []Difference{{"items[0].fill", "null", ""}}},
		{`{"items": [{"fill": null}]}`, `{"items": [{"fill": null}]}`, nil},
		{`{"notification": {"messages": [{"target": "https://hooks.example/a"}]}}`, `{"notification": {"messages": [{"target": "https://hooks.example/b"}]}}`,
			[]Difference{{"notification.messages[0].target", `"https://hooks.example/***"`, `"https://hooks.example/***" (another)`}}},
		{`{"notification": {"messages": [{"target": "a@example.org"}]}}`, `{"notification": {"messages": [{"target": "b@example.org"}]}}`,
			[]Difference{{"notification.messages[0].target", `"a@example.org"`, `"b@example.org"`}}},
	} {
		if diff := cmp.Diff(tt.want, Diff(request(t, tt.old), request(t, tt.new))); diff != "" {
			t.Errorf("%s and %s:\n%s", tt.old, tt.new, diff)
		}
	}
}

// TestDiffHidesAddresses: whoever has a webhook's address can send messages, so it is not shown.
func TestDiffHidesAddresses(t *testing.T) {
	with := request(t, `{"notification": {"messages": [{"medium": "slack", "target": "https://hooks.example/hush"}]}}`)
	for _, d := range slices.Concat(Diff(request(t, `{}`), with), Diff(with, request(t, `{}`)), Diff(request(t, `{"notification": {"messages": []}}`), with)) {
		if strings.Contains(d.Old+d.New, "hush") {
			t.Errorf("%+v", d)
		}
	}
	masked := request(t, `{"notification": {"messages": [{"target": "https://hooks.example/***"}, {"target": "a@example.org"}]}}`)
	if got := masked.Masked(); !slices.Equal(got, []string{"notification.messages[0].target"}) {
		t.Errorf("%v", got)
	}
	if got := with.Masked(); got != nil {
		t.Errorf("%v", got)
	}
}

// TestDiffFindsAll: two values differ where encoding/json reads different values from them, nulls aside, and nowhere else.
func TestDiffFindsAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genObject(3).Draw(t, "a"), genObject(3).Draw(t, "b")
		if rapid.Bool().Draw(t, "same") {
			b = a
		}
		textA, _ := json.Marshal(a)
		textB, _ := json.Marshal(b)
		x, errX := ParseRequest(textA)
		y, errY := ParseRequest(textB)
		if errX != nil || errY != nil {
			t.Fatal(errX, errY)
		}
		same := reflect.DeepEqual(withoutNulls(a), withoutNulls(b))
		if got := Diff(x, y); (len(got) == 0) != same {
			t.Fatalf("%s and %s: %+v", textA, textB, got)
		}
	})
}

func genObject(depth int) *rapid.Generator[map[string]any] {
	return rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "c"}), genValue(depth), 0, 3)
}

func genValue(depth int) *rapid.Generator[any] {
	scalars := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.SampledFrom([]string{"", "x", "é"}).AsAny(), rapid.SampledFrom([]float64{0, 1, 1.5, -2e10}).AsAny(),
	}
	if depth > 0 {
		scalars = append(scalars, rapid.Deferred(func() *rapid.Generator[any] { return genObject(depth - 1).AsAny() }),
			rapid.Deferred(func() *rapid.Generator[any] { return rapid.SliceOfN(genValue(depth-1), 0, 3).AsAny() }))
	}
	return rapid.OneOf(scalars...)
}

// withoutNulls drops what is null: members of objects, and the ends of lists, which a list without them can't be told from.
func withoutNulls(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for name, value := range v {
			if value != nil {
				m[name] = withoutNulls(value)
			}
		}
		return m
	case []any:
		list := []any{}
		for _, value := range v {
			list = append(list, withoutNulls(value))
		}
		for len(list) > 0 && list[len(list)-1] == nil {
			list = list[:len(list)-1]
		}
		return list
	}
	return v
}
