"""pandas: a frame in memory. It has no second thread.

The points are sorted, so a bucket's number can be had by counting where the key changes; a group by such codes needs no hash table.
"""

import numpy
import pandas

import buckets

NAMES = {"avg": "mean", "min": "min", "max": "max", "sum": "sum", "variance": "var", "stddev": "std"}


class Engine:
    def __init__(self, columns, folder, threads):
        self.version = f"pandas {pandas.__version__}"
        self.first, self.last = int(columns.time.min()), int(columns.time.max())
        self.ranges = columns.ranges
        self.points = pandas.DataFrame({"series": numpy.array(columns.series), "time": numpy.array(columns.time), "value": numpy.array(columns.value)})

    def idioms(self, functions, bucket, zone):
        names = [NAMES[f] for f in functions]
        return {"codes of sorted runs": lambda: self.codes(names, bucket, zone), "hash table": lambda: self.hashed(names, bucket, zone)}

    def numbers(self, bucket, zone):
        """The number of each point's bucket, and what start (ns) a number has."""
        time = self.points["time"].to_numpy()
        if width := buckets.width(bucket):
            return time // width, lambda numbers: numbers * width
        edges = buckets.starts(bucket, zone, self.first, self.last)
        return numpy.searchsorted(edges, time, side="right") - 1, lambda numbers: edges[numbers]

    def codes(self, names, bucket, zone):
        numbers, start = self.numbers(bucket, zone)
        series = self.points["series"].to_numpy()
        new = numpy.empty(len(numbers), bool)
        new[0] = True
        new[1:] = (numbers[1:] != numbers[:-1]) | (series[1:] != series[:-1])
        rows = numpy.flatnonzero(new)
        codes = pandas.Categorical.from_codes(numpy.cumsum(new) - 1, categories=pandas.RangeIndex(len(rows)), validate=False)
        found = self.points["value"].groupby(codes, observed=True, sort=False).agg(names)
        return series[rows], start(numbers[rows]), found

    def hashed(self, names, bucket, zone):
        numbers, start = self.numbers(bucket, zone)
        key = (self.points["series"].to_numpy().astype(numpy.int64) << 40) + numbers
        found = self.points["value"].groupby(key, sort=False).agg(names)
        index = found.index.to_numpy()
        return index >> 40, start(index & (1 << 40) - 1), found

    def answers(self, result, functions, bucket, zone):
        series, starts, found = result
        return series, starts, {f: found[NAMES[f]].to_numpy() for f in functions}

    def close(self):
        pass
