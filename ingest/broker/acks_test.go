package broker

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
)

// client is a server's side of a connection, and the publisher's. A pipe has no buffer: a write waits for its reader.
func client(t *testing.T, id string) (*mochi.Client, net.Conn) {
	ours, theirs := net.Pipe()
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return mochi.New(&mochi.Options{Logger: nil}).NewClient(ours, "mqtt", id, false), theirs
}

// A publisher that never reads its acknowledgements holds up nobody else's, and is disconnected in the end.
func TestPublisherThatDoesNotReadHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := newConnections()
		deaf, _ := client(t, "deaf")
		other, publisher := client(t, "other")
		open.begin(deaf)
		open.begin(other)
		for id := range uint16(1000) {
			open.of(deaf).acks.add(id + 1)
		}
		open.of(other).acks.add(0x1234)
		puback := make([]byte, 4)
		if _, err := io.ReadFull(publisher, puback); err != nil || string(puback) != "\x40\x02\x12\x34" {
			t.Errorf("got % x: %v", puback, err)
		}
		began := time.Now()
		open.flush()
		if waited := time.Since(began); waited != patience {
			t.Errorf("the drain waited %s for a publisher that does not read, want %s", waited, patience)
		}
		if !deaf.Closed() || other.Closed() {
			t.Errorf("closed: deaf %v, other %v", deaf.Closed(), other.Closed())
		}
	})
}

// What collects while a write is under way goes out together, in order.
func TestAcknowledgementsGoOutTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := newConnections()
		cl, publisher := client(t, "device")
		open.begin(cl)
		for id := range uint16(100) {
			open.of(cl).acks.add(id)
			synctest.Wait() // so that the first is being written when the second comes
		}
		first, rest := make([]byte, 1000), make([]byte, 1000)
		n, err := publisher.Read(first)
		if err != nil {
			t.Fatal(err)
		}
		m, err := publisher.Read(rest)
		if err != nil {
			t.Fatal(err)
		}
		all := append(first[:n], rest[:m]...)
		if n != pubackBytes || len(all) != 100*pubackBytes {
			t.Fatalf("%d bytes in the first write, %d in the second", n, m)
		}
		for id := range 100 {
			if all[4*id] != 0x40 || all[4*id+3] != byte(id) {
				t.Fatalf("acknowledgement %d is % x", id, all[4*id:4*id+4])
			}
		}
		open.flush()
		cl.Stop(nil)
	})
}

// A connection that leaves as many acknowledgements unread as there are packet ids is closed.
func TestTooManyUnreadAcknowledgementsEndTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := newConnections()
		cl, _ := client(t, "device")
		open.begin(cl)
		for id := range 2 * 65535 {
			open.of(cl).acks.add(uint16(id))
			if cl.Closed() {
				break
			}
		}
		if !cl.Closed() {
			t.Error("still open")
		}
		open.of(cl).acks.add(1) // and nothing happens after its end
		open.flush()
	})
}
