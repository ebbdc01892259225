//go:build noasm || !amd64

package decimation

import "unsafe"

// vector says that there are no loops for this processor but the plain ones.
var vector = false

func sumVector(*float64, int, float64) (high, low float64) { panic("decimation: no vectors here") }
func squareVector(*float64, int, *starts, *parts)          { panic("decimation: no vectors here") }
func extremesVector(*float64, int) (low, high float64)     { panic("decimation: no vectors here") }
func exponentsVector(*float64, int) (low, high uint32)     { panic("decimation: no vectors here") }
func prefetch(unsafe.Pointer)                              {}
