package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTable(t *testing.T) {
	table := table{columns: []string{"id", "topic"}}
	table.add(1, "a\tb\x1b[31m\n")
	table.add(2, "")
	table.add(3, "кан\"ал")
	for _, c := range []struct {
		json bool
		want string
	}{
		{false, "id  topic\n1   a\\tb\\x1b[31m\\n\n2   -\n3   кан\"ал\n"},
		{true, "[\n  {\"id\": 1, \"topic\": \"a\\tb\\u001b[31m\\n\"},\n  {\"id\": 2, \"topic\": \"\"},\n  {\"id\": 3, \"topic\": \"кан\\\"ал\"}\n]\n"},
	} {
		var out bytes.Buffer
		if err := table.print(&out, c.json); err != nil {
			t.Fatal(err)
		}
		if out.String() != c.want {
			t.Errorf("JSON %t:\n%q, want\n%q", c.json, out.String(), c.want)
		}
	}
}

func TestShortened(t *testing.T) {
	for text, want := range map[string]string{"": "", "кана": "кана", "канал": "кана…"} {
		if got := shortened(text, 4); got != want {
			t.Errorf("shortened(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestFit: a line fits the terminal while the column has anything to give, the others stay as they are, and all columns begin at the same place
// in every line, however wide characters are.
func TestFit(t *testing.T) {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("ab c→é電力🔋\x1b")), 0, 30, -1)
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfN(rapid.StringMatching("[a-z]{1,8}"), 1, 5).Draw(t, "ids")
		columns := rapid.IntRange(1, 60).Draw(t, "columns")
		table := table{columns: []string{"id", "title", "end"}}
		for _, id := range ids {
			table.add(id, text.Draw(t, "title"), "|")
		}
		table.fit(1, columns)
		var out bytes.Buffer
		if err := table.print(&out, false); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		least := max(len("id"), len(slices.MaxFunc(ids, func(a, b string) int { return len(a) - len(b) }))) + len("title") + len("end") + 2*gap
		end := terminalColumns(lines[0]) - len("end")
		for i, line := range lines {
			if n := terminalColumns(line); n > max(columns, least) {
				t.Errorf("%q takes %d of %d columns", line, n, columns)
			}
			if i > 0 && (!strings.HasPrefix(line, ids[i-1]+" ") || terminalColumns(strings.TrimSuffix(line, "|")) != end) {
				t.Errorf("%q is no row of %s below %q", line, ids[i-1], lines[0])
			}
		}
	})
}

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		text    string
		columns int
		want    string
	}{
		{"", 1, ""}, {"kanal", 5, "kanal"}, {"kanal", 4, "kan…"}, {"kanal", 1, "…"},
		{"電力量", 6, "電力量"}, {"電力量", 5, "電力…"}, {"電力量", 4, "電…"}, {"電力量", 1, "…"},
		{"e\u0301a\u0308", 2, "e\u0301a\u0308"}, {"e\u0301a\u0308u", 2, "e\u0301…"},
	} {
		if got := cut(tt.text, tt.columns); got != tt.want {
			t.Errorf("cut(%q, %d) = %q, want %q", tt.text, tt.columns, got, tt.want)
		}
	}
}
