"""Medians, ratios and what is printed: a table for people, and Go's benchmark format for benchstat."""

import math
import platform
import statistics

import exact


class Spread:
    """The median of some rounds with their smallest and largest. The true median of n rounds lies between those with a probability of 1 − 2^(1−n)."""

    def __init__(self, rounds):
        self.rounds = list(rounds)
        self.median, self.low, self.high = statistics.median(self.rounds), min(self.rounds), max(self.rounds)

    def noise(self):
        """The spread as a share of the median."""
        return (self.high - self.low) / self.median

    def texts(self, digits):
        """The median, and the range or that there is none."""
        between = f"({self.low:.{digits}f}–{self.high:.{digits}f})" if len(self.rounds) > 1 else "(1 round)"
        return f"{self.median:.{digits}f}", between

    def text(self, digits):
        return " ".join(self.texts(digits))


def interval(rounds):
    """The ends between which the true median lies with 95 % confidence, whatever the distribution; None where there are fewer rounds than six."""
    rounds, n = sorted(rounds), len(rounds)
    outside = lambda k: 2 * sum(math.comb(n, i) for i in range(k)) / 2**n  # how likely the median is not between the k-th smallest and the k-th largest
    k = max((k for k in range(1, n // 2 + 1) if outside(k) <= 0.05), default=0)
    return (rounds[k - 1], rounds[n - k]) if k else None


def interval_text(rounds):
    """The median and, where there is one, the interval."""
    ends = interval(rounds)
    return f"{statistics.median(rounds):.2f}" + (f" ({ends[0]:.2f}–{ends[1]:.2f})" if ends else "")


def ratio(ours, theirs):
    """How many times as long theirs took, round by round. Where theirs has fewer rounds, the first ones are compared."""
    return Spread(b / a for a, b in zip(ours, theirs))


def machine(versions, load):
    """The lines that say what was measured on what, in Go's benchmark format: key, colon, value."""
    cpu = platform.processor() or "unknown"
    try:
        with open("/proc/cpuinfo") as f:
            cpu = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), cpu)
    except OSError:
        pass
    lines = [f"goos: {platform.system().lower()}", f"goarch: {platform.machine()}", f"cpu: {cpu}", f"kernel: {platform.release()}"]
    lines += [f"python: {platform.python_version()}"]
    lines += [f"{name}: {version}" for name, version in versions.items()]
    lines += [f"load-average-before: {load[0]:.2f} {load[1]:.2f} {load[2]:.2f}"]
    return lines


def digits_text(digits):
    """The fewest and the median of digits, over buckets."""
    show = lambda d: "exact" if d == exact.EXACT else f"{math.floor(d * 10) / 10:.1f}"
    low, middle = min(digits), statistics.median_low(digits)
    return show(low) if low == middle else f"{show(low)} / {show(middle)}"


def table(rows, head):
    """Rows of text as lines, columns aligned, the first ones to the left."""
    rows = [head, *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip() for row in rows]
    return [lines[0], "-" * len(lines[0]), *lines[1:]]


def go_lines(case, bucket, function, engine, points, seconds, compared):
    """One line a round, as go test -bench prints them. of-decant is this engine's rate as a share of decant's."""
    name = f"BenchmarkPeers/case={case}/bucket={bucket}/func={function}/engine={engine}"
    for i, s in enumerate(seconds):
        share = f" {compared[i] / s:.4f} of-decant" if compared and i < len(compared) else ""
        yield f"{name} 1 {s * 1e9:.0f} ns/op {points / s:.0f} points/s{share}"
