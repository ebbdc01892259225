"""python3 -m unittest: the parts of the comparison that everything else is judged by."""

import datetime
import fractions
import math
import pathlib
import random
import tempfile
import unittest
import zoneinfo

import duckdb
import numpy

import buckets
import exact
import files
import report


class Sums(unittest.TestCase):
    def test_equal_fractions(self):
        dice = random.Random(1)
        for _ in range(300):
            spread = dice.choice([0, 5, 60, 300])
            values = [math.ldexp(dice.uniform(-1, 1), dice.randint(-spread, spread)) for _ in range(dice.randint(1, 600))]
            first, second, e = exact.sums(values)
            unit = fractions.Fraction(2) ** e
            self.assertEqual(first * unit, sum(map(fractions.Fraction, values)))
            self.assertEqual(second * unit * unit, sum(fractions.Fraction(v) ** 2 for v in values))

    def test_extremes(self):
        for values in ([0.0, 0.0], [5e-324, -5e-324], [1.7976931348623157e308] * 3, [1e300, 1e-300, -1e300]):
            first, _, e = exact.sums(values)
            self.assertEqual(first * fractions.Fraction(2) ** e, sum(map(fractions.Fraction, values)))


class Statistics(unittest.TestCase):
    def test_known(self):
        s = exact.statistics([1.0, 2.0, 3.0, 4.0])
        self.assertEqual((s["avg"], s["min"], s["max"], s["sum"]), (2.5, 1.0, 4.0, 10.0))
        self.assertEqual(s["variance"], 5 / 3)
        self.assertEqual(s["stddev"], 1.2909944487358056)

    def test_one_value(self):
        s = exact.statistics([0.1])
        self.assertEqual((s["avg"], s["sum"], s["variance"], s["stddev"]), (0.1, 0.1, None, None))

    def test_constant(self):
        s = exact.statistics([0.1] * 1000)
        self.assertEqual((s["avg"], s["variance"], s["stddev"]), (0.1, 0.0, 0.0))

    def test_cancellation(self):
        self.assertEqual(exact.statistics([1e15, 0.25, -1e15])["sum"], 0.25)
        self.assertEqual(exact.statistics([1e300, 1e-300])["avg"], 5e299)
        self.assertEqual(exact.statistics([1e300, -1e300])["variance"], math.inf)

    def test_root_is_nearest(self):
        dice = random.Random(2)
        for _ in range(2000):
            square = fractions.Fraction(dice.randint(1, 10**40), dice.randint(1, 10 ** dice.randint(1, 60)))
            got = exact.root(square)
            below, above = math.nextafter(got, 0), math.nextafter(got, math.inf)
            low = (fractions.Fraction(below) + fractions.Fraction(got)) / 2
            high = (fractions.Fraction(above) + fractions.Fraction(got)) / 2
            self.assertLessEqual(low * low, square)
            self.assertGreaterEqual(high * high, square)
        self.assertEqual(exact.root(fractions.Fraction(0)), 0.0)
        self.assertEqual(exact.root(fractions.Fraction(9, 4)), 1.5)


class Digits(unittest.TestCase):
    def test_counts(self):
        self.assertEqual(exact.digits(0.1, 0.1), exact.EXACT)
        self.assertAlmostEqual(exact.digits(1.001, 1.0), 3, places=6)
        self.assertAlmostEqual(exact.digits(math.nextafter(1, 2), 1.0), 15.65, places=2)
        self.assertEqual(exact.digits(-1.0, 1.0), 0)
        self.assertEqual(exact.digits(1e-30, 0.0), 0)
        self.assertEqual(exact.digits(0.0, 0.0), exact.EXACT)
        self.assertEqual(exact.digits(math.nan, 1.0), 0)

    def test_no_value(self):
        self.assertEqual(exact.digits(math.nan, None), exact.EXACT)
        self.assertEqual(exact.digits(0.0, None), 0)


