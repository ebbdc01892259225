package main

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/perf/benchfmt"

	"decant/bench"
)

// result is all rounds of one benchmark.
type result struct {
	kind   string // Decimation, Export, Ingest, Roofline, Append
	keys   map[string]string
	cores  int
	points string // of the data set
	values map[string][]float64
}

// machine says where and how quietly the text was measured: what its comments and its first result have to say.
func machine(text []byte) string {
	var lines []string
	noisy := false
	for line := range strings.Lines(string(text)) {
		if said, ok := strings.CutPrefix(strings.TrimSpace(line), "# "); ok {
			if about, ok := strings.CutPrefix(said, "Machine: "); ok && !slices.Contains(lines, about+".") {
				lines = append(lines, about+".")
			}
			noisy = noisy || strings.HasPrefix(said, bench.Noisy) || strings.HasPrefix(said, bench.Shared)
		}
	}
	r := benchfmt.NewReader(bytes.NewReader(text), "")
	for r.Scan() {
		if first, ok := r.Result().(*benchfmt.Result); ok {
			lines = append(lines, fmt.Sprintf("%s, %s/%s.", cmp.Or(first.GetConfig("cpu"), "a processor without a name"), first.GetConfig("goos"), first.GetConfig("goarch")))
			break
		}
	}
	if noisy {
		lines = append(lines, "**It was noisy, or other programs ran beside**: the text says when and how much. Rates are too low then, and intervals wide.")
	}
	return strings.Join(lines, " ")
}

// read reads benchmark text. Results come in the order in which they first appear; the rounds of a benchmark on data sets of different sizes are kept apart.
func read(text []byte, name string) (list []*result, err error) {
	r := benchfmt.NewReader(bytes.NewReader(text), name)
	known := map[string]*result{}
	for r.Scan() {
		line, ok := r.Result().(*benchfmt.Result)
		if !ok {
			if fault, ok := r.Result().(*benchfmt.SyntaxError); ok {
				return nil, fault
			}
			continue // units
		}
		points := line.GetConfig("points")
		key := line.Name.String() + " " + points
		if known[key] == nil {
			kind, parts := line.Name.Parts()
			known[key] = &result{kind: string(kind), keys: map[string]string{}, cores: 1, points: points, values: map[string][]float64{}}
			for _, p := range parts {
				if cores, ok := strings.CutPrefix(string(p), "-"); ok {
					if known[key].cores, err = strconv.Atoi(cores); err != nil {
						return nil, fmt.Errorf("%s: %s: %w", name, line.Name, err)
					}
				} else if k, v, ok := strings.Cut(strings.TrimPrefix(string(p), "/"), "="); ok {
					known[key].keys[k] = v
				}
			}
			list = append(list, known[key])
		}
		for _, v := range line.Values {
			known[key].values[v.Unit] = append(known[key].values[v.Unit], v.Value)
		}
	}
	if r.Err() == nil && len(list) == 0 {
		return nil, fmt.Errorf("%s holds no results", name)
	}
	return list, r.Err()
}

// interval is the median of a unit and its interval; ok is false where no line has the unit.
func (r *result) interval(unit string) (i bench.Interval, ok bool) {
	if len(r.values[unit]) == 0 {
		return i, false
	}
	return bench.IntervalOf(r.values[unit]), true
}

// of selects the results of a kind.
func of(list []*result, kind string) []*result {
	return slices.DeleteFunc(slices.Clone(list), func(r *result) bool { return r.kind != kind })
}

// title says what a result is: avg, 15m, Europe-Berlin, first touch.
func (r *result) title() string {
	var words []string
	for _, key := range []string{"format", "func", "bucket", "zone"} {
		if v := r.keys[key]; v != "" {
			words = append(words, v)
		}
	}
	if r.keys["touch"] == bench.TouchFirst {
		words = append(words, "first touch")
	}
	return strings.Join(words, ", ")
}
