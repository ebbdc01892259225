package access

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCallerMay(t *testing.T) {
	reader := Caller{Scopes: []Scope{Read, List}}
	admin := Caller{Scopes: []Scope{Admin}}
	for _, s := range Scopes {
		if got, want := reader.May(s), s == Read || s == List; got != want {
			t.Errorf("a reader may %s: %v", s, got)
		}
		if !admin.May(s) {
			t.Errorf("an administrator may not %s", s)
		}
		if (Caller{}).May(s) {
			t.Errorf("a caller without scopes may %s", s)
		}
	}
	if reader.Admin() || !admin.Admin() {
		t.Error("who is an administrator")
	}
}

func TestCallerSees(t *testing.T) {
	for _, c := range []struct {
		globs   []string
		channel string
		want    bool
	}{
		{nil, "any", true},
		{[]string{}, "any", false},
		{[]string{"plant-*"}, "plant-1/line/2", true},
		{[]string{"plant-*"}, "Plant-1", false},
		{[]string{"plant-*"}, "a plant-1", false},
		{[]string{"a", "b"}, "b", true},
		{[]string{"*"}, "", true},
		{[]string{"plant-[12]"}, "plant-2", false},
		{[]string{"plant-[12]"}, "plant-[12]", true},
		{[]string{`a\[`}, "a[", false},
		{[]string{`\*`}, "*", true},
		{[]string{`\*`}, "a", false},
		{[]string{"a/?"}, "a//", true},
		{[]string{"?"}, "é", true},
		{[]string{"["}, "[", true},
		{[]string{`[\`}, `[\`, false},
	} {
		if got := (Caller{Scopes: []Scope{Admin}, Channels: c.globs}).Sees(c.channel); got != c.want {
			t.Errorf("%q sees %q: %v", c.globs, c.channel, got)
		}
	}
}

func TestCheckChannels(t *testing.T) {
	if err := CheckChannels([]string{"*", "a?", "[ab]", `\?\*\\`}); err != nil {
		t.Error(err)
	}
	for _, glob := range []string{"", `a\`, `\a`, `\[a`} {
		if err := CheckChannels([]string{"fine", glob}); err == nil {
			t.Errorf("%q is taken", glob)
		}
	}
}

// TestMatch holds Match to a matcher that tries every way.
func TestMatch(t *testing.T) {
	var reference func(glob, text string) bool
	reference = func(glob, text string) bool {
		switch {
		case glob == "":
			return text == ""
		case glob[0] == '*':
			return reference(glob[1:], text) || text != "" && reference(glob, text[1:])
		case text == "":
			return false
		}
		return (glob[0] == '?' || glob[0] == text[0]) && reference(glob[1:], text[1:])
	}
	rapid.Check(t, func(t *rapid.T) {
		glob := rapid.StringOfN(rapid.RuneFrom([]rune("ab/[]-^*?")), 1, 8, -1).Draw(t, "glob")
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab/[]-^")), 0, 8, -1).Draw(t, "text")
		if got, want := Match(glob, text), reference(glob, text); got != want {
			t.Fatalf("%q matches %q: %v, want %v", glob, text, got, want)
		}
	})
}

// TestMatchIsQuick: a glob that comes with a query must not keep a processor busy. A matcher that tries every way would not come back.
func TestMatchIsQuick(t *testing.T) {
	if Match(strings.Repeat("a*", 500)+"b", strings.Repeat("a", 5000)) {
		t.Error("it matches")
	}
}
