"""Where buckets start: the calendar that every engine's answers are checked against.

Times are int64 nanoseconds, UTC. A bucket of minutes or hours is aligned to the zone's wall clock; a day or a month begins at local midnight. The zone's
offsets have to be whole multiples of a bucket of minutes or hours, as Europe/Berlin's are for 1m, 15m and 1h: such a bucket is never cut by a change of offset.
"""

import datetime
import zoneinfo

import numpy

SECOND = 1_000_000_000
UNITS = {"s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND}


def width(bucket):
    """A bucket's length in nanoseconds; None for a day or a month, which have none."""
    number, unit = int(bucket[:-1]), bucket[-1]
    if unit in UNITS:
        return number * UNITS[unit]
    if bucket not in ("1d", "1M"):
        raise ValueError(f"bucket {bucket!r}: allowed are s, m and h with a number, 1d and 1M")
    return None


def starts(bucket, zone, first, last):
    """The starts of all buckets that hold a time from first to last, ascending, and at the end the start of the one after."""
    if length := width(bucket):
        return numpy.arange(first // length * length, last // length * length + 2 * length, length, dtype=numpy.int64)
    tz = zoneinfo.ZoneInfo(zone)
    day = datetime.datetime.fromtimestamp(first // SECOND, tz).date()
    if bucket == "1M":
        day = day.replace(day=1)
    found = []
    while not found or found[-1] <= last:
        midnight = datetime.datetime.combine(day, datetime.time(), tz)
        found.append(int(midnight.timestamp()) * SECOND)
        day = (day + datetime.timedelta(days=32)).replace(day=1) if bucket == "1M" else day + datetime.timedelta(days=1)
    return numpy.array(found, dtype=numpy.int64)


def bounds(columns, bucket, zone):
    """The buckets of all series that hold points: (series, start, first row, row after the last), each an array."""
    edges = starts(bucket, zone, int(columns.time.min()), int(columns.time.max()))
    found = []
    for series, (first, end) in enumerate(columns.ranges):
        rows = first + numpy.searchsorted(columns.time[first:end], edges)
        some = rows[:-1] < rows[1:]
        found.append((numpy.full(some.sum(), series), edges[:-1][some], rows[:-1][some], rows[1:][some]))
    return tuple(numpy.concatenate(part) for part in zip(*found))
