package wal

import (
	"fmt"
	"testing"

	"decant/ingest"
)

// packs are samples as devices send them: ten names of each of a hundred devices, new texts for every message.
func packs(n int) []ingest.Sample {
	samples := make([]ingest.Sample, n)
	for i := range samples {
		samples[i] = ingest.Sample{
			Series: ingest.Series{Channel: "0115c85d-ef3e-4de9-9732-d0c5c4f2c482", Subtopic: "events.data",
				Name: fmt.Sprintf("urn:dev:mac:0024befffe804f%02x:quantity%d", i/10%100, i%10), Unit: "Cel"},
			Time: int64(i/1000) * 1e9, Kind: ingest.KindNumber, Number: 20 + float64(i%977)/7, Received: int64(i/10) * 1e6, Protocol: ingest.ProtocolMQTT,
		}
	}
	return samples
}

func BenchmarkEncode(b *testing.B) {
	samples := packs(10_000)
	e := NewEncoder()
	var payload []byte
	bytes := 0
	for b.Loop() {
		for i := range samples {
			e.Sample(&samples[i])
		}
		payload = e.Payload(payload[:0])
		bytes = len(payload)
	}
	b.ReportMetric(float64(len(samples))*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
	b.ReportMetric(float64(bytes)/float64(len(samples)), "B/sample")
}

func BenchmarkDecode(b *testing.B) {
	samples := packs(10_000)
	e := NewEncoder()
	for i := range samples {
		e.Sample(&samples[i])
	}
	payload := e.Payload(nil)
	var content Content
	for b.Loop() {
		var d Decoder
		if err := d.Decode(payload, &content); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(samples))*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
}
