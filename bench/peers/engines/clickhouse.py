"""ClickHouse, inside the process (chdb): a MergeTree ordered by series and time.

Uncompressed columns are the fastest from the system's cache; read in the table's order, aggregation needs no hash table. ClickHouse's calendar functions look
the day up in a table of the zone, so a month costs no more than a minute.
"""

import chdb
import numpy
import pyarrow
from chdb.session import Session

NAMES = {"avg": "avg", "min": "min", "max": "max", "sum": "sum", "variance": "varSamp", "stddev": "stddevSamp"}
UNITS = {"m": "minute", "h": "hour", "d": "day", "M": "month"}


class Engine:
    def __init__(self, columns, folder, threads):
        self.session = Session(str(folder / "clickhouse"))
        self.threads = threads
        self.version = "ClickHouse " + str(self.session.query("SELECT version()")).strip().strip('"') + f" (chdb {chdb.__version__})"
        points = pyarrow.table({"series": columns.series, "time": columns.time // 1_000_000, "value": columns.value})
        file = folder / "points.arrow"
        with pyarrow.OSFile(str(file), "wb") as sink, pyarrow.ipc.new_file(sink, points.schema) as writer:
            writer.write_table(points, max_chunksize=1 << 20)
        del points
        self.session.query("CREATE DATABASE b")
        self.session.query(
            "CREATE TABLE b.p (series UInt16, time DateTime64(3, 'Europe/Berlin') CODEC(NONE), value Float64 CODEC(NONE)) "
            "ENGINE = MergeTree ORDER BY (series, time)"
        )
        self.session.query(f"INSERT INTO b.p SELECT series, fromUnixTimestamp64Milli(time, 'Europe/Berlin'), value FROM file('{file}', 'Arrow')")
        self.session.query("OPTIMIZE TABLE b.p FINAL")
        file.unlink()

    def idioms(self, functions, bucket, zone):
        aggregates = ", ".join(f"{NAMES[f]}(value) AS {f}" for f in functions)
        interval = f"INTERVAL {bucket[:-1]} {UNITS[bucket[-1]]}"
        sql = f"SELECT series, toStartOfInterval(time, {interval}, '{zone}') AS b, {aggregates} FROM b.p GROUP BY series, b SETTINGS max_threads = {self.threads}"
        large = ", aggregation_in_order_max_block_bytes = 500000000, max_block_size = 200000"
        return {
            "in order": lambda: self.ask(sql + ", optimize_aggregation_in_order = 1"),
            "in order, large blocks": lambda: self.ask(sql + ", optimize_aggregation_in_order = 1" + large),
        }

    def ask(self, sql):
        return self.session.query(sql, "ArrowTable")

    def answers(self, result, functions, bucket, zone):
        b = result["b"]
        if pyarrow.types.is_date(b.type):  # a month is a date
            starts = pyarrow.compute.assume_timezone(b.cast(pyarrow.timestamp("s")), zone).cast(pyarrow.timestamp("ns", "UTC")).cast(pyarrow.int64())
        elif pyarrow.types.is_timestamp(b.type):
            starts = b.cast(pyarrow.timestamp("ns", b.type.tz)).cast(pyarrow.int64())
        else:  # a DateTime comes as seconds
            starts = pyarrow.compute.multiply(b.cast(pyarrow.int64()), 1_000_000_000)
        return numpy.asarray(result["series"]), numpy.asarray(starts), {f: numpy.asarray(result[f]) for f in functions}

    def close(self):
        self.session.close()
