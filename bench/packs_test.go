package bench

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"decant/engine"
	"decant/ingest"
	"decant/ingest/payload"
)

// TestPacksSayWhatTheSignalsSay: decoded, the packets of all connections hold each sample once and exactly.
func TestPacksSayWhatTheSignalsSay(t *testing.T) {
	for _, data := range DataKinds {
		d := Dataset{Data: data, Series: 3, Samples: 25}
		p, err := d.publications(2)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		signals, err := d.Signals()
		if err != nil {
			t.Fatal(err)
		}
		next := map[ingest.Series]*Signal{}
		for _, s := range signals {
			next[s.Series] = s
		}
		var messages, samples, size int64
		for _, line := range p.lines {
			for id := uint16(1); len(line) > 0; id++ {
				n := packetLength(line)
				_, content, found := bytes.Cut(line[:n], binary.BigEndian.AppendUint16([]byte(loadTopic), id))
				if want := appendPublish(nil, loadTopic, id, content); !found || !bytes.Equal(want, line[:n]) {
					t.Fatalf("%s: packet %d is %q, want %q", data, id, line[:n], want)
				}
				for _, got := range decode(t, content) {
					s := next[got.Series]
					if s == nil {
						t.Fatalf("%s: nobody knows %+v", data, got.Series)
					}
					at, v := s.Next()
					if got.Time != at || got.Number != v || got.Kind != ingest.KindNumber {
						t.Fatalf("%s: %+v, want %d, %v", data, got, at, v)
					}
					samples++
				}
				messages, size = messages+1, size+int64(len(content))
				line = line[n:]
			}
		}
		if messages != 9 || messages != p.messages || samples != d.Points() || samples != p.samples || size != p.bytes {
			t.Errorf("%s: %d messages of %d, %d samples of %d, %d bytes of %d", data, messages, p.messages, samples, p.samples, size, p.bytes)
		}
	}
}

// decode reads a payload as the pipeline does.
func decode(t *testing.T, content []byte) []ingest.Sample {
	t.Helper()
	cfg := engine.Default().Payload()
	cfg.Patterns, cfg.Protocol, cfg.MaxFuture = ingest.BuiltIn(), ingest.ProtocolMQTT, maxRange
	decoder, err := payload.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	samples, err := decoder.Decode(nil, ingest.Message{Topic: loadTopic, Payload: content, Received: time.Now().UnixNano()})
	if err != nil {
		t.Fatalf("%s: %v", content, err)
	}
	return samples
}

func TestPacketIDs(t *testing.T) {
	for n, want := range map[int]uint16{1: 1, 65535: 65535, 65536: 1, 131071: 1} {
		if got := packetID(n); got != want {
			t.Errorf("message %d has packet id %d, want %d", n, got, want)
		}
	}
}
