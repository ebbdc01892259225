package ingest

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The window answers as a plain list of the newest deliveries does.
func TestWindowRemembersTheNewestDeliveries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 8).Draw(t, "size")
		w := newWindow(size)
		var list []Delivery // oldest first
		delivery := rapid.Custom(func(t *rapid.T) Delivery {
			return Delivery{
				Client:   rapid.SampledFrom([]string{"a", "b"}).Draw(t, "client"),
				PacketID: uint16(rapid.IntRange(1, 4).Draw(t, "id")),
				Hash:     [16]byte{byte(rapid.IntRange(0, 2).Draw(t, "hash"))},
			}
		})
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			d := delivery.Draw(t, "delivery")
			want := false
			for _, known := range slices.Backward(list) {
				if known.Client == d.Client && known.PacketID == d.PacketID {
					want = known.Hash == d.Hash
					break
				}
			}
			if got := w.has(d); got != want {
				t.Fatalf("has(%v) = %v with %v", d, got, list)
			}
			w.add(d)
			list = append(list, d)
			list = list[max(0, len(list)-size):]
			if len(w.hashes) > size {
				t.Fatalf("%d entries in a window of %d", len(w.hashes), size)
			}
		}
	})
}
