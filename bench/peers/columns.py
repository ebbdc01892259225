"""The points that all engines read: plain little-endian column files, and the answers, which are files of the same kind."""

import pathlib

import numpy

FUNCTIONS = ("avg", "min", "max", "sum", "variance", "stddev")


class Columns:
    """All points of a case, sorted by series, then time; mapped, not read."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.series = numpy.memmap(folder / "series.i32", "<i4", "r")
        self.time = numpy.memmap(folder / "time.i64", "<i8", "r")  # ns, UTC, whole milliseconds
        self.value = numpy.memmap(folder / "value.f64", "<f8", "r")
        edges = numpy.searchsorted(self.series, numpy.arange(self.series[-1] + 2))
        self.ranges = list(zip(edges[:-1].tolist(), edges[1:].tolist()))  # rows of each series


def write_columns(folder, series, time, value, received=None):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    numpy.asarray(series, "<i4").tofile(folder / "series.i32")
    numpy.asarray(time, "<i8").tofile(folder / "time.i64")
    numpy.asarray(value, "<f8").tofile(folder / "value.f64")
    if received is not None:
        numpy.asarray(received, "<i8").tofile(folder / "received.i64")


class Answers:
    """An engine's rows for one bucket width, by series and start; values is a column for each function, NaN where a row has none."""

    def __init__(self, series, start, values):
        order = numpy.lexsort((start, series))
        self.series, self.start = numpy.asarray(series)[order], numpy.asarray(start)[order]
        self.values = {name: numpy.asarray(column)[order] for name, column in values.items()}


def write_answers(folder, series, start, values):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    numpy.asarray(series, "<i4").tofile(folder / "series.i32")
    numpy.asarray(start, "<i8").tofile(folder / "time.i64")
    for name, column in values.items():
        numpy.asarray(column, "<f8").tofile(folder / f"{name}.f64")


def read_answers(folder, functions):
    folder = pathlib.Path(folder)
    return Answers(
        numpy.fromfile(folder / "series.i32", "<i4"),
        numpy.fromfile(folder / "time.i64", "<i8"),
        {name: numpy.fromfile(folder / f"{name}.f64", "<f8") for name in functions},
    )
