package parquet

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"decant/formats"
	"decant/formats/formatstest"
)

// Aggregates and types that DuckDB finds in files of every codec, whose pages are of every encoding.
func TestReadByDuckDB(t *testing.T) {
	formatstest.NeedPython(t, "duckdb")
	const script = `
import duckdb, json, sys
db = duckdb.connect()
db.execute("SET TimeZone='UTC'")
row = db.execute("""SELECT count(*), count(value), sum(value), min(epoch_ns("time")), max(epoch_ns("time")), count(DISTINCT name),
	count(text), count(DISTINCT text), sum(length(text)), count(DISTINCT single), sum(n), count(*) FILTER (flag) FROM read_parquet(?)""", [sys.argv[1]]).fetchone()
pruned = db.execute("SELECT count(*) FROM read_parquet(?) WHERE value > 1e9 OR name = 'zzz' OR n < -1e6", [sys.argv[1]]).fetchone()[0]
json.dump([str(v) for v in row] + [str(pruned)], sys.stdout)
`
	doc, rows := encodings(300_000)
	want := sums(rows)
	for _, compression := range []string{"zstd", "snappy", "gzip", "none"} {
		t.Run("compression="+compression, func(t *testing.T) {
			t.Parallel()
			doc := doc
			doc.Compression = compression
			path := filepath.Join(t.TempDir(), "x.parquet")
			if err := os.WriteFile(path, formatstest.Print(t, Open, doc, rows), 0o644); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command("python3", "-c", script, path).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			var got []string
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("DuckDB finds\n%v, want\n%v", got, want)
			}
		})
	}
}

// BenchmarkDuckDB writes the same rows by turns with DuckDB's COPY, from its memory, with as many threads. of-duckdb is decant's rate as a
// share of its; size-of-duckdb is decant's file as a share of its file. Each rival's codec is decant's too.
func BenchmarkDuckDB(b *testing.B) {
	formatstest.NeedPython(b, "duckdb")
	const rows = 1 << 20
	for _, shape := range []struct {
		name  string
		build func(rows int) (formats.Document, []arrow.Record)
	}{{"long", long}, {"wide", wide}} {
		for _, codec := range []string{"zstd", "snappy"} {
			b.Run(fmt.Sprintf("shape=%s/codec=%s", shape.name, codec), func(b *testing.B) {
				doc, records := shape.build(rows)
				doc.Compression = codec
				dir := b.TempDir()
				ours := filepath.Join(dir, "decant.parquet")
				writeFile(b, ours, doc, records, rows)
				rival := startDuckDB(b, dir, ours, codec)
				var us, them time.Duration
				for b.Loop() {
					start := time.Now()
					writeFile(b, ours, doc, records, rows)
					us += time.Since(start)
					them += rival.copy(b)
				}
				b.ReportMetric(float64(rows*b.N)/us.Seconds(), "rows/s")
				b.ReportMetric(them.Seconds()/us.Seconds(), "of-duckdb")
				b.ReportMetric(float64(size(b, ours))/float64(size(b, filepath.Join(dir, "duckdb.parquet"))), "size-of-duckdb")
				b.ReportMetric(float64(size(b, ours))/rows, "B/row")
			})
		}
	}
}

func writeFile(b *testing.B, path string, doc formats.Document, records []arrow.Record, rows int64) {
	b.Helper()
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w, err := Open(f, doc)
	if err != nil {
		b.Fatal(err)
	}
	for _, rec := range records {
		if err := w.Write(rec); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Finish(formats.Report{Rows: rows}); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
}

func size(b *testing.B, path string) int64 {
	b.Helper()
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	return info.Size()
}

// duckDB is a process that holds a table and copies it to a file at each line that it reads.
type duckDB struct {
	in  io.Writer
	out *bufio.Reader
}

func startDuckDB(b *testing.B, dir, table, codec string) *duckDB {
	b.Helper()
	const script = `
import duckdb, os, sys, time
directory, table, codec = sys.argv[1:]
db = duckdb.connect()
db.execute(f"SET threads={len(os.sched_getaffinity(0))}")
db.execute("SET enable_progress_bar=false")
db.execute("CREATE TABLE t AS SELECT * FROM read_parquet(?)", [table])
print(0, flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    db.execute(f"COPY t TO '{directory}/duckdb.parquet' (FORMAT parquet, COMPRESSION {codec})")
    print(time.perf_counter() - start, flush=True)
`
	cmd := exec.Command("python3", "-c", script, dir, table, codec)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			b.Errorf("%v\n%s", err, &stderr)
		}
	})
	d := &duckDB{in, bufio.NewReader(out)}
	d.wait(b) // for the table
	return d
}

func (d *duckDB) copy(b *testing.B) time.Duration {
	b.Helper()
	fmt.Fprintln(d.in)
	return d.wait(b)
}

func (d *duckDB) wait(b *testing.B) time.Duration {
	b.Helper()
	var seconds float64
	if _, err := fmt.Fscanln(d.out, &seconds); err != nil {
		b.Fatal(err)
	}
	return time.Duration(seconds * 1e9)
}
