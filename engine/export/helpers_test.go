package export_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"pgregory.net/rapid"

	"decant/engine/export/exporttest"
	"decant/engine/export/request"
)

func newRandom(t *rapid.T) *rand.Rand {
	return rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
}

type (
	memorySource = exporttest.Memory
	sample       = exporttest.Sample
)

// number is a sample of the place that item selects.
func number(name string, t int64, v float64) sample {
	return exporttest.Number("c1", "events.data", name, "V", t, v)
}

func exactly(name string) request.Name { return request.Name{Name: name} }

// difference is where two texts first differ, or "".
func difference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(a), len(b)) {
		x, y := "(end)", "(end)"
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return fmt.Sprintf("line %d of %d and %d:\ngot  %s\nwant %s\nunder %s", i+1, len(a), len(b), x, y, b[0])
		}
	}
	return ""
}
