// Command chart draws what decant bench measured: it reads benchmark text, writes the chart of docs/performance.md, and fills in that page's tables.
//
//	go run ./bench/chart
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	results := flag.String("results", "bench/results/bench.txt", "benchmark text of decant bench")
	svg := flag.String("svg", "docs/performance.svg", "chart to write")
	page := flag.String("page", "docs/performance.md", "page whose tables to fill in")
	flag.Parse()
	if err := run(*results, *svg, *page); err != nil {
		fmt.Fprintln(os.Stderr, "chart:", err)
		os.Exit(1)
	}
}

func run(results, svg, page string) error {
	text, err := os.ReadFile(results)
	if err != nil {
		return err
	}
	list, err := read(text, results)
	if err != nil {
		return err
	}
	before, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	after, err := fillIn(string(before), machine(text), list)
	if err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	picture, err := draw(list)
	if err != nil {
		return err
	}
	if err := os.WriteFile(svg, picture, 0o666); err != nil {
		return err
	}
	return os.WriteFile(page, []byte(after), 0o666)
}
