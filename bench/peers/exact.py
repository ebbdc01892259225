"""Exact statistics of float64 values, and how many digits of an engine's answer agree with them.

A float64 is an integer times a power of two, so sums and sums of squares are integers, and each result is one fraction. It is rounded once, to the nearest
float64, half to even: Python's division of integers does that.
"""

import fractions
import math

import numpy

EXACT = math.inf  # digits of an answer that is the nearest float64, to the bit

_CHUNK = 256  # squares of 27 bits that an int64 adds up safely


def sums(values):
    """The sum and the sum of squares of finite values, as integers, and e: the sum counts in 2**e, the sum of squares in 4**e."""
    mantissas, exponents = numpy.frexp(numpy.asarray(values, numpy.float64))
    mantissas = (mantissas * 2.0**53).astype(numpy.int64)
    exponents = exponents.astype(numpy.int64) - 53
    mantissas, exponents = mantissas[mantissas != 0], exponents[mantissas != 0]
    lowest = int(exponents.min()) if len(exponents) else 0
    first = second = 0
    for e in numpy.unique(exponents):
        m = mantissas[exponents == e]
        high, low = m >> 27, m & (1 << 27) - 1
        shift = int(e) - lowest
        first += (_total(high) * 2**27 + _total(low)) << shift
        second += (_total(high * high) * 2**54 + 2 * _total(high * low) * 2**27 + _total(low * low)) << 2 * shift
    return first, second, lowest


def _total(terms):
    """The sum of int64 terms below 2**54 as a Python integer."""
    if len(terms) == 0:
        return 0
    return sum(numpy.add.reduceat(terms, numpy.arange(0, len(terms), _CHUNK)).tolist())


def statistics(values):
    """The six functions of at least one finite value, each the nearest float64; None for a variance or stddev of one value."""
    n = len(values)
    first, second, e = sums(values)
    unit = fractions.Fraction(2) ** e
    variance = stddev = None
    if n > 1:
        square = fractions.Fraction(n * second - first * first, n * (n - 1)) * unit * unit
        variance, stddev = nearest(square), root(square)
    return {
        "avg": nearest(fractions.Fraction(first, n) * unit),
        "min": float(numpy.min(values)),
        "max": float(numpy.max(values)),
        "sum": nearest(first * unit),
        "variance": variance,
        "stddev": stddev,
    }


def nearest(fraction):
    """The float64 nearest to a fraction; an infinity beyond the largest."""
    try:
        return float(fraction)
    except OverflowError:
        return math.inf if fraction > 0 else -math.inf


def root(square):
    """The float64 nearest to the root of a fraction that is not negative."""
    if square == 0:
        return 0.0
    # The root of square × 4**shift has at least 66 bits; a last bit says whether anything was cut off.
    shift = max(0, 68 - (square.numerator.bit_length() - square.denominator.bit_length()) // 2)
    scaled, rest = divmod(square.numerator << 2 * shift, square.denominator)
    whole = math.isqrt(scaled)
    inexact = rest != 0 or whole * whole != scaled
    return float(fractions.Fraction(2 * whole + inexact, 2 ** (shift + 1)))


def digits(got, want):
    """How many decimal digits of got are right: EXACT, or minus the logarithm of the relative error, from 0 to 17. want None wants no value (NaN)."""
    if want is None:
        return EXACT if math.isnan(got) else 0.0
    if got == want:
        return EXACT
    if want == 0 or not math.isfinite(got):
        return 0.0
    error = abs((fractions.Fraction(got) - fractions.Fraction(want)) / fractions.Fraction(want))
    return min(17.0, max(0.0, -math.log10(error))) if error < 1 else 0.0
