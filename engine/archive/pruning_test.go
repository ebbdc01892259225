package archive

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"decant/ingest"
)

// TestPruning: a scan fetches the footer, and of the row groups that can hold its rows the columns that it was asked for.
func TestPruning(t *testing.T) {
	p := newPlant(t, usual)
	random := rand.New(rand.NewPCG(5, 5))
	for _, name := range []string{"a", "b", "c"} {
		samples := make([]ingest.Sample, 40_000)
		for i := range samples {
			samples[i] = ingest.Sample{Series: ingest.Series{Channel: "c", Name: name}, Time: noon - 20_000e9 + int64(i)*1e9, Kind: ingest.KindNumber, Number: random.Float64(), Protocol: ingest.ProtocolMQTT}
		}
		p.append(samples...)
	}
	bytes := p.archive(math.MaxInt64).Added[0].Bytes
	place := &counted{Place: p.place}
	p.place = place
	for _, c := range []struct {
		name     string
		from, to int64
		columns  []string
		rows     int64
		most     int64 // of the file's hundredths
	}{
		{"a minute", noon, noon + 60e9, []string{"time", "value"}, 60, 45},
		{"times alone", noon, noon + 60e9, []string{"time"}, 60, 5},
		{"before the day's first", noon - 30_000e9, noon - 20_000e9, []string{"time", "value"}, 0, 2},
	} {
		place.read = 0
		snap := p.open()
		r, err := snap.Scan(t.Context(), 1, c.from, c.to, c.columns...)
		if err != nil {
			t.Fatal(err)
		}
		rows := int64(0)
		for r.Next() {
			rows += r.Record().NumRows()
		}
		r.Release()
		if r.Err() != nil || rows != c.rows {
			t.Errorf("%s: %d rows, %v", c.name, rows, r.Err())
		}
		if place.read > bytes*c.most/100 {
			t.Errorf("%s: %d of %d bytes are fetched", c.name, place.read, bytes)
		}
		snap.Close()
	}
}

// counted counts the bytes that are fetched.
type counted struct {
	Place
	read int64
}

func (c *counted) Read(ctx context.Context, name string, offset int64, b []byte) error {
	c.read += int64(len(b))
	return c.Place.Read(ctx, name, offset, b)
}
