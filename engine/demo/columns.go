package demo

// Column is one of the eight columns of Tetouan's year.
type Column struct {
	Name   string // that the demo's devices publish it under
	Unit   string
	Values []float64 // one each ten minutes from 2017-01-01T00:00Z
}

// Columns reads the year without the energy, which is not in the source. Benchmarks use it as real input.
func Columns() ([]Column, error) {
	quantities, err := load()
	if err != nil {
		return nil, err
	}
	var columns []Column
	for _, q := range quantities {
		if q.name != "energy" {
			columns = append(columns, Column{Name: devices[q.device].base + q.name, Unit: q.unit, Values: q.values})
		}
	}
	return columns, nil
}
