"""Compares decant with the engines that a user could pick instead: the same points, the same buckets, the same answers. README.md says how."""

import argparse
import contextlib
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

import columns
import data
import engines
import exact
import report
import verify
from process import Process

ZONE = "Europe/Berlin"
CASES = "50x1000000,1000x50000,1x50000000"
BUCKETS = "15m,1d,1m,1h,1M"
SLOW = 2  # s: an engine that takes longer to answer a query has no warm-up of its own for it
NOISY = 0.25  # the share of the median that a quiet machine's rounds lie apart at most
FUNCTIONS = {"avg": ("avg",), "stddev": ("stddev",), "six": columns.FUNCTIONS}


def options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--cases", default=CASES, help="SERIESxPOINTS, separated by commas")
    p.add_argument("--buckets", default=BUCKETS, help="some of 1m,15m,1h,1d,1M")
    p.add_argument("--funcs", default=",".join(FUNCTIONS), help="some of avg,stddev,six")
    p.add_argument("--engines", default=",".join(engines.NAMES), help="the peers; decant always takes part")
    p.add_argument("--rounds", type=int, default=6, help="how often each engine answers each query")
    p.add_argument("--budget", type=float, default=30, help="seconds an engine and case; who would need more answers in fewer rounds, and then not at all")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--small", action="store_true", help="a smoke run of seconds")
    p.add_argument("--dir", type=pathlib.Path, default=cache() / "decant-peers", help="where the data is kept")
    p.add_argument("--out", type=pathlib.Path, help="a file that takes what is printed")
    o = p.parse_args()
    if o.small:
        o.cases, o.buckets, o.rounds, o.budget = "3x20000", "15m,1h,1d,1M", 2, 5
    o.adversarial = 5_000 if o.small else 100_000
    return o


def cache():
    """The user's cache folder."""
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")