class Buckets(unittest.TestCase):
    zone = "Europe/Berlin"

    def test_days_of_a_year(self):
        at = lambda *date: int(datetime.datetime(*date, tzinfo=datetime.UTC).timestamp()) * buckets.SECOND
        days = buckets.starts("1d", self.zone, at(2026, 1, 1), at(2026, 12, 31))
        self.assertEqual(len(days), 366)  # 365 days and the start of the one after
        lengths = sorted(set((numpy.diff(days) // (3600 * buckets.SECOND)).tolist()))
        self.assertEqual(lengths, [23, 24, 25])

    def test_months_begin_at_local_midnight(self):
        months = buckets.starts("1M", self.zone, 1_735_689_600 * buckets.SECOND, 1_785_689_600 * buckets.SECOND)
        for start in months.tolist():
            local = datetime.datetime.fromtimestamp(start // buckets.SECOND, zoneinfo.ZoneInfo(self.zone))
            self.assertEqual((local.day, local.hour, local.minute), (1, 0, 0))
        self.assertEqual(len(months), 21)  # January 2025 to August 2026, and the next

    def test_minutes(self):
        found = buckets.starts("15m", self.zone, 900 * buckets.SECOND, 900 * buckets.SECOND)
        self.assertEqual(found.tolist(), [900 * buckets.SECOND, 1800 * buckets.SECOND])

    def test_unknown(self):
        with self.assertRaises(ValueError):
            buckets.width("2d")


class Report(unittest.TestCase):
    def test_median_and_range(self):
        s = report.Spread([3.0, 1.0, 2.0])
        self.assertEqual((s.median, s.low, s.high), (2.0, 1.0, 3.0))

    def test_ratio_by_round(self):
        r = report.ratio([1.0, 2.0, 1.0], [4.0, 6.0, 5.0])
        self.assertEqual((r.median, r.low, r.high), (4.0, 3.0, 5.0))

    def test_interval(self):
        self.assertIsNone(report.interval([1.0] * 5))
        self.assertEqual(report.interval([3.0, 1.0, 2.0, 6.0, 5.0, 4.0]), (1.0, 6.0))
        self.assertEqual(report.interval(list(range(10, 0, -1))), (2, 9))
        self.assertEqual(report.interval_text([1.0, 2.0, 3.0]), "2.00")
        self.assertEqual(report.interval_text([float(i) for i in range(1, 7)]), "3.50 (1.00–6.00)")


class Files(unittest.TestCase):
    def contents(self, text, format="csv", copied=""):
        """What is said by a CSV file of that text, or by another file that DuckDB copies from it."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "x.csv"
            path.write_text(text)
            if copied:
                other = pathlib.Path(folder) / "y"
                duckdb.sql(f"COPY (SELECT {copied} FROM read_csv('{path}', all_varchar = true)) TO '{other}' (FORMAT {format})")
                path = other
            return files.contents(path, format)

    long = "time,name,unit,value\n2025-01-01T00:00:00.000Z,a,Cel,20\n2025-01-01T00:00:00.040Z,b,Cel,20.25\n"

    def test_other_texts_of_the_same_cells(self):
        want = self.contents(self.long)
        self.assertEqual(want[:3], (["time", "name", "unit", "value"], 2, 4025))
        self.assertEqual(self.contents(self.long.replace("T", " ").replace(".000Z", "").replace("Z", "").replace("20\n", "20.0\n")), want)
        for kind in ("TIMESTAMP_NS", "TIMESTAMP"):
            self.assertEqual(self.contents(self.long, "parquet", f"time::{kind} AS time, name, unit, value::DOUBLE AS value"), want)

    def test_differences(self):
        want = self.contents(self.long)
        lines = self.long.splitlines(keepends=True)
        for what, text in {
            "order": lines[0] + lines[2] + lines[1], "a row less": lines[0] + lines[1], "value": self.long.replace("20.25", "20.2500001"),
            "time": self.long.replace(".040", ".041"), "name": self.long.replace(",b", ",c"), "label": self.long.replace("value", "worth"),
        }.items():
            with self.subTest(what):
                self.assertNotEqual(self.contents(text), want)

    def test_wide(self):
        labels, rows, total, _ = self.contents("time,urn:dev:a,urn:dev:b\n2025-01-01T00:00:00Z,1.5,2.25\n2025-01-01T00:00:01Z,1,2\n")
        self.assertEqual((labels, rows, total), (["time", "urn:dev:a", "urn:dev:b"], 2, 675))

    def test_lines(self):
        taken = {"decant": [(0.5, 1.0, 2000)], "duckdb": [(1.0, 1.5, 3000)]}
        self.assertEqual(list(files.lines("csv-long", 1000, taken, 2)), [
            "BenchmarkFiles/file=csv-long/by=decant-2 1 500000000 ns/op 1000000000 cpu-ns/op 2000 rows/s 2.000 B/row 2.0000 of-duckdb 1.5000 of-duckdb-cpu",
            "BenchmarkFiles/file=csv-long/by=duckdb-2 1 1000000000 ns/op 1500000000 cpu-ns/op 1000 rows/s 3.000 B/row",
        ])
        self.assertEqual(list(files.summary("csv-long", 1000, taken))[1][-2:], ("2.00", "1.50"))


if __name__ == "__main__":
    unittest.main()
