package pdf

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"decant/formats"
	"decant/formats/formatstest"
)

// Every document of the gallery is a PDF file that poppler renders without a complaint. DECANT_PAGES names a folder that keeps the
// pictures, to look at.
func TestPagesRender(t *testing.T) {
	formatstest.Need(t, "pdftoppm")
	for name, s := range gallery(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := os.Getenv("DECANT_PAGES")
			if dir == "" {
				dir = t.TempDir()
			}
			path := filepath.Join(dir, name+".pdf")
			if err := os.WriteFile(path, formatstest.Print(t, Open, s.doc, s.rows), 0o644); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command("pdftoppm", "-png", "-r", "60", "-l", "3", path, filepath.Join(dir, name)).CombinedOutput()
			if err != nil || len(out) > 0 {
				t.Errorf("pdftoppm: %v\n%s", err, out)
			}
			pictures, err := filepath.Glob(filepath.Join(dir, name+"-*.png"))
			if err != nil || len(pictures) == 0 {
				t.Errorf("no pages were rendered: %v", err)
			}
		})
	}
}

// What the table prints is what a reader of the file finds: every number of every row, and the pages' numbers.
func TestTextReadsBack(t *testing.T) {
	for _, name := range []string{"month", "wide", "kinds", "cards"} {
		t.Run(name, func(t *testing.T) {
			s := gallery(t)[name]
			text := readText(t, formatstest.Print(t, Open, s.doc, s.rows))
			pages := strings.Split(strings.TrimSuffix(text, "\f"), "\f")
			found := map[string]int{}
			for i, page := range pages {
				if want := fmt.Sprintf("page %d of %d", i+1, len(pages)); !strings.Contains(page, want) {
					t.Errorf("page %d lacks %q", i+1, want)
				}
				for _, word := range strings.Fields(page) {
					found[word]++
				}
			}
			printer := formats.NewTimePrinter(s.doc.Zone, s.doc.ZoneName, s.doc.Times)
			want := map[string]int{}
			for _, row := range s.rows {
				for i, cell := range row {
					switch cell := cell.(type) {
					case float64:
						want[string(formats.AppendNumber(nil, cell))]++
					case int64:
						if s.doc.Columns[i].Type == formats.Time {
							want[string(printer.Append(nil, cell))]++
						}
					}
				}
			}
			for word, n := range want {
				if found[word] < n {
					t.Errorf("%q stands %d times in the file; the rows have it %d times", word, found[word], n)
				}
			}
		})
	}
}

// Text that looks like one of fpdf's own marks stays text.
func TestMarksStayText(t *testing.T) {
	s := long(formatstest.Document().Zone, "{nb} of {total}", "{nb}", "{nb}", 3, 1e9, func(int) float64 { return 1 })
	text := readText(t, formatstest.Print(t, Open, s.doc, s.rows))
	if n := strings.Count(text, "{nb}"); n < 3*2+2 {
		t.Errorf("{nb} stands %d times in\n%s", n, text)
	}
}

// Characters whose code has a byte that means something in a PDF string: č (0x0D), Ĩ and ĩ (parentheses), Ŝ (a backslash). The first of
// each goes another way to the page than the later ones.
func TestCodesAreEscaped(t *testing.T) {
	const word = `čĨĩŜ(\)`
	s := long(formatstest.Document().Zone, "", "temperature", "Cel", 5, 1e9, func(int) float64 { return 1 })
	for i := range s.rows {
		s.rows[i][1] = word
	}
	if text := readText(t, formatstest.Print(t, Open, s.doc, s.rows)); strings.Count(text, word) != 5 {
		t.Errorf("%s stands in five rows of\n%s", word, text)
	}
}

// A chart says what its line is, where the rows have more than that, and what its band is.
func TestChartLegend(t *testing.T) {
	for _, c := range []struct {
		line string
		band bool
		want string
	}{{"", true, " band: min–max"}, {"avg", true, "avg, band: min–max"}, {"stddev", false, "stddev"}} {
		s := long(formatstest.Document().Zone, "", "temperature", "Cel", 3, 1e9, func(i int) float64 { return float64(i) })
		s.doc.Series[0].Chart.Line, s.doc.Series[0].Chart.Band = c.line, c.band
		if text := readText(t, formatstest.Print(t, Open, s.doc, s.rows)); !strings.Contains(text, c.want) {
			t.Errorf("the file lacks %q:\n%s", c.want, text)
		}
	}
}

func TestEmptyRange(t *testing.T) {
	s := gallery(t)["empty"]
	text := readText(t, formatstest.Print(t, Open, s.doc, nil))
	for _, want := range []string{"no rows in this range", "page 1 of 1"} {
		if !strings.Contains(text, want) {
			t.Errorf("the file lacks %q:\n%s", want, text)
		}
	}
}

func readText(t *testing.T, file []byte) string {
	t.Helper()
	formatstest.Need(t, "pdftotext")
	path := filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdftotext", "-layout", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