class Run:
    """One run of the comparison, and what it prints."""

    def __init__(self, options):
        self.o, self.out, self.faults = options, [], []
        self.names = ["decant", *(n for n in options.engines.split(",") if n)]
        options.dir.mkdir(parents=True, exist_ok=True)
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=options.dir))
        os.chmod(self.scratch, 0o711)

    def say(self, *lines):
        for line in lines:
            print(line, flush=True)
        self.out += lines

    def all(self):
        load, self.began = os.getloadavg(), time.monotonic()
        program = data.build(self.scratch)
        self.versions(program)
        self.say(*report.machine(self.found, load), "")
        self.adversarial(program)
        for case in self.o.cases.split(","):
            series, points = map(int, case.split("x"))
            self.case(case, data.walk(self.o.dir, program, series, points), series * points, program)
        after = os.getloadavg()
        self.say(f"load average afterwards: {after[0]:.2f} {after[1]:.2f} {after[2]:.2f}; {time.monotonic() - self.began:.0f} s in all")
        self.say(*(f"FAULT: {text}" for text in self.faults))

    def versions(self, program):
        """Starts every engine once on a few points, and leaves out those that can't be had."""
        folder, self.found = data.adversarial(self.o.dir, program, 1_000), {}
        for name in list(self.names):
            try:
                process = Process(name, folder, self.scratch, self.o.threads, program)
            except engines.Missing as e:
                if os.environ.get("CI") == "true" and name in engines.REQUIRED:
                    raise
                self.names.remove(name)
                self.say(f"left out: {name}: {e}")
                continue
            self.found[name] = process.version or data.version()
            process.close()

    @contextlib.contextmanager
    def running(self, dataset, program):
        """All engines, each with the points loaded."""
        with contextlib.ExitStack() as stack:
            processes = {}
            for name in self.names:
                process = Process(name, dataset, self.scratch, self.o.threads, program)
                processes[name] = stack.enter_context(contextlib.closing(process))
            yield processes

    def case(self, case, dataset, points, program):
        """Measures all queries of one case and checks their answers."""
        self.say(f"== {case}: {points:,} points, {ZONE}, {self.o.threads} threads; points/s of the median round, (range), decant's time to theirs")
        benchmark, rows, right, cols = [], [], [], columns.Columns(dataset)
        wanted, functions = self.o.buckets.split(","), self.o.funcs.split(",")
        share = self.o.budget / (len(wanted) * len(functions))
        with self.running(dataset, program) as processes:
            self.say("loaded in seconds: " + ", ".join(f"{n} {p.loaded:.0f}" for n, p in processes.items() if n != "decant"), "")
            for bucket in wanted:
                warm = self.warm(processes, bucket)
                right += self.check(case, cols, bucket, warm)
                for function in functions:
                    print(f"{time.monotonic() - self.began:.0f} s: {case} {bucket} {function}", file=sys.stderr, flush=True)
                    seconds, idioms = self.measure(processes, function, bucket, warm, share)
                    for name in self.names:
                        rows.append(self.row(bucket, function, name, points, seconds, idioms))
                        benchmark += report.go_lines(case, bucket, function, name, points, seconds.get(name, []), seconds["decant"])
                    self.noise(case, bucket, function, seconds)
        self.say(*report.table(rows, ("bucket", "func", "engine", "Mpoints/s", "(range)", "decant is faster by", "how")), "")
        self.say(
            "digits right, fewest / median over sampled buckets",
            "",
            *report.table(right, ("bucket", "engine", *columns.FUNCTIONS)),
            "",
            "Go's benchmark format, a line a round",
            "",
            *benchmark,
            "",
        )

    def warm(self, processes, bucket):
        """Has each engine that is within its budget work all six functions out once and write its answers."""
        return {
            name: self.ask(process, "six", bucket, self.scratch / "answers" / name)
            for name, process in processes.items()
            if self.within(process)
        }

    def ask(self, process, function, bucket, answers=None):
        reply = process.ask(FUNCTIONS[function], bucket, ZONE, answers)
        process.used += reply["seconds"]
        return reply

    def within(self, process):
        return process.name == "decant" or process.used < self.o.budget

    def measure(self, processes, function, bucket, warm, share):
        """The seconds of each engine's rounds and its idiom. Every round runs each engine once, in another order; an engine has share seconds."""
        seconds, idioms, rounds = {}, {}, {}
        for name in warm:
            if function != "six" and not self.within(processes[name]):
                continue
            once = warm[name] if function == "six" else self.ask(processes[name], function, bucket)
            idioms[name] = once.get("idiom", "")
            rounds[name] = self.o.rounds if name == "decant" else max(1, min(self.o.rounds, int(share / once["seconds"])))
            # Who is so slow that there is time for one round only had its store read by other queries: this answer is the round.
            seconds[name] = [once["seconds"]] if rounds[name] == 1 and once["seconds"] > SLOW else []
        names = list(seconds)
        for k in range(-1, self.o.rounds):  # the first round doesn't count: slower engines ran long since these were asked
            turn = k % len(names)
            for name in names[turn:] + names[:turn]:
                if len(seconds[name]) < rounds[name]:
                    again = self.ask(processes[name], function, bucket)["seconds"]
                    seconds[name] += [again] if k >= 0 else []
        return seconds, idioms

    def row(self, bucket, function, name, points, seconds, idioms):
        """A line of the table: one engine's rate, and how much faster decant is."""
        if name not in seconds:
            return (bucket, function, name, "", "", "", "not asked: over its budget")
        rate = report.Spread(points / s / 1e6 for s in seconds[name])
        faster = "" if name == "decant" else report.ratio(seconds["decant"], seconds[name]).text(2)
        return (bucket, function, name, *rate.texts(0), faster, idioms[name])

    def noise(self, case, bucket, function, seconds):
        """Says so where decant's own rounds lie far apart: then another program was at work."""
        spread = report.Spread(seconds["decant"])
        if spread.noise() > NOISY:
            self.say(f"noisy: decant's rounds of {case} {bucket} {function} lie {spread.noise():.0%} apart (load average {os.getloadavg()[0]:.1f})")

    def check(self, case, cols, bucket, names):
        """Compares all engines' answers with exact arithmetic. The rows of a table of digits."""
        reference, rows = verify.Reference(cols, bucket, ZONE), []
        for name in names:
            answers = columns.read_answers(self.scratch / "answers" / name, columns.FUNCTIONS)
            if fault := reference.same_buckets(answers):
                self.fault(f"{name}, {case} {bucket}: {fault}")
                continue
            digits = reference.digits(answers)
            if fault := verify.disagreement(digits):
                self.fault(f"{name}, {case} {bucket}: {fault}")
            self.decant_exact(name, f"{case} {bucket}", digits)
            rows.append((bucket, name, *(report.digits_text(digits[f]) for f in columns.FUNCTIONS)))
        return rows

    def adversarial(self, program):
        """Digits on values that float64 sums go wrong on. Nothing is timed."""
        dataset = data.adversarial(self.o.dir, program, self.o.adversarial)
        with self.running(dataset, program) as processes:
            self.warm(processes, "15m")
        reference = verify.Reference(columns.Columns(dataset), "15m", ZONE)
        rows = []
        for series, kind in enumerate(data.ADVERSARIAL):
            for name in self.names:
                answers = columns.read_answers(self.scratch / "answers" / name, columns.FUNCTIONS)
                if fault := reference.same_buckets(answers):
                    self.fault(f"{name}, {kind}: {fault}")
                    continue
                digits = reference.digits(answers, series)
                self.decant_exact(name, kind, digits)
                rows.append((kind, name, *(report.digits_text(digits[f]) for f in columns.FUNCTIONS)))
        self.say(f"== values that sums in float64 go wrong on: {self.o.adversarial:,} points each, 15m; digits right, fewest / median over sampled buckets", "")
        self.say(*report.table(rows, ("values", "engine", *columns.FUNCTIONS)), "")

    def decant_exact(self, name, where, digits):
        if name == "decant":
            for function, d in digits.items():
                if min(d) != exact.EXACT:
                    self.fault(f"decant, {where}: {function} is not the nearest float64 in {sum(x != exact.EXACT for x in d)} of {len(d)} buckets")

    def fault(self, text):
        self.faults.append(text)
        self.say(f"FAULT: {text}")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started ends, and what was copied goes
    run = Run(options())
    try:
        run.all()
    finally:
        shutil.rmtree(run.scratch, ignore_errors=True)
        if run.o.out:  # what there is, also when it was stopped
            run.o.out.parent.mkdir(parents=True, exist_ok=True)
            run.o.out.write_text("\n".join(run.out) + "\n")
    return 1 if run.faults else 0


if __name__ == "__main__":
    sys.exit(main())
