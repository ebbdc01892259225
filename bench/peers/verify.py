"""Are the answers the same, and how many of their digits are right?"""

import random

import numpy

import buckets
import exact
from columns import FUNCTIONS

MOST_POINTS = 3_000_000  # of the sampled buckets of one bucket width
MOST_BUCKETS = 200
CLOSE = 1e-6  # a peer's value that is further off belongs to another bucket, or to another function


class Reference:
    """The exact statistics of some of a case's buckets: the first, the last, and a seeded sample of those between."""

    def __init__(self, columns, bucket, zone):
        self.series, self.start, first, end = buckets.bounds(columns, bucket, zone)
        self.points = numpy.asarray(end - first)
        indices = list(range(1, len(first) - 1))
        random.Random(bucket).shuffle(indices)
        self.rows, self.want, total = [], [], 0
        for i in dict.fromkeys([0, len(first) - 1, *indices]):
            if self.rows and (total + end[i] - first[i] > MOST_POINTS or len(self.rows) == MOST_BUCKETS):
                break
            total += end[i] - first[i]
            self.rows.append(i)
            self.want.append(exact.statistics(numpy.asarray(columns.value[first[i] : end[i]])))

    def same_buckets(self, answers):
        """Whether these are the buckets that hold points, each once; a text where not."""
        if len(answers.series) != len(self.series):
            return f"{len(answers.series)} rows instead of {len(self.series)}"
        wrong = (answers.series != self.series) | (answers.start != self.start)
        return f"{wrong.sum()} of {len(wrong)} buckets start elsewhere" if wrong.any() else ""

    def digits(self, answers, only=None):
        """For each function, the digits of each sampled bucket, or of those of the series only."""
        picked = [(row, want) for row, want in zip(self.rows, self.want) if only is None or self.series[row] == only]
        return {f: [exact.digits(float(answers.values[f][row]), want[f]) for row, want in picked] for f in FUNCTIONS}


def disagreement(digits):
    """What is so far off that it can't be rounding: a text, empty where nothing is. Only for data on which any engine's formula works."""
    off = [f for f, d in digits.items() if min(d) < -numpy.log10(CLOSE)]
    return f"{', '.join(off)} are not the same statistics" if off else ""
