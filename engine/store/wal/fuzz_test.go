package wal

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"decant/ingest"
)

// seedLog is a log with samples of every kind.
func seedLog() []byte {
	e := NewEncoder()
	for i, kind := range []ingest.Kind{ingest.KindNumber, ingest.KindBool, ingest.KindString, ingest.KindBytes, ingest.KindNone, ingest.KindNumber} {
		s := ingest.Sample{Series: ingest.Series{Channel: "c", Name: "n" + string(rune('0'+i%3))}, Kind: kind, Time: int64(i), Received: 9, Protocol: 1}
		if kind == ingest.KindNumber {
			s.Number = 0.5 + float64(i)
		}
		if kind == ingest.KindNone {
			s.HasSum, s.Sum, s.HasUpdate, s.Update = true, 3, true, 5
		}
		if kind == ingest.KindString || kind == ingest.KindBytes {
			s.Text = "on"
		}
		e.Sample(&s)
	}
	e.Delivery(ingest.Delivery{Client: "x", PacketID: 3})
	b := Header{Sequence: 1}.append(nil)
	b = AppendFrame(b, Frame{Type: Window, Sequence: 1, Payload: NewEncoder().Payload(nil)})
	b = AppendFrame(b, Frame{Type: Samples, Sequence: 2, Payload: e.Payload(nil)})
	return AppendFrame(b, Frame{Type: End, Sequence: 3})
}

// FuzzReader reads any bytes as a log. What is read must be written again to the same bytes.
func FuzzReader(f *testing.F) {
	good := seedLog()
	f.Add(good)
	f.Add(good[:len(good)-7])
	f.Add(append(good[:len(good)-20], make([]byte, 40)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := NewReader(bytes.NewReader(b))
		if err != nil {
			return
		}
		written := r.Header().append(nil)
		var decoder Decoder
		var content Content
		for {
			frame, err := r.Next()
			if err != nil {
				var version *VersionError
				if err != io.EOF && err != ErrTorn && !errors.As(err, new(*Fault)) && !errors.As(err, &version) {
					t.Fatalf("an error of its own kind: %v", err)
				}
				break
			}
			written = AppendFrame(written, frame)
			if decoder.Decode(frame.Payload, &content) != nil {
				break
			}
		}
		if !bytes.HasPrefix(b, written) && r.Offset() >= int64(len(written)) {
			t.Fatal("frames do not read as they were written")
		}
	})
}

// FuzzDecoder unpacks any payload. What it takes must be a fixed point: packed again and unpacked, the same samples.
func FuzzDecoder(f *testing.F) {
	good := seedLog()
	start := fileHeader + frameHeader + 4 + frameTrailer + frameHeader
	f.Add(good[start : len(good)-frameHeader-2*frameTrailer])
	f.Fuzz(func(t *testing.T, payload []byte) {
		var content, again Content
		if (&Decoder{}).Decode(payload, &content) != nil {
			return
		}
		e := NewEncoder()
		for i := range content.Samples {
			e.Sample(&content.Samples[i])
		}
		for _, d := range content.Deliveries {
			e.Delivery(d)
		}
		if err := (&Decoder{}).Decode(e.Payload(nil), &again); err != nil {
			t.Fatalf("packed again: %v", err)
		}
		if len(again.Samples) != len(content.Samples) || len(again.Deliveries) != len(content.Deliveries) {
			t.Fatalf("%d samples became %d", len(content.Samples), len(again.Samples))
		}
		for i, s := range content.Samples {
			if again.Samples[i] != s {
				t.Fatalf("%+v became %+v", s, again.Samples[i])
			}
		}
	})
}
