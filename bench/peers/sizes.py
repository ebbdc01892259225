"""Compares what files take: decant's segments beside DuckDB's own file and Parquet with zstd, of the same three columns. README.md says how."""

import argparse
import csv
import gzip
import pathlib
import shutil
import sys
import tempfile

import duckdb
import numpy
import pyarrow
import pyarrow.parquet

import data
import report
from columns import write_columns

PROJECT = pathlib.Path(__file__).resolve().parents[2]
MACHINE = PROJECT / "cmd/decant/testdata/telemetry/machine_temperature.csv"
TETOUAN = PROJECT / "engine/demo/tetouan_power.csv.gz"
MICROSECOND, MILLISECOND, SECOND = 1_000, 1_000_000, 1_000_000_000


def latency(dice, n):
    """How long a message takes to a broker and on to its subscriber: mostly a few milliseconds, at times far more; ns, of whole microseconds."""
    return (dice.lognormal(1.5, 0.6, n) * 1000).astype("i8") * MICROSECOND


def sensor(program, folder, points):
    """Ten sensors with two decimals at 1 Hz, stamped up to 40 ms late: the walk of the other comparison."""
    data.run(program, "make", "-series", 10, "-points", points // 10, folder)
    time = numpy.fromfile(folder / "time.i64", "<i8")
    return numpy.fromfile(folder / "series.i32", "<i4"), time, numpy.fromfile(folder / "value.f64", "<f8"), 1


def tetouan(program, folder, points):
    """Eight columns of a city's power grid, each row one message."""
    with gzip.open(TETOUAN, "rt") as f:
        rows = list(csv.reader(f))[1:]
    values = numpy.array([[float(c) for c in r[1:]] for r in rows]).T
    time = 1_483_228_800 * SECOND + numpy.arange(len(rows)) * 600 * SECOND
    return numpy.repeat(numpy.arange(len(values)), len(rows)), numpy.tile(time, len(values)), values.ravel(), len(values)


def machine(program, folder, points):
    """A machine's temperature every five minutes, with up to fourteen decimals."""
    with open(MACHINE) as f:
        rows = list(csv.DictReader(f))
    time = numpy.array([r["timestamp"] for r in rows], "datetime64[s]").astype("i8") * SECOND
    order = numpy.argsort(time, kind="stable")
    return numpy.zeros(len(rows), "i4"), time[order], numpy.array([float(r["value"]) for r in rows])[order], 1


SETS = {"sensor": sensor, "tetouan": tetouan, "machine": machine}


def make(name, program, folder, points):
    """The columns of a data set, as a table for the peers; decant's store of them lies in folder."""
    series, time, value, together = SETS[name](program, folder, points)
    dice = numpy.random.Generator(numpy.random.PCG64(1))
    received = time + numpy.tile(latency(dice, len(time) // together), together)  # what comes in one message is received at once
    shutil.rmtree(folder, ignore_errors=True)
    write_columns(folder, series, time, value, received)
    data.run(program, "load", folder)
    stamp = pyarrow.timestamp("ns", "UTC")
    return pyarrow.table({
        "series": pyarrow.array(series, "i4"), "time": pyarrow.array(time, "i8").cast(stamp), "value": value, "received": pyarrow.array(received, "i8").cast(stamp),
    })


def decant(folder):
    """The bytes of all segments, with their indexes and summaries."""
    return sum(f.stat().st_size for f in (folder / "store" / "segments").glob("*.seg"))


def parquet(table, path, **options):
    """The smallest of pyarrow's encodings for times and values, each with zstd at its default level."""
    best = None
    for encoding in (None, {"time": "DELTA_BINARY_PACKED", "received": "DELTA_BINARY_PACKED", "value": "BYTE_STREAM_SPLIT"}):
        how = {"use_dictionary": ["series"], "column_encoding": encoding} if encoding else {}
        pyarrow.parquet.write_table(table, path, compression="zstd", **how, **options)
        size = path.stat().st_size
        best = size if best is None else min(best, size)
    return best


def duckdb_parquet(table, path):
    db = duckdb.connect()
    db.register("points", table)
    db.execute(f"COPY points TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    return path.stat().st_size


def duckdb_file(table, path):
    """DuckDB's own file: its storage picks among frame of reference, ALP, RLE and others for each column."""
    with duckdb.connect(str(path)) as db:
        db.register("points", table)
        db.execute("CREATE TABLE p AS SELECT series::USMALLINT AS series, time, value, received FROM points")
        db.unregister("points")
        db.execute("CHECKPOINT")
        blocks, used = db.execute("SELECT block_size, used_blocks FROM pragma_database_size()").fetchone()
    return blocks * used


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--sets", default=",".join(SETS))
    p.add_argument("--points", type=int, default=5_000_000, help="of the sensors")
    p.add_argument("--out", type=pathlib.Path)
    o = p.parse_args()
    rows, worst = [], []
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        program = data.build(scratch)
        for name in o.sets.split(","):
            table = make(name, program, scratch / name, o.points)
            sizes = {
                "decant": decant(scratch / name),
                "DuckDB": duckdb_file(table, scratch / f"{name}.duckdb"),
                "Parquet, zstd (pyarrow)": parquet(table, scratch / f"{name}.parquet"),
                "Parquet, zstd (DuckDB)": duckdb_parquet(table, scratch / f"{name}-duckdb.parquet"),
            }
            smallest = min(v for k, v in sizes.items() if k != "decant")
            worst.append(sizes["decant"] / smallest)
            rows += [(name, who, f"{size:,}", f"{size / len(table):.3f}", f"{size / sizes['decant']:.2f}") for who, size in sizes.items()]
    text = report.table(rows, ("points", "file", "bytes", "bytes/point", "of decant's"))
    print(*text, sep="\n")
    if o.out:
        o.out.write_text("\n".join([f"# time, value, received and the series of {o.points:,} sensor points, 419,328 of Tetouan, 22,695 of a machine; DuckDB {duckdb.__version__}, pyarrow {pyarrow.__version__}, decant {data.version()}", *text]) + "\n")
    return 1 if max(worst) >= 1 else 0


if __name__ == "__main__":
    sys.exit(main())
