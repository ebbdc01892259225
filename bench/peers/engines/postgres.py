"""PostgreSQL: a throw-away cluster on a Unix socket, a table that two workers read.

It has no column store: the table is read whole, and an index would not be used. The table is unlogged, vacuumed and frozen, with a BRIN index as one
would have it. Rows come in COPY's binary form and are taken apart after the clock has stopped.
"""

import glob
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

import numpy
import psycopg

from engines import Missing

NAMES = {"avg": "avg", "min": "min", "max": "max", "sum": "sum", "variance": "var_samp", "stddev": "stddev_samp"}
EPOCH = 946_684_800_000_000  # µs: PostgreSQL counts from 2000-01-01
BATCH = 1 << 20
HEADER, TRAILER = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
SETTINGS = {
    "listen_addresses": "''", "shared_buffers": "1GB", "work_mem": "512MB", "maintenance_work_mem": "512MB", "max_connections": "5",
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off", "wal_level": "minimal", "max_wal_senders": "0",
    "max_wal_size": "4GB", "jit": "on", "min_parallel_table_scan_size": "0", "parallel_setup_cost": "0", "parallel_tuple_cost": "0",
    "parallel_leader_participation": "off",
}  # fmt: skip


def program(name):
    """A program of the newest PostgreSQL that is installed."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), key=lambda p: int(p.split("/")[4])) or [shutil.which(name)]
    if not found[-1]:
        raise Missing(f"no {name}; install Debian's package postgresql")
    return found[-1]


class Engine:
    def __init__(self, columns, folder, threads):
        self.user = None
        if os.getuid() == 0:  # which PostgreSQL refuses to be; another user may not enter the folders above folder
            self.user, folder = pwd.getpwnam("postgres"), None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="decant-pg-", dir=folder))
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        self.data = self.folder / "data"
        self.run(program("initdb"), "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale")
        # The socket's path has room for about a hundred bytes, which folder may exceed.
        self.socket = tempfile.mkdtemp(prefix="decant-pg-")
        os.chmod(self.socket, 0o777)
        settings = {**SETTINGS, "unix_socket_directories": f"'{self.socket}'", "max_parallel_workers_per_gather": threads, "max_worker_processes": threads, "max_parallel_workers": threads}
        with open(self.data / "postgresql.conf", "a") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in settings.items())
        self.run(program("pg_ctl"), "-D", self.data, "-w", "-t", "60", "-l", self.folder / "log", "start")
        try:
            self.db = psycopg.connect(host=self.socket, user="postgres", dbname="postgres", autocommit=True)
            self.version = "PostgreSQL " + self.db.execute("SHOW server_version").fetchone()[0]
            self.load(columns, threads)
        except BaseException:
            self.close()
            raise

    def run(self, *command):
        as_user = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        subprocess.run([str(c) for c in command], check=True, stdout=2, cwd=self.folder, **as_user)

    def load(self, columns, threads):
        self.db.execute("CREATE UNLOGGED TABLE p (series int4 NOT NULL, time timestamptz NOT NULL, value float8 NOT NULL)")
        self.db.execute(f"ALTER TABLE p SET (parallel_workers = {threads})")
        row = numpy.dtype([("n", ">i2"), ("a", ">i4"), ("series", ">i4"), ("b", ">i4"), ("time", ">i8"), ("c", ">i4"), ("value", ">f8")])
        with self.db.cursor().copy("COPY p FROM STDIN (FORMAT binary)") as copy:
            copy.write(HEADER)
            for at in range(0, len(columns.time), BATCH):
                part = slice(at, at + BATCH)
                rows = numpy.empty(len(columns.time[part]), row)
                rows["n"], rows["a"], rows["b"], rows["c"] = 3, 4, 8, 8
                rows["series"], rows["time"], rows["value"] = columns.series[part], columns.time[part] // 1000 - EPOCH, columns.value[part]
                copy.write(rows.tobytes())
            copy.write(TRAILER)
        self.db.execute("CREATE INDEX ON p USING brin (time)")
        self.db.execute("VACUUM (FREEZE, ANALYZE) p")

    def idioms(self, functions, bucket, zone):
        aggregates = ", ".join(f"coalesce({NAMES[f]}(value), 'NaN')" for f in functions)  # so that all rows are of one length
        if bucket in ("1d", "1M"):
            start = f"date_trunc('{'day' if bucket == '1d' else 'month'}', time, '{zone}')"
        else:
            start = f"date_bin('{bucket.replace('m', ' minutes').replace('h', ' hours')}', time, '2000-01-01Z')"
        sql = f"COPY (SELECT series, {start} AS b, {aggregates} FROM p GROUP BY series, b) TO STDOUT (FORMAT binary)"
        return {start.split("(")[0]: lambda: self.ask(sql)}

    def ask(self, sql):
        with self.db.cursor().copy(sql) as copy:
            return b"".join(bytes(part) for part in copy)

    def answers(self, result, functions, bucket, zone):
        cells = [cell for f in functions for cell in ((f"size of {f}", ">i4"), (f, ">f8"))]
        row = numpy.dtype([("cells", ">i2"), ("a", ">i4"), ("series", ">i4"), ("b", ">i4"), ("start", ">i8"), *cells])
        rows = numpy.frombuffer(result[len(HEADER) : -len(TRAILER)], row)
        return rows["series"], (rows["start"].astype("<i8") + EPOCH) * 1000, {f: rows[f] for f in functions}

    def close(self):
        if hasattr(self, "db"):
            self.db.close()
        self.run(program("pg_ctl"), "-D", self.data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.socket, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)
