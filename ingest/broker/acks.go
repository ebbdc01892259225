package broker

import (
	"errors"
	"sync"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
)

const (
	// pubackBytes is the size of a PUBACK: type, length, packet id. In MQTT 5 the same four bytes mean success.
	pubackBytes = 4
	// maxPending is reached when every packet id there is waits to be acknowledged. Such a connection breaks the protocol.
	maxPending = 65535 * pubackBytes
	// patience is how long a publisher may leave its acknowledgements unread before its connection is closed.
	patience = 10 * time.Second
)

var errUnread = errors.New("publisher does not read its acknowledgements")

// acknowledger writes one connection's PUBACKs, in a goroutine of its own while there are any: a publisher that does
// not read its acknowledgements holds up nobody else's. What collects during one write goes out in the next, together.
type acknowledger struct {
	client  *mochi.Client
	writing *sync.WaitGroup // of all connections

	mu      sync.Mutex
	busy    bool   // a goroutine writes
	pending []byte // PUBACK packets, whole ones
	spare   []byte // the buffer written last
}

// add queues the PUBACK for a packet id. It does not block. After the connection's end it does nothing.
func (k *acknowledger) add(id uint16) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.client.Closed() {
		return
	}
	if len(k.pending) >= maxPending {
		k.client.Stop(errUnread)
		return
	}
	k.pending = append(k.pending, 0x40, 2, byte(id>>8), byte(id))
	if !k.busy {
		k.busy = true
		k.writing.Go(k.write)
	}
}

// unwritten reports whether a PUBACK is still on its way to the connection.
func (k *acknowledger) unwritten() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.busy
}

// write writes what is pending until nothing is. It goes past the server to the connection: one Write of whole packets
// can't be torn apart by another, and the server keeps no account of a message that it was told to forget.
func (k *acknowledger) write() {
	for {
		k.mu.Lock()
		if len(k.pending) == 0 || k.client.Closed() {
			k.busy, k.pending = false, k.pending[:0]
			k.mu.Unlock()
			return
		}
		out := k.pending
		k.pending = k.spare[:0]
		k.mu.Unlock()

		err := k.client.Net.Conn.SetWriteDeadline(time.Now().Add(patience))
		if err == nil {
			_, err = k.client.Net.Conn.Write(out)
		}
		if err != nil {
			k.client.Stop(errors.Join(errUnread, err))
		}
		k.mu.Lock()
		k.spare = out
		k.mu.Unlock()
	}
}
