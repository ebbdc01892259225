"""Compares what writing files takes: decant's exports beside DuckDB's COPY and excelize's StreamWriter, of the same rows. README.md says how."""

import argparse
import contextlib
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import zipfile

import duckdb
import numpy
import pyarrow

import data
import report
from columns import write_columns

PROJECT = pathlib.Path(__file__).resolve().parents[2]
SERIES, WIDE = 10, 20  # of a long file, and columns of a wide one
SHEET = 1_000_000  # rows of an XLSX file at most
# Each case's format and shape, and who prints it beside decant. duckdb has least to do: its table has the file's order, its times come as it likes to print them.
# duckdb-same does what decant does: it orders by time what lies by series (what is wide lies in order already), and prints ISO 8601: the same bytes but for 20.0 instead of 20.
CASES = {
    "csv-long": ("csv", "long", ("duckdb", "duckdb-same")),
    "csv-wide": ("csv", "wide", ("duckdb", "duckdb-same")),
    "parquet-long": ("parquet", "long", ("duckdb",)),
    "xlsx-long": ("xlsx", "long", ("excelize",)),
}


def name(series):
    """A series' name, as bench.SeriesOf gives it."""
    return f"urn:dev:mac:0024befffe80{series:04x}:temperature"


def make(program, root, points):
    """The folders of the data sets: the walk for long files; for wide ones twenty columns that share their times; and what fits on a sheet."""
    data.run(program, "make", "-series", SERIES, "-points", points // SERIES, root / "long")
    data.run(program, "make", "-series", SERIES, "-points", min(points, SHEET) // SERIES, root / "sheet")
    data.run(program, "make", "-series", WIDE, "-points", points // WIDE, root / "other")
    first = numpy.fromfile(root / "other" / "time.i64", "<i8")[: points // WIDE]
    series, value = numpy.fromfile(root / "other" / "series.i32", "<i4"), numpy.fromfile(root / "other" / "value.f64", "<f8")
    write_columns(root / "wide", series, numpy.tile(first, WIDE), value)
    data.run(program, "load", root / "wide")


class Program:
    """decant's program, which prints files by decant or by excelize."""

    def __init__(self, program, command, folder, threads):
        self.process = subprocess.Popen([str(program), command, "-cores", str(threads), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.clock = (~self.process.pid << 3) | 2  # Linux: the CPU time of that process, all threads, in ns (clock_getcpuclockid)

    def print(self, format, shape, path):
        self.ask("collect")
        began = self.cpu()
        return self.ask(f"{format} {shape} {path}")["seconds"], self.cpu() - began

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        reply = json.loads(self.process.stdout.readline() or '{"error": "it ended"}')
        if "error" in reply:
            raise RuntimeError(f"{self.process.args}: {reply['error']}")
        return reply

    def cpu(self):
        try:
            return time.clock_gettime(self.clock)
        except OSError:
            return math.nan

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


class DuckDB:
    """DuckDB in this process, with the same rows in tables of its own: once as the file has them, once a series after the other."""

    ISO = "strftime(time, '%Y-%m-%dT%H:%M:%S.%gZ') AS time"

    def __init__(self, path, root, threads):
        self.db = duckdb.connect(str(path))
        self.db.execute(f"SET threads = {threads}")
        column = lambda folder, file, kind: numpy.fromfile(root / folder / file, kind)
        time_us = lambda folder: pyarrow.array(column(folder, "time.i64", "<i8") // 1000).cast(pyarrow.timestamp("us"))
        names = pyarrow.DictionaryArray.from_arrays(column("long", "series.i32", "<i4"), [name(i) for i in range(SERIES)])
        rows = pyarrow.table({"time": time_us("long"), "name": names.cast("string"), "value": column("long", "value.f64", "<f8")})
        self.create("long", rows, "time, name, 'Cel' AS unit, value", "time, name", "name, time")
        values = column("wide", "value.f64", "<f8").reshape(WIDE, -1)
        rows = pyarrow.table({"time": time_us("wide")[: values.shape[1]]} | {name(i): v for i, v in enumerate(values)})
        self.create("wide", rows, "*", "time", "time")
        self.db.execute("CHECKPOINT")

    def create(self, table, rows, columns, order, other):
        self.db.register("rows", rows)
        self.db.execute(f"CREATE TABLE {table} AS SELECT {columns} FROM rows ORDER BY {order}")
        self.db.execute(f"CREATE TABLE {table}_same AS SELECT {columns} FROM rows ORDER BY {other}")
        self.db.unregister("rows")

    def print(self, format, what, path):
        """what is a table: as it is, or, where its name ends in _same, with the order and the times that decant prints."""
        options = "FORMAT parquet, COMPRESSION zstd" if format == "parquet" else "FORMAT csv, HEADER"
        query = f"SELECT * FROM {what}"
        if what.endswith("_same"):
            order = f"{what}.time" + (", name" if what.startswith("long") else "")
            query = f"SELECT {self.ISO}, * EXCLUDE (time) FROM {what} ORDER BY {order}"
        began, cpu = time.perf_counter(), time.process_time()
        self.db.execute(f"COPY ({query}) TO '{path}' ({options})")
        return time.perf_counter() - began, time.process_time() - cpu

    def close(self):
        self.db.close()


def contents(path, format):
    """What a file says: its labels, the number of its rows, the exact sum of its values in hundredths, and a sum of hashes that knows every cell and its row."""
    if format == "xlsx":
        return sheet(path)
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        read = f"read_parquet('{path}')" if format == "parquet" else f"read_csv('{path}', header = true, all_varchar = true)"
        labels = [d[0] for d in db.execute(f"SELECT * FROM {read} LIMIT 0").description]
        moment = "time" if format == "parquet" else "time::TIMESTAMP"
        texts = [f'"{c}"' for c in labels if c in ("name", "unit")]
        values = [f'"{c}"::DOUBLE' for c in labels if c not in ("time", "name", "unit")]
        total = " + ".join(f"round(100 * {v})::HUGEINT" for v in values)
        cells = ", ".join([f"epoch_ns({moment})", *texts, *values])
        rows, total, hashes = db.execute(
            f"SELECT count(*), sum(total), sum(hash::HUGEINT) FROM (SELECT {total} AS total, hash(row_number() OVER (), {cells}) AS hash FROM {read})"
        ).fetchone()
    return labels, rows, total, hashes


def sheet(path):
    """The same of a workbook's first sheet of four columns, without labels and hashes; go test ./bench compares all cells."""
    with zipfile.ZipFile(path) as z:
        numbers = re.findall(rb'<c r="D\d+"(?: s="\d+")?><v>([^<]+)</v>', z.read("xl/worksheets/sheet1.xml"))  # texts have a type
    return len(numbers), sum(round(100 * float(v)) for v in numbers)


def printers(stack, program, root, database, shape, folder, who, threads):
    """How decant and each of who prints a file of that shape: functions of a format and a path."""
    decant = stack.enter_context(contextlib.closing(Program(program, "files", root / folder, threads)))
    found = {"decant": lambda format, path: decant.print(format, shape, path)}
    for peer in who:
        if peer == "excelize":
            excelize = stack.enter_context(contextlib.closing(Program(program, "excelize", root / folder, threads)))
            found[peer] = lambda format, path: excelize.print(format, shape, path)
        else:
            table = shape + ("_same" if peer.endswith("-same") else "")
            found[peer] = lambda format, path, table=table: database.print(format, table, path)
    return found


def rounds(found, format, count, scratch):
    """Each one's seconds, CPU seconds and bytes, a round each; and what the files say. Every round has each of them print once, in another order, and the first doesn't count."""
    taken, said, names = {who: [] for who in found}, {}, list(found)
    for k in range(-1, count):
        turn = k % len(names)
        for who in names[turn:] + names[:turn]:
            path = scratch / f"{who}.{format}"
            seconds, cpu = found[who](format, path)
            if k < 0:
                said[who] = contents(path, format)
            else:
                taken[who].append((seconds, cpu, path.stat().st_size))
            path.unlink()  # before the system has written it to the disk
    return taken, said


def lines(case, rows, taken, threads):
    """Go's benchmark format, a line a round. of-duckdb is decant's rate as a share of DuckDB's, of-duckdb-cpu the same of a second of CPU time."""
    for who, mine in taken.items():
        for k, (seconds, cpu, size) in enumerate(mine):
            line = f"BenchmarkFiles/file={case}/by={who}-{threads} 1 {seconds * 1e9:.0f} ns/op {cpu * 1e9:.0f} cpu-ns/op {rows / seconds:.0f} rows/s {size / rows:.3f} B/row"
            if who == "decant":
                line += "".join(f" {theirs[k][0] / seconds:.4f} of-{peer} {theirs[k][1] / cpu:.4f} of-{peer}-cpu" for peer, theirs in taken.items() if peer != who)
            yield line


def summary(case, rows, taken):
    """The rows of a table for people."""
    column = lambda who, i: [r[i] for r in taken[who]]
    for who in taken:
        faster = ("", "")
        if who != "decant":
            faster = tuple(report.interval_text(report.ratio(column("decant", i), column(who, i)).rounds) for i in (0, 1))
        million = report.interval_text([rows / s / 1e6 for s in column(who, 0)])
        yield (case, who, million, f"{report.Spread(column(who, 1)).median:.3f}", f"{column(who, 2)[0]:,}", *faster)


def options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--cases", default=",".join(CASES))
    # So many that the wide table has four row groups (122,880 rows): DuckDB copies one on one thread.
    p.add_argument("--points", type=int, default=10_000_000, help=f"samples of a file; XLSX has {SHEET:,} at most")
    p.add_argument("--count", type=int, default=10, help="rounds; from 6 on there are intervals")
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--dir", type=pathlib.Path, help="where files are written (the system's temporary folder)")
    p.add_argument("--out", type=pathlib.Path)
    o = p.parse_args()
    if unknown := [c for c in o.cases.split(",") if c not in CASES]:
        p.error(f"--cases {','.join(unknown)}: allowed are {', '.join(CASES)}")
    if o.points < WIDE or o.count < 1:
        p.error(f"--points from {WIDE} on, --count from 1 on")
    return o


def main():
    o = options()
    excelize = re.search(r"excelize/v2 (\S+)", (PROJECT / "go.mod").read_text()).group(1)
    out = [f"# {o.points:,} samples: {SERIES} series, long; {WIDE} columns, wide. Files on one disk, not synced; decant's SHA-256 is in its time, the start of a process in nobody's."]
    out += report.machine({"decant": data.version(), "duckdb": duckdb.__version__, "excelize": excelize, "threads": o.threads}, os.getloadavg())
    out += ["Unit rows/s better=higher", "Unit B/row better=lower", "Unit cpu-ns/op better=lower"]
    out += [f"Unit of-{peer}{what} better=higher" for peer in ("duckdb", "duckdb-same", "excelize") for what in ("", "-cpu")]
    rows_of, table, faults = {"long": o.points // SERIES * SERIES, "wide": o.points // WIDE, "sheet": min(o.points, SHEET) // SERIES * SERIES}, [], []
    with tempfile.TemporaryDirectory(dir=o.dir) as scratch, contextlib.ExitStack() as always:
        scratch = pathlib.Path(scratch).resolve()  # Go is called from another folder
        program = data.build(scratch)
        make(program, scratch, o.points)
        database = always.enter_context(contextlib.closing(DuckDB(scratch / "points.duckdb", scratch, o.threads)))
        for case in o.cases.split(","):
            format, shape, who = CASES[case]
            folder = "sheet" if format == "xlsx" else shape
            with contextlib.ExitStack() as stack:
                taken, said = rounds(printers(stack, program, scratch, database, shape, folder, who, o.threads), format, o.count, scratch)
            out += lines(case, rows_of[folder], taken, o.threads)
            table += summary(case, rows_of[folder], taken)
            faults += [f"{case}: {peer}'s file says {said[peer]}, decant's {said['decant']}" for peer in who if said[peer] != said["decant"]]
            apart = report.Spread(s for s, _, _ in taken["decant"]).noise()
            out += [f"# noisy: decant's rounds of {case} lie {apart:.0%} apart"] if apart > 0.25 else []
    out += [f"# load average afterwards: {os.getloadavg()[0]:.2f}"]
    out += [f"# {line}" for line in report.table(table, ("file", "by", "million rows/s", "CPU s", "bytes", "decant is faster by", "in CPU time by"))]
    out += [f"# FAULT: {text}" for text in faults]
    print(*out, sep="\n")
    if o.out:
        o.out.write_text("\n".join(out) + "\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
