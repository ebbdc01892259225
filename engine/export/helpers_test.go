package export_test

import (
	"math/rand/v2"

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
