package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"decant/engine/archive"
	"decant/engine/export"
	"decant/formats/formatstest"
	"decant/ingest"
)

// dayRow is what a program reads of a series' day.
type dayRow struct {
	Samples, Numbers, Bools, Strings, Bytes, Sums, Updates int64 // Updates is the sum of update times, ns
	Sum, Min, Max, Avg                                     float64
	First, Last, Received                                  int64 // ns; the newest receipt
	Protocols                                              string
}

const archiveScript = `
import json, sys
folder, program = sys.argv[1:]
out = {}
if program == "duckdb":
    import duckdb
    rows = duckdb.sql(f"""
        select channel, strftime(day, '%Y-%m-%d'), subtopic, name, unit, publisher,
            count(*), count(value) - count(bool_value), count(bool_value), count(string_value), count(data_value), count(sum), coalesce(sum(update_time_ns), 0)::bigint,
            coalesce(sum(value), 0), coalesce(min(value), 0), coalesce(max(value), 0), coalesce(avg(value), 0),
            min(epoch_us(time) * 1000 + time_nanos), max(epoch_us(time) * 1000 + time_nanos), max(epoch_us(received) * 1000 + received_nanos),
            string_agg(distinct protocol, ' ' order by protocol)
        from read_parquet('{folder}/**/*.parquet', hive_partitioning = true) group by all""").fetchall()
else:
    import pyarrow as pa, pyarrow.compute as pc, pyarrow.dataset as ds
    table = ds.dataset(folder, format="parquet", partitioning="hive").to_table()
    table.validate(full=True)
    keys = ["channel", "day", "subtopic", "name", "unit", "publisher"]
    def ns(column):
        return pc.add(pc.multiply(table[column].cast(pa.int64()), 1000), table[column + "_nanos"].cast(pa.int64()))
    table = table.append_column("ns", ns("time")).append_column("rns", ns("received"))
    numbers = pc.and_(pc.is_valid(table["value"]), pc.is_null(table["bool_value"])).cast(pa.int64())
    table = table.append_column("numbers", numbers)
    rows = []
    for g in table.group_by(keys).aggregate([("time", "count"), ("numbers", "sum"), ("bool_value", "count"), ("string_value", "count"), ("data_value", "count"), ("sum", "count"), ("update_time_ns", "sum"),
            ("value", "sum"), ("value", "min"), ("value", "max"), ("value", "mean"), ("ns", "min"), ("ns", "max"), ("rns", "max"), ("protocol", "distinct")]).to_pylist():
        rows.append([g[k] for k in keys] + [g["time_count"], g["numbers_sum"], g["bool_value_count"], g["string_value_count"], g["data_value_count"], g["sum_count"], g["update_time_ns_sum"] or 0,
            g["value_sum"] or 0, g["value_min"] or 0, g["value_max"] or 0, g["value_mean"] or 0, g["ns_min"], g["ns_max"], g["rns_max"], " ".join(sorted(g["protocol_distinct"]))])
names = "Samples Numbers Bools Strings Bytes Sums Updates Sum Min Max Avg First Last Received Protocols".split()
for row in rows:
    out["|".join(row[:6])] = dict(zip(names, row[6:]))
json.dump(out, sys.stdout)
`

// TestArchiveInOtherPrograms: DuckDB and pyarrow find channels, days, times to the nanosecond and values in an archive as they are, and their aggregates are decant's.
func TestArchiveInOtherPrograms(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	var all []ingest.Sample
	for i := range 3000 {
		x := ingest.Sample{
			Series: ingest.Series{Channel: []string{"plant", "mühle/2 =%", "7"}[random.IntN(3)], Subtopic: "events.data", Name: []string{"a", "b"}[random.IntN(2)], Unit: []string{"", "Cel"}[random.IntN(2)]},
			Time:   1774738800e9 + int64(i)*100_000_000_001, Received: 1774738800e9 + random.Int64N(1e15), Protocol: ingest.Protocol(1 + random.IntN(2)),
			Kind: ingest.Kind(max(1, random.IntN(9)-4)), HasSum: i%7 == 0, HasUpdate: i%11 == 0, Update: int64(i) * 5e9,
		}
		switch x.Kind { // quarters, whose sums no order changes
		case ingest.KindNumber:
			x.Number = float64(random.IntN(10_000)) / 4
		case ingest.KindBool:
			x.Number = float64(i % 2)
		default:
			x.Text = fmt.Sprint(i)
		}
		all = append(all, x)
	}
	cfg := storeOf(t, all)
	folder := filepath.Join(t.TempDir(), "archive")
	if _, err := Archive(t.Context(), cfg, folder, archive.Options{Before: math.MaxInt64}); err != nil {
		t.Fatal(err)
	}
	want := days(t, snapshotOf(t, cfg.Data), all)
	for _, program := range []string{"pyarrow", "duckdb"} {
		t.Run(program, func(t *testing.T) {
			formatstest.NeedPython(t, program)
			cmd := exec.Command("python3", "-c", archiveScript, folder, program)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			if err := cmd.Run(); err != nil {
				t.Fatalf("%s can't read the archive: %v\n%s", program, err, &stderr)
			}
			var got map[string]dayRow
			if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s reads other rows: %s", program, diff)
			}
		})
	}
}

