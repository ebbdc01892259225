package ingest

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestMatch(t *testing.T) {
	patterns := BuiltIn()
	for _, s := range []string{
		"plant/{channel}/{publisher}/{name} format=scalar",
		"/lines/+/{channel}/{subtopic...}",
		"fixed/{channel}",
	} {
		p, err := ParsePattern(s)
		if err != nil {
			t.Fatal(err)
		}
		if p.String() != s {
			t.Errorf("ParsePattern(%q).String() = %q", s, p)
		}
		patterns = append(patterns, p)
	}
	tests := []struct {
		topic string
		want  Route
		err   string
	}{
		{topic: "channels/c1/messages/events/data", want: Route{Channel: "c1", Subtopic: "events.data"}},
		{topic: "/channels/c1/messages/events/data", want: Route{Channel: "c1", Subtopic: "events.data"}},
		{topic: "channels/c1/messages", want: Route{Channel: "c1"}},
		{topic: "channels/c1/messages/", want: Route{Channel: "c1"}},
		{topic: "channels/c1/messages//a//b/", want: Route{Channel: "c1", Subtopic: "a.b"}},
		{topic: "channels/c1/messages/a%20b/%C3%A9", want: Route{Channel: "c1", Subtopic: "a b.é"}},
		{topic: "channels/c1/messages/a%2Fb/c.d", want: Route{Channel: "c1", Subtopic: "a.b.c.d"}},
		{topic: "channels/c%201/messages/x", want: Route{Channel: "c%201", Subtopic: "x"}},
		{topic: "channels/../messages/x", want: Route{Channel: "..", Subtopic: "x"}},
		{topic: "m/acme/c/c2/power", want: Route{Channel: "c2", Subtopic: "power"}},
		{topic: "plant/c3/boiler/temp", want: Route{Channel: "c3", Publisher: "boiler", Name: "temp", HasName: true, Format: FormatScalar}},
		{topic: "lines/7/c4/a/b", want: Route{Channel: "c4", Subtopic: "a.b"}},
		{topic: "fixed/c5", want: Route{Channel: "c5"}},

		{topic: "fixed/c5/more", err: "matches no pattern; known are channels/{channel}/messages/{subtopic...}, m/"},
		{topic: "//channels/c1/messages/x", err: "matches no pattern"},
		{topic: "channels//messages/x", err: "channel is empty"},
		{topic: "channels/c1/messages/100%", err: "invalid URL escape"},
		{topic: "channels/c1/messages/a%00b", err: "control character"},
		{topic: "channels/c1/messages/%ff", err: "not UTF-8"},
		{topic: "channels/a\u0085b/messages/x", err: "control character"},
		{topic: "channels/" + strings.Repeat("x", 257) + "/messages/x", err: "has 257 bytes; at most 256"},
		{topic: "channels/c1/messages/" + strings.Repeat("x/", 200), err: "has 399 bytes"},
		{topic: "plant/c3//temp", want: Route{Channel: "c3", Name: "temp", HasName: true, Format: FormatScalar}},
		{topic: "plant/c3/boiler/", err: "name is empty"},
	}
	for _, tt := range tests {
		got, err := patterns.Match(tt.topic)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("Match(%q): error %v, want %q", tt.topic, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("Match(%q): %v", tt.topic, err)
		} else if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Match(%q):\n%s", tt.topic, diff)
		}
	}
}

func TestParsePatternRefuses(t *testing.T) {
	for s, want := range map[string]string{
		"":                               "no level is {channel}",
		"a/{name}":                       "no level is {channel}",
		"a/{channel}/#":                  "neither literal nor a placeholder",
		"a/{channel}/dev-{name}":         "filling a whole level",
		"a/{chanel}":                     "neither literal nor a placeholder",
		"{subtopic...}/{channel}":        "must stand at the end",
		"{channel}/{channel}":            "{channel} stands twice",
		"{channel}/{name} format=xml":    "allowed are senml-json, senml-cbor, connhex, json, scalar",
		"{channel}/{subtopic...}/{name}": "must stand at the end",
	} {
		if _, err := ParsePattern(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParsePattern(%q): error %v, want %q", s, err, want)
		}
	}
}

func TestFilters(t *testing.T) {
	want := []string{"channels/+/messages/#", "/channels/+/messages/#", "m/+/c/+/#", "/m/+/c/+/#"}
	if diff := cmp.Diff(want, BuiltIn().Filters()); diff != "" {
		t.Error(diff)
	}
}

// A subtopic is found again under the form in which it was stored, however a request spells it.
func TestSubtopicProperty(t *testing.T) {
	patterns := BuiltIn()
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.StringMatching(`[a-z é%#+]{1,8}`), 0, 5).Draw(t, "parts")
		escaped := make([]string, len(parts))
		for i, p := range parts {
			escaped[i] = url.PathEscape(p)
		}
		r, err := patterns.Match("channels/c/messages/" + strings.Join(escaped, "/"))
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.Join(parts, "."); r.Subtopic != want {
			t.Fatalf("subtopic %q, want %q", r.Subtopic, want)
		}
		if again := Subtopic(r.Subtopic); again != r.Subtopic {
			t.Fatalf("Subtopic(%q) = %q", r.Subtopic, again)
		}
		if slashed := Subtopic("/" + strings.Join(parts, "/")); slashed != r.Subtopic {
			t.Fatalf("slashed form gives %q, want %q", slashed, r.Subtopic)
		}
	})
}
