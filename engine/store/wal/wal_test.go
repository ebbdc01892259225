package wal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"decant/engine/store/vfs/vfstest"
	"decant/ingest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func drawSample(t *rapid.T) ingest.Sample {
	text := rapid.SampledFrom([]string{"", "a", "ab", "urn:dev:1:t", "urn:dev:1:h"})
	s := ingest.Sample{
		Series: ingest.Series{Channel: text.Draw(t, "channel"), Subtopic: text.Draw(t, "subtopic"), Publisher: text.Draw(t, "publisher"),
			Name: text.Draw(t, "name"), Unit: text.Draw(t, "unit")},
		Time:     rapid.Int64Range(ingest.MinTime, ingest.MaxTime).Draw(t, "time"),
		Kind:     ingest.Kind(rapid.IntRange(0, 4).Draw(t, "kind")),
		Received: rapid.Int64().Draw(t, "received"),
		Protocol: ingest.Protocol(rapid.Byte().Draw(t, "protocol")),
	}
	switch s.Kind {
	case ingest.KindNumber:
		s.Number = rapid.OneOf(rapid.Float64Range(-1e300, 1e300), rapid.Map(rapid.Int64Range(-1<<53, 1<<53), func(i int64) float64 { return float64(i) })).Draw(t, "number")
	case ingest.KindBool:
		s.Number = float64(rapid.IntRange(0, 1).Draw(t, "bool"))
	case ingest.KindString, ingest.KindBytes:
		s.Text = rapid.String().Draw(t, "text")
	}
	if s.HasSum = rapid.Bool().Draw(t, "sum?"); s.HasSum {
		s.Sum = rapid.Float64Range(-1e300, 1e300).Draw(t, "sum")
	}
	if s.HasUpdate = rapid.Bool().Draw(t, "update?"); s.HasUpdate {
		s.Update = rapid.Int64().Draw(t, "update")
	}
	return s
}

func drawDelivery(t *rapid.T) ingest.Delivery {
	return ingest.Delivery{
		Client:   rapid.SampledFrom([]string{"", "x", "client"}).Draw(t, "client"),
		PacketID: rapid.Uint16().Draw(t, "packet id"),
		Hash:     [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "hash")),
	}
}

func TestWhatIsPackedIsUnpacked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		encoder, decoder := NewEncoder(), &Decoder{}
		var content Content
		var names []ingest.Series
		for range rapid.IntRange(1, 4).Draw(t, "frames") {
			samples := rapid.SliceOfN(rapid.Custom(drawSample), 0, 20).Draw(t, "samples")
			deliveries := rapid.SliceOfN(rapid.Custom(drawDelivery), 0, 3).Draw(t, "deliveries")
			var ids []uint32
			for i := range samples {
				id, fresh := encoder.Sample(&samples[i])
				if fresh != (int(id) >= len(names)) {
					t.Fatalf("id %d of %d known is fresh: %v", id, len(names), fresh)
				}
				if fresh {
					names = append(names, samples[i].Series)
				}
				ids = append(ids, id)
			}
			for _, d := range deliveries {
				encoder.Delivery(d)
			}
			if err := decoder.Decode(encoder.Payload(nil), &content); err != nil {
				t.Fatal(err)
			}
			for what, pair := range map[string][2]any{
				"samples":    {append([]ingest.Sample{}, samples...), append([]ingest.Sample{}, content.Samples...)},
				"deliveries": {append([]ingest.Delivery{}, deliveries...), append([]ingest.Delivery{}, content.Deliveries...)},
				"ids":        {append([]uint32{}, ids...), append([]uint32{}, content.IDs...)},
				"series":     {append([]ingest.Series{}, names...), append([]ingest.Series{}, decoder.series...)},
			} {
				if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
					t.Fatalf("%s (-packed +unpacked):\n%s", what, diff)
				}
			}
		}
	})
}

