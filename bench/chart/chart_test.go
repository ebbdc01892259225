package main

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCommitted: chart and tables are what the program makes of the committed results. go run ./bench/chart makes them anew.
func TestCommitted(t *testing.T) {
	dir := t.TempDir()
	svg, page := filepath.Join(dir, "performance.svg"), filepath.Join(dir, "performance.md")
	copied, err := os.ReadFile("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(page, copied, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := run("../results/bench.txt", svg, page); err != nil {
		t.Fatal(err)
	}
	for _, made := range []string{svg, page} {
		got, err := os.ReadFile(made)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join("../../docs", filepath.Base(made)))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != strings.ReplaceAll(string(want), "\r\n", "\n") {
			t.Errorf("docs/%s is not what go run ./bench/chart makes of bench/results/bench.txt", filepath.Base(made))
		}
	}
}

const small = `# Machine: A small one
goos: linux
goarch: amd64
cpu: CPU
points: 100
# This machine is noisy: very
BenchmarkRoofline/data=walk-1 10 100 ns/op 1e9 points/s 3 peak-MiB
BenchmarkDecimation/data=walk/func=avg/bucket=15m/touch=warm-1 10 100 ns/op 5e8 points/s 0.5 of-roofline
BenchmarkDecimation/data=walk/func=avg/bucket=1d/zone=Europe-Berlin/touch=first-1 10 100 ns/op 2.5e8 points/s 0.25 of-roofline
BenchmarkDecimation/data=walk/func=avg/bucket=15m/touch=warm-2 10 100 ns/op 15e8 points/s 1.5 of-roofline
points: 7
BenchmarkRoofline/data=walk-1 10 100 ns/op 9e9 points/s
BenchmarkExport/data=walk/format=csv-1 1 100 ns/op 4e6 rows/s 4e6 points/s 1e8 B/s 20 peak-MiB
`

func TestTables(t *testing.T) {
	list, err := read([]byte(small), "small")
	if err != nil {
		t.Fatal(err)
	}
	got, err := fillIn("<!-- begin machine -->\n<!-- end machine -->\na\n<!-- begin decimation -->\nold\n<!-- end decimation -->\nb\n<!-- begin ingest -->\n<!-- end ingest -->\n<!-- begin export -->\n<!-- end export -->\nc\n", machine([]byte(small)), list)
	want := `<!-- begin machine -->

A small one. CPU, linux/amd64. **It was noisy, or other programs ran beside**: the text says when and how much. Rates are too low then, and intervals wide.

<!-- end machine -->
a
<!-- begin decimation -->

| data | case | cores | points/s | of-roofline | peak-MiB |
|---|---|---|---|---|---|
| walk | roofline | 1 | 1.000G |  | 3.000 |
| walk | avg, 15m | 1 | 500.0M | 0.500 |  |
| walk | avg, 1d, Europe-Berlin, first touch | 1 | 250.0M | 0.250 |  |
| walk | avg, 15m | 2 | 1.500G | 1.500 |  |

<!-- end decimation -->
b
<!-- begin ingest -->

| data | case | cores | messages/s | points/s | of-append | peak-MiB |
|---|---|---|---|---|---|---|

<!-- end ingest -->
<!-- begin export -->

| data | case | cores | rows/s | points/s | B/s | peak-MiB |
|---|---|---|---|---|---|---|
| walk | csv | 1 | 4.000M | 4.000M | 100.0M | 20.00 |

<!-- end export -->
c
`
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	if _, err := fillIn("no tables", "", list); err == nil {
		t.Error("a page without tables is filled in")
	}
}

// TestDrawing: the chart is XML with a bar for each case, none of them beyond the axis.
func TestDrawing(t *testing.T) {
	list, err := read([]byte(small), "small")
	if err != nil {
		t.Fatal(err)
	}
	svg, err := draw(list)
	if err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(strings.NewReader(string(svg)))
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{`width="540.0" height="9.0"`, `width="180.0"`, `width="90.0"`, "avg, 1d, Europe-Berlin, first touch", "1.500G points/s", "2 cores"} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("the chart has no %s\n%s", want, svg)
		}
	}
}

func TestReadFaults(t *testing.T) {
	for _, text := range []string{"", "goos: linux\n", "BenchmarkX 1 one ns/op\n"} {
		if list, err := read([]byte(text), "text"); err == nil {
			t.Errorf("%q gives %v", text, list)
		}
	}
}
