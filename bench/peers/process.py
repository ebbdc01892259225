"""Engines as processes: decant's program and the workers of the others, which answer the same lines."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import engines

HERE = pathlib.Path(__file__).parent


class Process:
    """A running engine. folder holds its files and goes with it."""

    def __init__(self, name, dataset, scratch, threads, decant):
        self.name, self.log = name, tempfile.TemporaryFile("w+")
        self.used = 0.0  # seconds that its answers took
        self.folder = tempfile.TemporaryDirectory(prefix=f"{name}-", dir=scratch)
        os.chmod(self.folder.name, 0o711)  # PostgreSQL's user has to get through
        command = [sys.executable, str(HERE / "worker.py"), name, str(dataset), self.folder.name, str(threads)]
        if name == "decant":
            command = [str(decant), "serve", "-cores", str(threads), str(dataset)]
        environment = dict(os.environ, POLARS_MAX_THREADS=str(threads), OMP_NUM_THREADS=str(threads))
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True, env=environment, cwd=HERE
        )
        self.version = ""
        if name != "decant":
            try:
                hello = self.read()
                if text := hello.get("missing"):
                    raise engines.Missing(text)
            except BaseException:
                self.close()
                raise
            self.version, self.loaded = hello["version"], hello["seconds"]

    def ask(self, functions, bucket, zone, answers=None):
        """Carries a query out: seconds, rows, and the idiom that was chosen."""
        line = f"{','.join(functions)} {bucket} {zone}"
        if answers:
            line = f"answers {line} {answers}"
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # read says why
        return self.read()

    def read(self):
        line = self.process.stdout.readline()
        reply = json.loads(line) if line else {"error": "it ended"}
        if "error" in reply:
            self.log.seek(0)
            raise RuntimeError(f"{self.name}: {reply['error']}\n{self.log.read()[-4000:]}")
        return reply

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
        self.log.close()
        self.folder.cleanup()
