package main

import (
	"bytes"
	"testing"
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
