package export

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"decant/engine/export/request"
)

func TestFileNames(t *testing.T) {
	long := strings.Repeat("ä", 150)
	for _, c := range []struct {
		format request.Format
		items  []string
		want   []string
	}{
		{request.Format{Extension: "csv"}, []string{""}, []string{"c-events.data.csv"}},
		{request.Format{Extension: "csv", Filename: "x"}, []string{"", "y", ""}, []string{"x.csv", "y.csv", "x-2.csv"}},
		{request.Format{Extension: "csv"}, []string{"A", "a", "a-2"}, []string{"A.csv", "a-2.csv", "a-2-2.csv"}},
		{request.Format{Extension: "csv"}, []string{"Ä", "A\u0308"}, []string{"Ä.csv", "A\u0308-2.csv"}},
		{request.Format{Extension: "csv"}, []string{"report.CSV", "a.b"}, []string{"report.csv", "a.b.csv"}},
		{request.Format{Extension: "csv", Compression: "gzip"}, []string{"x.csv", "y.csv.gz"}, []string{"x.csv.gz", "y.csv.gz"}},
		{request.Format{Extension: "jsonl", Compression: "zstd"}, []string{"x"}, []string{"x.jsonl.zst"}},
		{request.Format{Extension: "parquet", Compression: "zstd"}, []string{"x"}, []string{"x.parquet"}},
		{request.Format{Extension: "csv"}, []string{"../../etc/passwd", `a\b:c`, "tab\there", "\u202egnp"}, []string{"_.._etc_passwd.csv", "a_b_c.csv", "tab_here.csv", "_gnp.csv"}},
		{request.Format{Extension: "csv"}, []string{"con", "COM1.x", "lpt²", "console", "nul .a"}, []string{"_con.csv", "_COM1.x.csv", "_lpt².csv", "console.csv", "_nul .a.csv"}},
		{request.Format{Extension: "csv"}, []string{"...", " . "}, []string{"export.csv", "export-2.csv"}},
		{request.Format{Extension: "csv"}, []string{long, long}, []string{strings.Repeat("ä", 98) + ".csv", strings.Repeat("ä", 97) + "-2.csv"}},
	} {
		r := &request.Request{Format: c.format}
		for _, name := range c.items {
			r.Items = append(r.Items, request.Item{Filename: name, Channel: "c", Subtopic: "events.data"})
		}
		if got := fileNames(r); !slices.Equal(got, c.want) {
			t.Errorf("%q are named %q, want %q", c.items, got, c.want)
		}
	}
}

func TestFileNamesAreSafe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &request.Request{Format: request.Format{Extension: "csv"}}
		for _, name := range rapid.SliceOfN(rapid.String(), 1, 5).Draw(t, "names") {
			r.Items = append(r.Items, request.Item{Filename: name, Channel: "c", Subtopic: "s"})
		}
		seen := map[string]bool{}
		for _, name := range fileNames(r) {
			if len(name) > maxFileName || !utf8.ValidString(name) || strings.ContainsAny(name, "/\\:\x00\n") || strings.HasPrefix(name, ".") {
				t.Errorf("%q is no safe name", name)
			}
			if seen[strings.ToLower(name)] {
				t.Errorf("%q comes twice", name)
			}
			seen[strings.ToLower(name)] = true
		}
	})
}

// Naming very many items alike takes time with their number, not its square: with the square this test wouldn't end.
func TestManyEqualNames(t *testing.T) {
	r := &request.Request{Format: request.Format{Extension: "csv"}, Items: make([]request.Item, 100_000)}
	for i := range r.Items {
		r.Items[i].Filename = "meter"
	}
	names := fileNames(r)
	for _, c := range []struct {
		item int
		want string
	}{{0, "meter.csv"}, {1, "meter-2.csv"}, {99_999, "meter-100000.csv"}} {
		if names[c.item] != c.want {
			t.Errorf("item %d: %s, want %s", c.item, names[c.item], c.want)
		}
	}
}
