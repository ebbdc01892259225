package request

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMatchGlob(t *testing.T) {
	for _, c := range []struct {
		glob, text string
		want       bool
	}{
		{"plant-*", "plant-1/line/2", true},
		{"plant-*", "Plant-1", false},
		{"plant-*", "a plant-1", false},
		{"*", "", true},
		{"", "", true},
		{"", "a", false},
		{"plant-[12]", "plant-2", false},
		{"plant-[12]", "plant-[12]", true},
		{"[", "[", true},
		{"a/?", "a//", true},
		{"?", "é", true},
		{"?", "\xff", true},
		{"\xff", "\ufffd", false},
		{"é", "\xc3", false},
		{`\*`, "*", true},
		{`\*`, "a", false},
		{`\*`, "\u012a", false}, // its lowest byte is a star's
		{`a\[`, "a[", false},
		{`a\[`, `a\[`, false},
		{`[\`, `[\`, false},
		{`*\`, `a\`, false},
	} {
		if got := MatchGlob(c.glob, c.text); got != c.want {
			t.Errorf("%q matches %q: %v", c.glob, c.text, got)
		}
	}
}

// TestGlobs holds globs to regular expressions.
func TestGlobs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		glob := rapid.StringOfN(rapid.RuneFrom([]rune(`ab*?\üß/[`)), 0, 12, -1).Draw(t, "glob")
		text := rapid.StringOfN(rapid.RuneFrom([]rune(`ab*?\üß/[`+"\n")), 0, 12, -1).Draw(t, "text")
		var pattern strings.Builder // the same as a regular expression
		valid := true
		for i, escaped := 0, false; i < len([]rune(glob)); i++ {
			r := []rune(glob)[i]
			switch {
			case escaped:
				valid = valid && strings.ContainsRune(`*?\`, r)
				pattern.WriteString(regexp.QuoteMeta(string(r)))
				escaped = false
			case r == '\\':
				escaped = true
				valid = valid && i+1 < len([]rune(glob))
			case r == '*':
				pattern.WriteString(".*")
			case r == '?':
				pattern.WriteString(".")
			default:
				pattern.WriteString(regexp.QuoteMeta(string(r)))
			}
		}
		if err := CheckGlob(glob); (err == nil) != valid {
			t.Fatalf("CheckGlob(%q) = %v", glob, err)
		}
		want := valid && regexp.MustCompile(`(?s)^`+pattern.String()+`$`).MatchString(text)
		if got := MatchGlob(glob, text); got != want {
			t.Fatalf("MatchGlob(%q, %q) = %v", glob, text, got)
		}
	})
}

// TestGlobOfManyStarsIsQuick: a glob that comes with a query must not keep a processor busy. A matcher that tries every way would not come back.
func TestGlobOfManyStarsIsQuick(t *testing.T) {
	if MatchGlob(strings.Repeat("a*", 2000)+"b", strings.Repeat("a", 4000)) {
		t.Error("there is no b")
	}
}