// sampleLog is a log of a few frames, and where each ends.
func sampleLog(t testing.TB, end bool) (content []byte, ends []int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	l, err := Create(vfstest.NoSync{}, path, Header{Sequence: 7, Arrival: 40}, []byte("window"))
	if err != nil {
		t.Fatal(err)
	}
	ends = append(ends, int(l.Size()))
	for i := range 4 {
		if err := l.Append(bytes.Repeat([]byte{byte(i)}, 10*i)); err != nil { // the first has zeros for a payload
			t.Fatal(err)
		}
		ends = append(ends, int(l.Size()))
	}
	if end {
		if err := l.End(); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, int(l.Size()))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if content, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	return content, ends
}

// readLog counts the frames of a log, and says where the good ones end and how reading does.
func readLog(content []byte) (frames int, offset int64, err error) {
	r, err := NewReader(bytes.NewReader(content))
	if err != nil {
		return 0, 0, err
	}
	for {
		f, err := r.Next()
		if err != nil {
			return frames, r.Offset(), err
		}
		if f.Sequence != r.Header().Sequence+uint64(frames) {
			return frames, r.Offset(), fmt.Errorf("sequence %d", f.Sequence)
		}
		frames++
	}
}

// TestTornIsToldFromDamaged cuts a log at every byte, with zeros behind or not, and flips every bit of it.
func TestTornIsToldFromDamaged(t *testing.T) {
	content, ends := sampleLog(t, false)
	for n := fileHeader; n <= len(content); n++ {
		whole := len(ends)
		for whole > 0 && ends[whole-1] > n {
			whole--
		}
		for _, zeros := range []int{0, 1, 3, 30, 200_000} {
			cut := append(slices.Clone(content[:n]), make([]byte, zeros)...)
			frames, offset, err := readLog(cut)
			want := ErrTorn
			if zeros == 0 && (whole > 0 && ends[whole-1] == n || n == fileHeader) {
				want = io.EOF
			}
			// A frame may end in zeros that the file's own zeros complete: then it is whole.
			if err != want && !(err == io.EOF && int(offset) == len(cut)) || frames < whole {
				t.Fatalf("cut at %d with %d zeros: %d frames to %d, %v; want %d, %v", n, zeros, frames, offset, err, whole, want)
			}
		}
	}
	for i := range content {
		for bit := range 8 {
			bad := slices.Clone(content)
			bad[i] ^= 1 << bit
			_, _, err := readLog(bad)
			var fault *Fault
			if !errors.As(err, &fault) || fault.Offset > int64(i) {
				t.Fatalf("bit %d of byte %d flipped: %v", bit, i, err)
			}
		}
	}
}

func TestNothingFollowsAnEndMark(t *testing.T) {
	content, ends := sampleLog(t, true)
	r, err := NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = r.Next()
	}
	if err != io.EOF || !r.Ended() || r.Sequence() != 7+uint64(len(ends)) {
		t.Errorf("%v, ended %v, sequence %d", err, r.Ended(), r.Sequence())
	}
	for _, more := range [][]byte{{0}, {1}, AppendFrame(nil, Frame{Type: Samples, Sequence: r.Sequence()})} {
		if _, _, err := readLog(append(slices.Clone(content), more...)); !errors.As(err, new(*Fault)) {
			t.Errorf("%d bytes behind the end mark: %v", len(more), err)
		}
	}
}

func TestFramesOutOfOrderAreDamage(t *testing.T) {
	content, ends := sampleLog(t, false)
	without := append(slices.Clone(content[:ends[1]]), content[ends[2]:]...)
	if frames, _, err := readLog(without); frames != 2 || !errors.As(err, new(*Fault)) {
		t.Errorf("%d frames, %v", frames, err)
	}
}

func TestAStickyLog(t *testing.T) {
	shadow := &vfstest.Shadow{Space: 200}
	path := filepath.Join(t.TempDir(), "log")
	l, err := Create(shadow, path, Header{Sequence: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	first := l.Append(make([]byte, 300))
	if first == nil || l.Append(nil) != first || l.End() != first {
		t.Errorf("not sticky: %v", first)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if frames, _, err := readLog(b); frames != 1 || err != ErrTorn {
		t.Errorf("%d frames, %v", frames, err)
	}
}
