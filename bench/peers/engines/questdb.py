"""QuestDB: its server beside the worker, a table by time with the series as a symbol.

SAMPLE BY knows zones. A bucket of minutes or hours starts at the same instants in the zone as in UTC, and grouping by timestamp_floor is faster then. Rows come as CSV over HTTP, the quickest of its ways out, and are taken apart after the clock has stopped.
"""

import io
import os
import pathlib
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import numpy
import pyarrow
import pyarrow.csv
import pyarrow.parquet

import buckets
from engines import Missing
from engines.server import free_port, stop

VERSION = "9.1.0"
NAMES = {"avg": "avg", "min": "min", "max": "max", "sum": "sum", "variance": "var_samp", "stddev": "stddev_samp"}
STARTS_WITHIN = 60  # s


def jar():
    """The server, from QUESTDB_JAR or Maven's own cache."""
    file = os.environ.get("QUESTDB_JAR")
    file = pathlib.Path(file) if file else pathlib.Path.home() / f".m2/repository/org/questdb/questdb/{VERSION}/questdb-{VERSION}.jar"
    if not file.exists():
        raise Missing(f"no {file.name}; fetch it with: mvn dependency:get -Dartifact=org.questdb:questdb:{VERSION} -Dtransitive=false")
    return file


class Engine:
    def __init__(self, columns, folder, threads):
        self.folder, self.port = folder, free_port()
        settings = {
            "QDB_HTTP_BIND_TO": f"127.0.0.1:{self.port}", "QDB_HTTP_MIN_ENABLED": "false", "QDB_PG_ENABLED": "false",
            "QDB_LINE_TCP_ENABLED": "false", "QDB_LINE_UDP_ENABLED": "false", "QDB_TELEMETRY_ENABLED": "false",
            "QDB_SHARED_WORKER_COUNT": str(threads), "QDB_CAIRO_SQL_COPY_ROOT": str(folder),
        }  # fmt: skip
        command = ["java", "-Xmx2g", "-p", str(jar()), "-m", "io.questdb/io.questdb.ServerMain", "-d", str(folder / "root")]
        (folder / "root").mkdir()
        try:
            self.server = subprocess.Popen(command, stdout=2, env={**os.environ, **settings})
        except FileNotFoundError as e:
            raise Missing("no java; install a Java runtime, 17 or later") from e
        self.version = f"QuestDB {VERSION}"
        try:
            self.wait()
            self.load(columns)
        except BaseException:
            stop(self.server)
            raise

    def wait(self):
        began = time.monotonic()
        while self.server.poll() is None and time.monotonic() - began < STARTS_WITHIN:
            try:
                return self.ask("SELECT 1")
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise RuntimeError(f"QuestDB does not answer on port {self.port}")

    def load(self, columns):
        """Through a Parquet file sorted by time, so that nothing arrives late."""
        order = numpy.argsort(columns.time, kind="stable")
        points = pyarrow.table({
            "series": columns.series[order],
            "time": pyarrow.array(columns.time[order] // 1000).cast(pyarrow.timestamp("us")),
            "value": columns.value[order],
        })  # fmt: skip
        del order
        file = self.folder / "points.parquet"
        pyarrow.parquet.write_table(points, file, compression="none")
        del points
        self.ask("CREATE TABLE p (series SYMBOL CAPACITY 4096, time TIMESTAMP, value DOUBLE) TIMESTAMP(time) PARTITION BY MONTH BYPASS WAL")
        self.ask("INSERT INTO p SELECT series::STRING::SYMBOL, time, value FROM read_parquet('points.parquet')")
        file.unlink()

    def ask(self, sql):
        """The answer as the server sends it: CSV."""
        url = f"http://127.0.0.1:{self.port}/exp?" + urllib.parse.urlencode({"query": sql})
        if not sql.startswith("SELECT"):
            url = url.replace("/exp?", "/exec?")
        try:
            return urllib.request.urlopen(url).read()
        except urllib.error.HTTPError as e:
            raise RuntimeError(f"{sql}: {e.read().decode()}") from e

    def idioms(self, functions, bucket, zone):
        aggregates = ", ".join(f"{NAMES[f]}(value) {f}" for f in functions)
        if buckets.width(bucket):
            sql = f"SELECT series, timestamp_floor('{bucket}', time) time, {aggregates} FROM p GROUP BY series, time"
            return {"timestamp_floor": lambda: self.ask(sql)}
        sql = f"SELECT series, time, {aggregates} FROM p SAMPLE BY {bucket} ALIGN TO CALENDAR TIME ZONE '{zone}'"
        return {"SAMPLE BY": lambda: self.ask(sql)}

    def answers(self, result, functions, bucket, zone):
        types = {"series": pyarrow.int32(), "time": pyarrow.timestamp("us", "UTC"), **{f: pyarrow.float64() for f in functions}}
        rows = pyarrow.csv.read_csv(io.BytesIO(result), convert_options=pyarrow.csv.ConvertOptions(column_types=types, null_values=["", "null"]))
        starts = rows["time"].cast(pyarrow.int64()).to_numpy() * 1000
        return rows["series"].to_numpy(), starts, {f: rows[f].to_numpy() for f in functions}

    def close(self):
        stop(self.server)
