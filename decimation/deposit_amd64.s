//go:build !noasm

#include "textflag.h"

// The loops of sumPlain, squarePlain, extremesPlain and exponentsPlain, on four values at a time. Operands are in Go's order: VSUBPD b, a, d is d = a − b.

DATA one<>+0(SB)/8, $1.0
GLOBL one<>(SB), RODATA|NOPTR, $8

// STEP adds v to the running sum high and what is rounded off to low; a and b are overwritten.
#define STEP(v, high, low, a, b) \
	VADDPD  v, high, a   \
	VSUBPD  high, a, b   \
	VSUBPD  b, v, b      \
	VADDPD  b, low, low  \
	VMOVAPD a, high

// STEPS is STEP with its last addition, and TAKE with its last two, as a fused multiply-add of one, which a processor that has units for
// additions and others for products runs beside the rest. TAKE overwrites v.
#define STEPS(v, high, low, one, a, b) \
	VADDPD      v, high, a  \
	VSUBPD      high, a, b  \
	VSUBPD      b, v, b     \
	VFMADD231PD b, one, low \
	VMOVAPD     a, high

#define TAKE(v, high, low, one, a, b) \
	VADDPD       v, high, a  \
	VSUBPD       high, a, b  \
	VFNMADD231PD b, one, v   \
	VFMADD231PD  v, one, low \
	VMOVAPD      a, high

// FOLD adds up the four values of y into its lowest; x is the lower half of y, t is overwritten.
#define FOLD(y, x, t) \
	VEXTRACTF128 $1, y, t \
	VADDPD       t, x, x  \
	VHADDPD      x, x, x

// LEAST and MOST find the least and the greatest of the four values of y, as FOLD does their sum.
#define LEAST(y, x, t) \
	VEXTRACTF128 $1, y, t \
	VMINPD       t, x, x  \
	VPERMILPD    $1, x, t \
	VMINSD       t, x, x

#define MOST(y, x, t) \
	VEXTRACTF128 $1, y, t \
	VMAXPD       t, x, x  \
	VPERMILPD    $1, x, t \
	VMAXSD       t, x, x

// func sumVector(values *float64, n int, start float64) (high, low float64)
TEXT ·sumVector(SB), NOSPLIT, $0-40
	MOVQ         values+0(FP), SI
	MOVQ         n+8(FP), CX
	VBROADCASTSD start+16(FP), Y15
	VMOVAPD      Y15, Y0
	VMOVAPD      Y15, Y1
	VMOVAPD      Y15, Y2
	VMOVAPD      Y15, Y3
	VXORPD       Y4, Y4, Y4
	VXORPD       Y5, Y5, Y5
	VXORPD       Y6, Y6, Y6
	VXORPD       Y7, Y7, Y7

sum16:
	VMOVUPD (SI), Y8
	VMOVUPD 32(SI), Y9
	STEP(Y8, Y0, Y4, Y10, Y11)
	STEP(Y9, Y1, Y5, Y12, Y13)
	VMOVUPD 64(SI), Y8
	VMOVUPD 96(SI), Y9
	STEP(Y8, Y2, Y6, Y10, Y11)
	STEP(Y9, Y3, Y7, Y12, Y13)
	ADDQ    $128, SI
	SUBQ    $16, CX
	JNZ     sum16

	VSUBPD Y15, Y0, Y0
	VSUBPD Y15, Y1, Y1
	VSUBPD Y15, Y2, Y2
	VSUBPD Y15, Y3, Y3
	VADDPD Y1, Y0, Y0
	VADDPD Y3, Y2, Y2
	VADDPD Y2, Y0, Y0
	VADDPD Y5, Y4, Y4
	VADDPD Y7, Y6, Y6
	VADDPD Y6, Y4, Y4
	FOLD(Y0, X0, X8)
	FOLD(Y4, X4, X8)
	VMOVSD X0, high+24(FP)
	VMOVSD X4, low+32(FP)
	VZEROUPPER
	RET

// func squareVector(values *float64, n int, s *starts, p *parts)
TEXT ·squareVector(SB), NOSPLIT, $0-32
	MOVQ         values+0(FP), SI
	MOVQ         n+8(FP), CX
	MOVQ         s+16(FP), AX
	MOVQ         p+24(FP), DI
	VBROADCASTSD (AX), Y0
	VBROADCASTSD 8(AX), Y1
	VBROADCASTSD 16(AX), Y2
	VXORPD       Y3, Y3, Y3
	VXORPD       Y4, Y4, Y4
	VXORPD       Y5, Y5, Y5

	VBROADCASTSD one<>(SB), Y15
	VMOVUPD      (SI), Y13
	VMOVAPD      Y13, Y14