// days is what decant says of the days: an export's buckets, and the store's statistics.
func days(t *testing.T, snap export.Snapshot, all []ingest.Sample) map[string]dayRow {
	t.Helper()
	rows := map[string]dayRow{}
	protocols := map[string]map[string]bool{}
	key := func(s ingest.Series, at int64) string {
		return fmt.Sprintf("%s|%s|%s|%s|%s|%s", s.Channel, time.Unix(0, at).UTC().Format(time.DateOnly), s.Subtopic, s.Name, s.Unit, s.Publisher)
	}
	for _, x := range all { // columns that no bucket has
		k := key(x.Series, x.Time)
		row := rows[k]
		row.Received = max(row.Received, x.Received)
		if x.HasSum {
			row.Sums++
		}
		if x.HasUpdate {
			row.Updates += x.Update
		}
		if protocols[k] == nil {
			protocols[k] = map[string]bool{}
		}
		protocols[k][x.Protocol.String()] = true
		rows[k] = row
	}
	for k, names := range protocols {
		row := rows[k]
		for _, name := range slices.Sorted(maps.Keys(names)) {
			row.Protocols += " " + name
		}
		row.Protocols = row.Protocols[1:]
		rows[k] = row
	}
	series, err := snap.Series(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range series {
		dir := filepath.Join(t.TempDir(), "out")
		request, err := json.Marshal(map[string]any{"format": map[string]any{"extension": "jsonl", "timeFormat": "unix"}, "type": "oneTime", "items": []any{map[string]any{"params": map[string]any{
			"channelId": s.Channel, "subtopic": s.Subtopic, "unit": s.Unit, "target": map[string]any{"value": s.Name},
			"decimation": map[string]any{"ds": "1d", "dsf": []string{"sum", "min", "max", "avg"}}}}}})
		if err != nil {
			t.Fatal(err)
		}
		manifest, err := Export(t.Context(), snap, request, dir, export.Options{Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range linesOf(t, filepath.Join(dir, manifest.Files[0].File)) {
			var bucket struct {
				Time int64   `json:"time"`
				Sum  float64 `json:"value.sum"`
				Min  float64 `json:"value.min"`
				Max  float64 `json:"value.max"`
				Avg  float64 `json:"value.avg"`
			}
			if err := json.Unmarshal(line, &bucket); err != nil {
				t.Fatal(err)
			}
			k := key(seriesOf(s), bucket.Time*1e9)
			row := rows[k]
			row.Sum, row.Min, row.Max, row.Avg = bucket.Sum, bucket.Min, bucket.Max, bucket.Avg
			rows[k] = row
		}
		for at := s.First - s.First%86400e9; at <= s.Last; at += 86400e9 {
			stats, err := snap.Stats(t.Context(), s.ID, at, at+86400e9)
			if err != nil {
				t.Fatal(err)
			}
			if stats.Samples == 0 {
				continue
			}
			k := key(seriesOf(s), at)
			row := rows[k]
			row.Samples, row.Numbers, row.Bools, row.Strings, row.Bytes, row.First, row.Last = stats.Samples, stats.Numbers, stats.Bools, stats.Strings, stats.Bytes, stats.First, stats.Last
			rows[k] = row
		}
	}
	return rows
}

func linesOf(t *testing.T, path string) [][]byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(b), []byte("\n"))
}
