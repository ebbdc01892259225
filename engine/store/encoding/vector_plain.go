//go:build noasm || !amd64

package encoding

// vector says that there are no loops for this processor but the plain ones.
var vector = false

func unpackVector(*uint64, *byte, int, *lanes, *ramp, bool) { panic("encoding: no vectors here") }
func sumVector(*uint64, int, uint64) uint64                 { panic("encoding: no vectors here") }
func addVector(*uint64, *uint64, int)                       { panic("encoding: no vectors here") }
func decimalVector(*float64, int, float64, float64)         { panic("encoding: no vectors here") }
