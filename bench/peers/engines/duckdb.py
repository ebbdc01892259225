"""DuckDB: a table sorted by series and time, its times as integers.

A bucket of minutes or hours is an integer division, half as dear as time_bucket on a TIMESTAMP. A day or month in a zone is found through a calendar table with
one row an hour: date_trunc on a TIMESTAMPTZ does 13 million points a second, and the join ten times as many.
"""

import duckdb
import pyarrow

import buckets

NAMES = {"avg": "avg", "min": "min", "max": "max", "sum": "sum", "variance": "var_samp", "stddev": "stddev_samp"}
HOUR = 3_600_000


class Engine:
    def __init__(self, columns, folder, threads):
        self.version = f"DuckDB {duckdb.__version__}"
        self.db = duckdb.connect(str(folder / "points.duckdb"))
        self.db.execute(f"SET threads = {threads}")
        self.db.execute("SET memory_limit = '6GB'")
        self.db.execute("SET perfect_ht_threshold = 26")  # an array instead of a hash table for up to 2^26 groups
        points = pyarrow.table({"series": columns.series, "time": columns.time // 1_000_000, "value": columns.value})
        self.db.register("points", points)
        self.db.execute("CREATE TABLE p AS SELECT series::USMALLINT AS series, time, value FROM points")
        self.db.unregister("points")
        self.db.execute("CHECKPOINT")
        self.first, self.last = int(columns.time.min()), int(columns.time.max())

    def idioms(self, functions, bucket, zone):
        aggregates = ", ".join(f"{NAMES[f]}(value) AS {f}" for f in functions)
        width = buckets.width(bucket)
        if width:
            sql = f"SELECT series, time // {width // 1_000_000} AS b, {aggregates} FROM p GROUP BY series, b"
            return {"integer division": lambda: self.db.sql(sql).to_arrow_table()}
        unit = {"1d": "day", "1M": "month"}[bucket]
        self.db.execute(f"SET TimeZone = '{zone}'")
        lo, hi = self.first // (HOUR * 1_000_000), self.last // (HOUR * 1_000_000)
        self.db.execute(
            f"CREATE OR REPLACE TABLE calendar AS SELECT h AS hour, "
            f"epoch_ms(date_trunc('{unit}', to_timestamp(h * 3600))) AS b FROM range({lo}, {hi + 1}) t(h)"
        )
        sql = f"SELECT series, b, {aggregates} FROM p JOIN calendar ON time // {HOUR} = hour GROUP BY series, b"
        return {"calendar join": lambda: self.db.sql(sql).to_arrow_table()}

    def answers(self, result, functions, bucket, zone):
        scale = buckets.width(bucket) or 1_000_000
        return (
            result["series"].to_numpy(),
            result["b"].to_numpy().astype("int64") * scale,
            {f: result[f].to_numpy() for f in functions},
        )

    def close(self):
        self.db.close()
