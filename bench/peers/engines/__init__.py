"""The engines that decant is compared with, a module each.

A module has a class Engine:

    Engine(columns, folder, threads)    loads the points into its own best form; folder is for files of its own. Missing: it can't be had here
    version                             of the program that answers
    idioms(functions, bucket, zone)     ways to ask for the same rows, by name: functions without arguments that leave the result in memory.
                                        The fastest is the one that is measured
    answers(result, functions, bucket, zone)
                                        the result as (series, starts in ns, {function: column}), each an array; NaN where a row has no value
    close()                             stops what was started
"""

import importlib

NAMES = ("duckdb", "clickhouse", "polars", "pandas", "questdb", "postgres")
REQUIRED = ("duckdb", "clickhouse", "polars", "pandas")  # these come with requirements.txt alone


class Missing(Exception):
    """An engine can't be had on this machine; the text says what to install."""


def load(name):
    """The class of an engine."""
    try:
        return importlib.import_module(f"engines.{name}").Engine
    except ImportError as e:
        raise Missing(f"{e}; install requirements.txt") from e
