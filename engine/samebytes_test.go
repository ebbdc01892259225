package engine

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"decant/engine/export"
	"decant/engine/store"
	"decant/ingest"
)

// items are what is exported in every format.
var items = map[string]string{
	"raw": `{"params": {"target": {"value": "*"}, "channelId": "plant", "subtopic": "data"}}`,
	"avg": `{"params": {"target": {"value": "urn:dev:1:number, urn:dev:2:*"}, "channelId": "plant", "subtopic": "data",
		"decimation": {"ds": "1h", "dsf": "stddev"}, "fill": "linear"}}`,
	"delta": `{"params": {"target": {"value": "urn:dev:1:number", "label": "One"}, "channelId": "plant", "subtopic": "data", "from": 1774750000,
		"decimation": {"ds": "15m", "dsf": "avg"}, "transform": "delta"}}`,
}

const wide = `{"params": {"target": {"value": "*"}, "channelId": "plant", "subtopic": "data", "outputFormat": "wide"}}`

// exportAll writes every item in every format from a snapshot, and gives each file's hash.
func exportAll(t *testing.T, snap export.Snapshot) map[string]string {
	t.Helper()
	ctx := context.Background()
	hashes := map[string]string{}
	for _, extension := range []string{"csv", "xlsx", "pdf", "jsonl", "parquet", "arrow"} {
		for name, item := range items {
			export1(t, ctx, snap, hashes, name, extension, `{"extension": "`+extension+`", "timezone": "Europe/Berlin"}`, item)
		}
		columns := `[{"id": "time"}, {"id": "urn:dev:2:mixed"}, {"id": "urn:dev:1:number", "label": "n"}]`
		export1(t, ctx, snap, hashes, "wide", extension, `{"extension": "`+extension+`", "columns": `+columns+`}`, wide)
	}
	return hashes
}

func export1(t *testing.T, ctx context.Context, snap export.Snapshot, hashes map[string]string, name, extension, format, item string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "out")
	request := `{"format": ` + format + `, "type": "oneTime", "items": [` + item + `]}`
	manifest, err := Export(ctx, snap, []byte(request), dir, export.Options{Now: 1774999999e9, Version: "test"})
	if err != nil {
		t.Fatalf("export %s as %s: %v", name, extension, err)
	}
	for _, f := range manifest.Files {
		data, err := os.ReadFile(filepath.Join(dir, f.File))
		if err != nil {
			t.Fatal(err)
		}
		if sum := fmt.Sprintf("%x", sha256.Sum256(data)); sum != f.SHA256 {
			t.Errorf("%s: manifest has checksum %s, file has %s", f.File, f.SHA256, sum)
		}
		hashes[name+"."+extension] = f.SHA256
	}
}

// samples are the day of Berlin's change of clocks, of four series and all kinds, some times carrying several values. Equal times of a
// series stand in a defined order.
func samples() []ingest.Sample {
	r := rand.New(rand.NewPCG(1, 2))
	series := func(name, unit string) ingest.Series {
		return ingest.Series{Channel: "plant", Subtopic: "data", Name: name, Unit: unit}
	}
	var all []ingest.Sample
	start := int64(1774738800e9)
	for i := range int64(24 * 60) {
		t := start + i*60e9
		all = append(all,
			ingest.Sample{Series: series("urn:dev:1:number", "Cel"), Time: t, Kind: ingest.KindNumber, Number: float64(r.IntN(10000)) / 100, Received: t, Protocol: ingest.ProtocolMQTT},
			ingest.Sample{Series: series("urn:dev:2:number", "kW"), Time: t + r.Int64N(1e9), Kind: ingest.KindNumber, Number: r.NormFloat64() * 1e6, Received: t, Protocol: ingest.ProtocolMQTT})
		mixed := ingest.Sample{Series: series("urn:dev:2:mixed", ""), Time: t - t%300e9, Received: t, Protocol: ingest.ProtocolImport}
		switch r.IntN(4) {
		case 0:
			mixed.Kind, mixed.Text = ingest.KindString, fmt.Sprintf("=text, \"%d\"", i)
		case 1:
			mixed.Kind, mixed.Number = ingest.KindBool, float64(r.IntN(2))
		case 2:
			mixed.Kind, mixed.Text = ingest.KindBytes, fmt.Sprintf("%d", i)
		default:
			mixed.Kind, mixed.Number, mixed.Sum, mixed.HasSum = ingest.KindNumber, float64(i), float64(i)/7, true
		}
		all = append(all, mixed)
	}
	return all
}

// shuffled is another order of arrival that keeps the order among samples of equal series and time, with the earlier half much too late.
func shuffled(all []ingest.Sample, seed uint64) []ingest.Sample {
	r := rand.New(rand.NewPCG(seed, 0))
	out := slices.Clone(all)
	for range 20 * len(out) {
		i := r.IntN(len(out) - 1)
		if a, b := out[i], out[i+1]; a.Series != b.Series || a.Time != b.Time {
			out[i], out[i+1] = b, a
		}
	}
	middle := all[len(all)/2].Time
	slices.SortStableFunc(out, func(a, b ingest.Sample) int {
		switch late, early := a.Time < middle, b.Time < middle; {
		case late == early:
			return 0
		case late:
			return 1
		}
		return -1
	})
	return out
}

// fill appends samples in chunks, flushing a segment after every flush-th one (0: never), and lets look see them three times: from the
// writer's own head and segments, as another process beside the writer, and after it.
func fill(t *testing.T, all []ingest.Sample, chunk, flush int, look func(snap export.Snapshot)) {
	t.Helper()
	dir := t.TempDir()
	st, err := store.Open(store.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for i := 0; len(all) > 0; i++ {
		n := min(chunk, len(all))
		if err := st.Append(ctx, ingest.Batch{Samples: all[:n]}); err != nil {
			t.Fatal(err)
		}
		all = all[n:]
		if flush > 0 && i%flush == flush-1 {
			if err := st.Flush(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	head, err := st.Snapshot(ctx)
	if err != nil {
		t.Fatal(err)
	}
	look(snapshot{head})
	if err := head.Close(); err != nil {
		t.Fatal(err)
	}
	cfg := Default()
	cfg.Data = dir
	lookFromOutside := func() {
		snap, err := Source(cfg).Open(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer snap.Close()
		look(snap)
	}
	lookFromOutside()
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	lookFromOutside()
}

// TestSameBytes exports the same data from head, log, segments, many overlapping segments and mixtures, in several orders of arrival, while the
// writer runs and after it: each file has one hash, in 20 runs and more.
func TestSameBytes(t *testing.T) {
	all := samples()
	var want map[string]string
	look := func(how string) func(snap export.Snapshot) {
		return func(snap export.Snapshot) {
			got := exportAll(t, snap)
			if want == nil {
				want = got
			}
			for name := range want {
				if got[name] != want[name] {
					t.Errorf("%s: %s differs", how, name)
				}
			}
		}
	}
	runs := 7 // each looks three times
	if testing.Short() {
		runs = 1
	}
	for run := range runs {
		switch run % 4 {
		case 0:
			fill(t, all, 1000, 0, look("in head and log"))
		case 1:
			fill(t, all, len(all), 1, look("in one segment"))
		case 2:
			fill(t, shuffled(all, uint64(run)), 601, 2, look("shuffled, in segments and log"))
		case 3:
			fill(t, shuffled(all, uint64(run)), 211, 1, look("shuffled, in many segments"))
		}
	}
}
