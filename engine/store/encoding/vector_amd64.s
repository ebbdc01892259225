//go:build !noasm

#include "textflag.h"

// The plain loops of unpack.go and passes.go on eight values at a time. Operands are in Go's order: VPSRLVQ count, source, destination.

// LOAD brings the eight residuals at SI to Y2 and Y3: sixteen bytes to each half, which hold two residuals; the bytes of each to its own
// eight; and of those its own bits. Y10 to Y13 are a width's shuffles and shifts, Y9 its mask.
#define LOAD \
	VMOVDQU     (SI), X2                \
	VINSERTI128 $1, (SI)(R8*1), Y2, Y2  \
	VMOVDQU     (SI)(R9*1), X3          \
	VINSERTI128 $1, (SI)(R10*1), Y3, Y3 \
	VPSHUFB     Y10, Y2, Y2             \
	VPSHUFB     Y11, Y3, Y3             \
	VPSRLVQ     Y12, Y2, Y2             \
	VPSRLVQ     Y13, Y3, Y3             \
	VPAND       Y9, Y2, Y2              \
	VPAND       Y9, Y3, Y3

// STORE adds the line in Y0 and Y1 and goes on to the next eight.
#define STORE \
	VPADDQ  Y0, Y2, Y2   \
	VPADDQ  Y1, Y3, Y3   \
	VMOVDQU Y2, (DI)     \
	VMOVDQU Y3, 32(DI)   \
	VPADDQ  Y8, Y0, Y0   \
	VPADDQ  Y8, Y1, Y1   \
	ADDQ    $64, DI      \
	ADDQ    R11, SI

// func unpackVector(dst *uint64, src *byte, groups int, l *lanes, r *ramp, narrow bool)
TEXT ·unpackVector(SB), NOSPLIT, $0-41
	MOVQ         dst+0(FP), DI
	MOVQ         src+8(FP), SI
	MOVQ         groups+16(FP), CX
	MOVQ         l+24(FP), AX
	MOVQ         r+32(FP), BX
	VMOVDQU      (AX), Y10
	VMOVDQU      32(AX), Y11
	VMOVDQU      64(AX), Y12
	VMOVDQU      96(AX), Y13
	MOVQ         128(AX), R8
	MOVQ         136(AX), R9
	MOVQ         144(AX), R10
	MOVQ         152(AX), R11
	VPBROADCASTQ 160(AX), Y9
	VMOVDQU      (BX), Y0
	VMOVDQU      32(BX), Y1
	VPBROADCASTQ 64(BX), Y8
	VPBROADCASTQ 72(BX), Y7
	CMPB         narrow+40(FP), $0
	JEQ          wide8

narrow8:
	LOAD
	VPMULUDQ Y7, Y2, Y2
	VPMULUDQ Y7, Y3, Y3
	STORE
	DECQ     CX
	JNZ      narrow8
	VZEROUPPER
	RET

wide8:
	LOAD
	STORE
	DECQ CX
	JNZ  wide8
	VZEROUPPER
	RET

// PREFIX makes each of the four values of y the sum of those up to it; t is overwritten, Y14 is zero.
#define PREFIX(y, t) \
	VPSLLDQ  $8, y, t         \
	VPADDQ   t, y, y          \
	VPERMQ   $0x50, y, t      \
	VPBLENDD $0x0f, Y14, t, t \
	VPADDQ   t, y, y

// func sumVector(v *uint64, n int, start uint64) (end uint64)
TEXT ·sumVector(SB), NOSPLIT, $0-32
	MOVQ         v+0(FP), DI
	MOVQ         n+8(FP), CX
	VPBROADCASTQ start+16(FP), Y0
	VPXOR        Y14, Y14, Y14

sum8:
	VMOVDQU (DI), Y1
	VMOVDQU 32(DI), Y2
	PREFIX(Y1, Y3)
	PREFIX(Y2, Y4)
	VPERMQ  $0xff, Y1, Y5
	VPERMQ  $0xff, Y2, Y6
	VPADDQ  Y0, Y1, Y1
	VPADDQ  Y5, Y0, Y0
	VPADDQ  Y0, Y2, Y2
	VPADDQ  Y6, Y0, Y0
	VMOVDQU Y1, (DI)
	VMOVDQU Y2, 32(DI)
	ADDQ    $64, DI
	SUBQ    $8, CX
	JNZ     sum8
	MOVQ    X0, end+24(FP)
	VZEROUPPER
	RET

// func addVector(dst, v *uint64, n int)
TEXT ·addVector(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ v+8(FP), SI
	MOVQ n+16(FP), CX

add8:
	VMOVDQU (SI), Y1
	VMOVDQU 32(SI), Y2
	VPADDQ  (DI), Y1, Y1
	VPADDQ  32(DI), Y2, Y2
	VMOVDQU Y1, (DI)
	VMOVDQU Y2, 32(DI)
	ADDQ    $64, SI
	ADDQ    $64, DI
	SUBQ    $8, CX
	JNZ     add8
	VZEROUPPER
	RET

// The bits of 2^52 + 2^51.
DATA rounder<>+0(SB)/8, $0x4338000000000000
GLOBL rounder<>(SB), RODATA|NOPTR, $8

// func decimalVector(v *float64, n int, up, down float64)
TEXT ·decimalVector(SB), NOSPLIT, $0-32
	MOVQ         v+0(FP), DI
	MOVQ         n+8(FP), CX
	VBROADCASTSD up+16(FP), Y1
	VBROADCASTSD down+24(FP), Y2
	VBROADCASTSD rounder<>(SB), Y3

decimal8:
	VPADDQ  (DI), Y3, Y4
	VPADDQ  32(DI), Y3, Y5
	VSUBPD  Y3, Y4, Y4
	VSUBPD  Y3, Y5, Y5
	VMULPD  Y1, Y4, Y4
	VMULPD  Y1, Y5, Y5
	VMULPD  Y2, Y4, Y4
	VMULPD  Y2, Y5, Y5
	VMOVUPD Y4, (DI)
	VMOVUPD Y5, 32(DI)
	ADDQ    $64, DI
	SUBQ    $8, CX
	JNZ     decimal8
	VZEROUPPER
	RET