square4:
	VMOVUPD     (SI), Y6
	VMULPD      Y6, Y6, Y7
	VMOVAPD     Y7, Y8
	VFMSUB231PD Y6, Y6, Y8
	VMINPD      Y6, Y13, Y13
	VMAXPD      Y6, Y14, Y14
	STEPS(Y6, Y0, Y3, Y15, Y9, Y10)
	STEPS(Y7, Y1, Y4, Y15, Y11, Y12)
	TAKE(Y8, Y2, Y5, Y15, Y9, Y10)
	ADDQ        $32, SI
	SUBQ        $4, CX
	JNZ         square4

	VBROADCASTSD (AX), Y6
	VBROADCASTSD 8(AX), Y7
	VBROADCASTSD 16(AX), Y8
	VSUBPD       Y6, Y0, Y0
	VSUBPD       Y7, Y1, Y1
	VSUBPD       Y8, Y2, Y2
	FOLD(Y0, X0, X9)
	FOLD(Y1, X1, X9)
	FOLD(Y2, X2, X9)
	FOLD(Y3, X3, X9)
	FOLD(Y4, X4, X9)
	FOLD(Y5, X5, X9)
	VMOVSD       X0, (DI)
	VMOVSD       X3, 8(DI)
	VMOVSD       X1, 16(DI)
	VMOVSD       X4, 24(DI)
	VMOVSD       X2, 32(DI)
	VMOVSD       X5, 40(DI)
	LEAST(Y13, X13, X9)
	MOST(Y14, X14, X9)
	VMOVSD       X13, 48(DI)
	VMOVSD       X14, 56(DI)
	VZEROUPPER
	RET

// func extremesVector(values *float64, n int) (low, high float64)
TEXT ·extremesVector(SB), NOSPLIT, $0-32
	MOVQ    values+0(FP), SI
	MOVQ    n+8(FP), CX
	VMOVUPD (SI), Y0
	VMOVUPD 32(SI), Y1
	VMOVAPD Y0, Y2
	VMOVAPD Y1, Y3

extremes8:
	VMOVUPD (SI), Y4
	VMOVUPD 32(SI), Y5
	VMINPD  Y4, Y0, Y0
	VMAXPD  Y4, Y2, Y2
	VMINPD  Y5, Y1, Y1
	VMAXPD  Y5, Y3, Y3
	ADDQ    $64, SI
	SUBQ    $8, CX
	JNZ     extremes8

	VMINPD       Y1, Y0, Y0
	VMAXPD       Y3, Y2, Y2
	LEAST(Y0, X0, X4)
	MOST(Y2, X2, X4)
	VMOVSD       X0, low+16(FP)
	VMOVSD       X2, high+24(FP)
	VZEROUPPER
	RET

// func exponentsVector(values *float64, n int) (low, high uint32)
TEXT ·exponentsVector(SB), NOSPLIT, $0-24
	MOVQ     values+0(FP), SI
	MOVQ     n+8(FP), CX
	VPXOR    Y6, Y6, Y6    // zeros
	VPCMPEQD Y0, Y0, Y0    // the least exponents yet
	VMOVDQA  Y0, Y1
	VPXOR    Y2, Y2, Y2    // the most
	VPXOR    Y3, Y3, Y3

exponents8:
	VMOVDQU  (SI), Y4
	VMOVDQU  32(SI), Y5
	VPADDQ   Y4, Y4, Y4    // without the sign
	VPADDQ   Y5, Y5, Y5
	VPCMPEQQ Y6, Y4, Y7    // all ones for a zero
	VPCMPEQQ Y6, Y5, Y8
	VPSRLQ   $53, Y4, Y4
	VPSRLQ   $53, Y5, Y5
	VPMAXUD  Y4, Y2, Y2
	VPMAXUD  Y5, Y3, Y3
	VPOR     Y7, Y4, Y4
	VPOR     Y8, Y5, Y5
	VPMINUD  Y4, Y0, Y0
	VPMINUD  Y5, Y1, Y1
	ADDQ     $64, SI
	SUBQ     $8, CX
	JNZ      exponents8

	VPMINUD      Y1, Y0, Y0
	VPMAXUD      Y3, Y2, Y2
	VEXTRACTI128 $1, Y0, X1
	VEXTRACTI128 $1, Y2, X3
	VPMINUD      X1, X0, X0
	VPMAXUD      X3, X2, X2
	VPSRLDQ      $8, X0, X1
	VPSRLDQ      $8, X2, X3
	VPMINUD      X1, X0, X0
	VPMAXUD      X3, X2, X2
	VMOVD        X0, AX
	VMOVD        X2, BX
	MOVL         AX, low+16(FP)
	MOVL         BX, high+20(FP)
	VZEROUPPER
	RET

// func prefetch(p unsafe.Pointer)
TEXT ·prefetch(SB), NOSPLIT, $0-8
	MOVQ       p+0(FP), AX
	PREFETCHT0 (AX)
	RET
