"""The data sets: decant's program makes them, so that they are the same everywhere; the adversarial one is made here, to the same columns."""

import json
import pathlib
import shutil
import subprocess

import numpy

from columns import write_columns

ADVERSARIAL = ("10^15 + small", "±10^15 alternating", "constant 0.1", "walk through zero")  # a series each
GENERATION = 2  # raised when the same name means other points, or decant lays its stores out otherwise


def build(scratch):
    """Compiles decant's program."""
    program = scratch / "decant"
    subprocess.run(["go", "build", "-o", str(program), "./decant"], cwd=pathlib.Path(__file__).parent, check=True)
    return program


def version():
    """decant's commit."""
    try:
        described = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=pathlib.Path(__file__).parent, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return described.stdout.strip()


def walk(root, program, series, points):
    """The folder of a data set of so many series with so many points each. It is kept and used again."""
    return made(root / f"walk-{series}x{points}", lambda folder: run(program, "make", "-series", series, "-points", points, folder))


def adversarial(root, program, points):
    """The folder of values on which sums in float64 go wrong, so many a series."""

    def make(folder):
        dice = numpy.random.Generator(numpy.random.PCG64(1))
        step = numpy.arange(points)
        values = [
            1e15 + dice.integers(0, 800, points) / 8,
            numpy.where(step % 2 == 0, 1e15, -1e15) + dice.integers(0, 8, points) / 8,
            numpy.full(points, 0.1),
            numpy.cumsum(dice.integers(-7, 8, points)) / 100 * 10.0 ** dice.integers(-3, 1, points),
        ]
        time = 1_735_689_600_000 + step * 1000 + dice.integers(0, 41, points)
        write_columns(folder, numpy.repeat(numpy.arange(len(values)), points), numpy.tile(time, len(values)) * 1_000_000, numpy.concatenate(values))
        run(program, "load", folder)

    return made(root / f"adversarial-{points}", make)


def run(program, *arguments):
    subprocess.run([str(program), *map(str, arguments)], check=True)


def made(folder, make):
    """Makes folder, unless it is whole already."""
    mark = folder / "made.json"
    if mark.exists() and json.loads(mark.read_text()) == {"generation": GENERATION}:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    make(folder)
    mark.write_text(json.dumps({"generation": GENERATION}))
    return folder
