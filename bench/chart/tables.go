package main

import (
	"fmt"
	"slices"
	"strings"
)

// tables are the parts of the page that are filled in. Each stands between two comments: <!-- begin NAME --> and <!-- end NAME -->.
var tables = []struct {
	name  string
	write func(b *strings.Builder, list []*result)
}{
	{"decimation", func(b *strings.Builder, list []*result) {
		table(b, list, []string{"Roofline", "Decimation"}, "points/s", "of-roofline", "peak-MiB")
	}},
	{"ingest", func(b *strings.Builder, list []*result) {
		table(b, list, []string{"Append", "Ingest"}, "messages/s", "points/s", "of-append", "peak-MiB")
	}},
	{"export", func(b *strings.Builder, list []*result) {
		table(b, list, []string{"Export"}, "rows/s", "points/s", "B/s", "peak-MiB")
	}},
}

// fillIn replaces what stands between the comments, and between those of the machine.
func fillIn(page, machine string, list []*result) (string, error) {
	page, err := between(page, "machine", machine+"\n")
	for _, t := range tables {
		if err != nil {
			return "", err
		}
		var b strings.Builder
		t.write(&b, list)
		page, err = between(page, t.name, b.String())
	}
	return page, err
}

// between puts a text between the two comments of that name.
func between(page, name, text string) (string, error) {
	begin, end := "<!-- begin "+name+" -->\n", "<!-- end "+name+" -->"
	before, rest, found := strings.Cut(page, begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return "", fmt.Errorf("it has no %q, or no %q after it", strings.TrimSpace(begin), end)
	}
	return before + begin + "\n" + text + "\n" + end + after, nil
}

// table prints a row for each result of the kinds, in the order of the text. Roofline and Append are what the others are shares of; those of an export
// are left out, as they are a decimation's.
func table(b *strings.Builder, list []*result, kinds []string, units ...string) {
	fmt.Fprintf(b, "| data | case | cores | %s |\n|---|---|---|%s\n", strings.Join(units, " | "), strings.Repeat("---|", len(units)))
	seen := map[string]bool{} // points of the last kind
	for _, r := range of(list, kinds[len(kinds)-1]) {
		seen[r.points] = true
	}
	for _, r := range list {
		if !slices.Contains(kinds, r.kind) || !seen[r.points] {
			continue
		}
		title := r.title()
		if title == "" {
			title = strings.ToLower(r.kind)
		}
		fmt.Fprintf(b, "| %s | %s | %d |", r.keys["data"], title, r.cores)
		for _, unit := range units {
			cell := ""
			if i, ok := r.interval(unit); ok {
				cell = i.String()
			}
			fmt.Fprintf(b, " %s |", cell)
		}
		b.WriteByte('\n')
	}
}
