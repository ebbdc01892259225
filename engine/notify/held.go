package notify

import (
	"net"
	"sync"
)

// held keeps the connection of a mail client, which closes it in only some of the cases in which it gives up, and closes it from outside when
// the time is over.
type held struct {
	mu     sync.Mutex
	conn   net.Conn
	closed bool
}

func (h *held) keep(c net.Conn) net.Conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conn = c
	if h.closed {
		_ = c.Close()
	}
	return c
}

func (h *held) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	if h.conn != nil {
		_ = h.conn.Close()
	}
}
