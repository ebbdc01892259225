package encoding

import (
	"os"
	"strings"
	"testing"
)

// TestPage holds that docs/encoding.md has the pictures of format.go.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../../docs/encoding.md")
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile("format.go")
	if err != nil {
		t.Fatal(err)
	}
	pictures := 0
	for line := range strings.Lines(string(code)) {
		if picture, ok := strings.CutPrefix(line, "//\t"); ok {
			pictures++
			if !strings.Contains(string(page), "\n"+picture) {
				t.Errorf("docs/encoding.md lacks %q", picture)
			}
		}
	}
	if pictures < 40 {
		t.Fatalf("format.go has only %d lines of pictures; the test looks for the wrong ones", pictures)
	}
}
