package engine

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"testing"
	"time"

	"decant/engine/export"
	"decant/engine/export/request"
	"decant/engine/store"
	"decant/ingest"
)

// TestDeleteBesideARunningWriter deletes, and compacts, while another process (here: another opening) writes the store.
func TestDeleteBesideARunningWriter(t *testing.T) {
	cfg := Default()
	cfg.Data = t.TempDir()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	intake, err := OpenIntake(cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	var samples []ingest.Sample
	for i := range 10 {
		samples = append(samples, ingest.Sample{Series: ingest.Series{Channel: "c", Subtopic: "s", Name: "n"}, Time: int64(i) * 1e9, Kind: ingest.KindNumber, Number: 1, Protocol: ingest.ProtocolMQTT})
	}
	ctx := context.Background()
	if err := intake.store.Append(ctx, ingest.Batch{Samples: samples}); err != nil {
		t.Fatal(err)
	}
	from, to := int64(2e9), int64(5e9)
	it := &request.Item{Channel: "c", Subtopic: "s", Target: []request.Name{{Name: "n"}}, From: &from, To: &to}
	would, err := Deletable(ctx, cfg, it)
	if err != nil || would.Samples != 3 {
		t.Errorf("would delete %+v, %v", would, err)
	}
	did, err := Delete(ctx, cfg, it, log)
	if err != nil || did.Samples != 3 || len(did.Series) != 1 || did.Series[0].First != from || did.Series[0].Last != to-1e9 {
		t.Errorf("deleted %+v, %v", did, err)
	}
	compacted, err := Compact(ctx, cfg, log)
	if err != nil || compacted.Into != 1 {
		t.Errorf("compacted %+v, %v", compacted, err)
	}
	snap, err := intake.Source().Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	series, err := snap.Series(ctx, "c", "")
	if err != nil || len(series) != 1 || series[0].Samples != 7 {
		t.Errorf("%+v is left, %v", series, err)
	}
	snap.Close()
	if err := intake.Close(); err != nil {
		t.Fatal(err)
	}
	it.Channel, it.AnySubtopic = "d", true
	if _, err := Delete(ctx, cfg, it, log); !errors.As(err, new(*export.NotFoundError)) {
		t.Errorf("a channel that is not there: %v", err)
	}
	it.Channel, it.Target = "c", []request.Name{{Name: "n"}, {Name: "m"}}
	if _, err := Delete(ctx, cfg, it, log); !errors.As(err, new(*export.NotFoundError)) {
		t.Errorf("a name that is not there beside one that is: %v", err)
	}
	it.From, it.To = nil, nil
	if d := deletion(it); d.Subtopic != nil || d.From != math.MinInt64 || d.To != math.MaxInt64 {
		t.Errorf("an open range is %+v", d)
	}
}

// TestRetentionOfTheConfigurationIsApplied opens a store whose samples are older than the rules keep.
func TestRetentionOfTheConfigurationIsApplied(t *testing.T) {
	cfg := Default()
	cfg.Data = t.TempDir()
	w, err := OpenWriter(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	sample := func(channel string, age time.Duration) ingest.Sample {
		return ingest.Sample{Series: ingest.Series{Channel: channel, Subtopic: "s", Name: "n"}, Time: time.Now().Add(-age).UnixNano(), Kind: ingest.KindNumber, Number: 1}
	}
	day := 24 * time.Hour
	if err := w.Append(ctx, ingest.Batch{Samples: []ingest.Sample{sample("plant/1", 40*day), sample("plant/1", 5*day), sample("hall", 40*day)}}); err != nil {
		t.Fatal(err)
	}
	if err := w.(*store.Store).Flush(ctx); err != nil { // a log is not looked at
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	cfg.Retention = []Retention{{Channels: []string{"plant/*"}, Keep: "P1M"}}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	intake, err := OpenIntake(cfg, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer intake.Close()
	if err := intake.store.Upkeep(ctx); err != nil {
		t.Fatal(err)
	}
	snap, err := intake.store.Snapshot(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	series, err := snap.Series(ctx, "", "")
	if err != nil || len(series) != 2 || series[0].Samples != 1 || series[1].Samples != 1 {
		t.Errorf("%+v is left, %v", series, err)
	}
}
