"""An engine in a process of its own, which answers queries as decant's program beside it does: a line in, a line of JSON out.

    avg,stddev 15m Europe/Berlin                    {"seconds": 0.1, "idiom": "…"}
    answers avg,stddev 15m Europe/Berlin FOLDER     the same, and the rows as column files

When a query is new, each of the engine's idioms is tried; the fastest is the one that is timed from then on.
"""

import json
import os
import pathlib
import sys
import time
import traceback

import columns
import engines

CLOSE = 2  # idioms that take up to so many times as long as the best are tried again, as first runs also warm up


def serve(engine, lines, reply):
    chosen = {}
    for line in lines:
        words = line.split()
        folder = words.pop() if words[0] == "answers" else None
        functions, bucket, zone = words[-3:]
        functions = functions.split(",")
        idioms = engine.idioms(functions, bucket, zone)
        key = " ".join(words[-3:])
        if key not in chosen:
            chosen[key] = fastest(idioms)
        seconds, result = timed(idioms[chosen[key]])
        if folder:
            columns.write_answers(folder, *engine.answers(result, functions, bucket, zone))
        del result
        reply({"seconds": seconds, "idiom": chosen[key]})


def fastest(idioms):
    """The name of the fastest idiom; where there is but one, it isn't tried."""
    if len(idioms) == 1:
        return next(iter(idioms))
    times = {name: timed(run)[0] for name, run in idioms.items()}
    close = [name for name, seconds in times.items() if seconds < CLOSE * min(times.values())]
    if len(close) == 1:
        return close[0]
    return min(close, key=lambda name: timed(idioms[name])[0])


def timed(run):
    began = time.perf_counter()
    result = run()
    return time.perf_counter() - began, result


def main():
    name, dataset, folder, threads = sys.argv[1:]
    # What an engine prints goes to standard error: standard output is for replies.
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def reply(values):
        out.write(json.dumps(values) + "\n")

    try:
        began = time.perf_counter()
        engine = engines.load(name)(columns.Columns(dataset), pathlib.Path(folder), int(threads))
    except engines.Missing as e:
        reply({"missing": str(e)})
        return
    reply({"version": engine.version, "seconds": time.perf_counter() - began})
    try:
        serve(engine, sys.stdin, reply)
    except Exception as e:
        traceback.print_exc()
        reply({"error": f"{type(e).__name__}: {e}"})
    finally:
        engine.close()


if __name__ == "__main__":
    main()
