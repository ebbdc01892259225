//go:build !noasm

package decimation

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// vector says whether the processor has AVX2 and fused multiply-add, which the loops in deposit_amd64.s need.
var vector = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// sumVector is sumPlain for n values, a positive multiple of 16.
//
//go:noescape
func sumVector(values *float64, n int, start float64) (high, low float64)

// squareVector is squarePlain for n values, a positive multiple of 4.
//
//go:noescape
func squareVector(values *float64, n int, s *starts, p *parts)

// extremesVector is extremesPlain for n values, a positive multiple of 8.
//
//go:noescape
func extremesVector(values *float64, n int) (low, high float64)

// exponentsVector is exponentsPlain for n values, a positive multiple of 8.
//
//go:noescape
func exponentsVector(values *float64, n int) (low, high uint32)

// prefetch brings memory into the cache and does not wait for it. Any address will do, nil too.
//
//go:noescape
func prefetch(p unsafe.Pointer)
