package ingest

// windowSize is how many deliveries are remembered: nearly as many as there are packet ids (65,535), so that an id is forgotten before it
// comes round again. Less would not do: mosquitto up to 2.0.11 at least sends a backlog without regard to max_inflight_messages, and reads
// acknowledgements more slowly than decant writes them, so after a kill tens of thousands of stored messages can come again.
const windowSize = 65000

// window remembers the newest deliveries, one a client and packet id.
//
// A sender may use a packet id again as soon as its message is acknowledged, so a later delivery with the same id takes the
// place of the earlier one. What is left is the question it answers: was the last message that this client sent under this
// id the same as this one?
type window struct {
	hashes map[packet]remembered
	ring   []remembered // the newest len(ring) deliveries; the slot of number n is n % len(ring)
	number int64        // deliveries ever added
}

type packet struct {
	client string
	id     uint16
}

type remembered struct {
	packet packet
	hash   [16]byte
	number int64 // from 1
}

func newWindow(size int) *window {
	return &window{hashes: make(map[packet]remembered), ring: make([]remembered, size)}
}

// has reports whether d is the newest delivery under its client and packet id.
func (w *window) has(d Delivery) bool {
	r, ok := w.hashes[packet{d.Client, d.PacketID}]
	return ok && r.hash == d.Hash
}

// add makes d the newest delivery and forgets the oldest.
func (w *window) add(d Delivery) {
	w.number++
	r := remembered{packet: packet{d.Client, d.PacketID}, hash: d.Hash, number: w.number}
	slot := &w.ring[w.number%int64(len(w.ring))]
	if slot.number > 0 && w.hashes[slot.packet].number == slot.number {
		delete(w.hashes, slot.packet) // unless a newer delivery has taken its place
	}
	*slot = r
	w.hashes[r.packet] = r
}
