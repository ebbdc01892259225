package exporttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"decant/engine/export"
	"decant/engine/export/request"
)

// compareExports makes random exports from both snapshots and compares their bytes.
func compareExports(t *testing.T, random *rand.Rand, got, want export.Snapshot) {
	t.Helper()
	for range 8 {
		text := randomRequest(random)
		r, err := request.Parse([]byte(text), request.Options{})
		if err != nil {
			t.Fatalf("parse %s: %v", text, err)
		}
		a, errA := exported(t, got, r)
		b, errB := exported(t, want, r)
		switch {
		case (errA == nil) != (errB == nil):
			t.Fatalf("export %s: %v, want %v", text, errA, errB)
		case errA == nil && a != b:
			t.Fatalf("export %s gives\n%s\nwant\n%s", text, a, b)
		}
	}
}

// exported is an item's file; random data may hold no such series, or sums beyond float64.
func exported(t *testing.T, snap export.Snapshot, r *request.Request) (string, error) {
	p, err := export.NewPlan(t.Context(), snap, r, export.Options{})
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	_, err = export.Stream(t.Context(), snap, p, &b)
	return b.String(), err
}

// randomRequest selects among the series that Random makes: raw samples or buckets of one function or several, filled, moved, subtracted.
func randomRequest(random *rand.Rand) string {
	pick := func(words ...string) string { return words[random.IntN(len(words))] }
	params := []string{`"channelId": "c1", "subtopic": "events.data"`}
	add := func(format string, args ...any) { params = append(params, fmt.Sprintf(format, args...)) }
	for i, end := range []string{"from", "to"} {
		if random.IntN(2) == 0 {
			add(`%q: %d`, end, 1_700_000_000+250*i+random.IntN(250))
		}
	}
	var functions []string // of a list
	if random.IntN(4) > 0 {
		functions = []string{"avg", "min", "max", "sum", "variance", "stddev", "count", "first", "last"}
		random.Shuffle(len(functions), func(i, j int) { functions[i], functions[j] = functions[j], functions[i] })
		functions = functions[:1+random.IntN(4)]
		dsf, _ := json.Marshal(functions)
		if random.IntN(3) == 0 {
			dsf, _ = json.Marshal(functions[0])
			functions = nil
		}
		add(`"decimation": {%s, "dsf": %s}`, pick(`"ds": "20s"`, `"ds": "1m"`, `"ds": "1h"`, `"ds": "1d", "offset": "PT22H15M"`, `"ds": "1w", "offset": "P1DT22H15M"`), dsf)
		if random.IntN(2) == 0 {
			add(`"fill": %s`, pick("null", "7.25", `"previous"`, `"linear"`))
		}
	}
	if random.IntN(3) == 0 {
		add(`"transform": "delta"`)
	}
	format := fmt.Sprintf(`"extension": %q, "timezone": %q`, pick("csv", "csv", "jsonl", "pdf"), pick("utc", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"))
	if random.IntN(3) > 0 {
		add(`"target": {"value": "*"}`)
	} else { // a series a name
		add(`"target": {"value": "a,b"}, "outputFormat": "wide", "publisher": %q, "unit": %q`, pick("", "p1"), pick("", "V"))
		format += `, "columns": [{"id": "time"}, ` + wideColumns(functions, "b", "a") + `]`
	}
	return fmt.Sprintf(`{"format": {%s}, "type": "oneTime", "items": [{"params": {%s}}]}`, format, strings.Join(params, ", "))
}

func wideColumns(functions []string, names ...string) string {
	var ids []string
	for _, name := range names {
		if functions == nil {
			ids = append(ids, fmt.Sprintf(`{"id": %q}`, name))
		}
		for _, f := range functions {
			ids = append(ids, fmt.Sprintf(`{"id": %q}`, name+"."+f))
		}
	}
	return strings.Join(ids, ", ")
}
