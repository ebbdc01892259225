//go:build !noasm

package encoding

import "golang.org/x/sys/cpu"

// vector says whether the processor has AVX2, which the loops in vector_amd64.s need.
var vector = cpu.X86.HasAVX2

// unpackVector sets 8 × groups values, at least 8, to what ramp and lanes say of the residuals at src. Of each group it reads 16 bytes at
// the lanes' four offsets. With narrow, residuals and unit are less than 2^32; else the unit is not looked at and taken for 1.
//
//go:noescape
func unpackVector(dst *uint64, src *byte, groups int, l *lanes, r *ramp, narrow bool)

// sumVector is sumPlain for n values, a positive multiple of 8.
//
//go:noescape
func sumVector(v *uint64, n int, start uint64) (end uint64)

// addVector is addPlain for n values, a positive multiple of 8.
//
//go:noescape
func addVector(dst, v *uint64, n int)

// decimalVector is decimalPlain for n values, a positive multiple of 8.
//
//go:noescape
func decimalVector(v *float64, n int, up, down float64)
