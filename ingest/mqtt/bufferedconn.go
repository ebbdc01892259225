package mqtt

import (
	"bufio"
	"io"
	"net"
	"sync"
	"time"
)

// bufferedConn reads ahead, writes together what comes together, and closes so that what was written arrives.
//
// paho reads a packet in four or more small reads and writes every acknowledgement by itself. Unbuffered each of these is a
// system call, and each acknowledgement a TCP segment of four bytes. A group's acknowledgements come all at once, so while the
// first is being written the others collect.
type bufferedConn struct {
	net.Conn
	r        *bufio.Reader
	deadline time.Duration // for one write
	closing  sync.Once

	mu      sync.Mutex
	changed *sync.Cond // pending, writing or err
	pending []byte     // written by paho, not yet to the network
	spare   []byte     // the buffer that went out last
	writing bool       // a goroutine writes
	err     error      // of the first write that failed; later writes return it
}

const (
	// maxPending is how many bytes may collect until Write waits.
	maxPending = 64 << 10
	// farewell is how long the broker may take to close its side after we have closed ours.
	farewell = time.Second
)

func newBufferedConn(conn net.Conn, deadline time.Duration) *bufferedConn {
	c := &bufferedConn{Conn: conn, r: bufio.NewReaderSize(conn, 64<<10), deadline: deadline}
	c.changed = sync.NewCond(&c.mu)
	return c
}

func (c *bufferedConn) Read(p []byte) (int, error) { return c.r.Read(p) }

// Write returns before p is out. An error comes back from a later Write, and the connection is closed by then.
func (c *bufferedConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.pending) > maxPending && c.err == nil {
		c.changed.Wait()
	}
	if c.err != nil {
		return 0, c.err
	}
	c.pending = append(c.pending, p...)
	if !c.writing {
		c.writing = true
		go c.flush()
	}
	return len(p), nil
}

// flush writes what is pending until nothing is. It gives up on a peer that reads nothing for as long as it may leave a ping
// unanswered: the system's own timeout would come many minutes later.
func (c *bufferedConn) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.pending) > 0 && c.err == nil {
		out := c.pending
		c.pending = c.spare[:0]
		c.mu.Unlock()
		err := c.Conn.SetWriteDeadline(time.Now().Add(c.deadline))
		if err == nil {
			_, err = c.Conn.Write(out)
		}
		if err != nil {
			c.abort() // so that paho's reader ends, and with it the connection
		}
		c.mu.Lock()
		c.spare = out
		c.err = err
		c.changed.Broadcast()
	}
	c.writing = false
	c.changed.Broadcast()
}

// Close writes what is pending, closes our direction first, and reads until the broker closes its own. A socket closed over
// unread messages resets the connection, and then the broker throws away the acknowledgements that it has not yet read.
func (c *bufferedConn) Close() (err error) {
	c.closing.Do(func() {
		c.mu.Lock()
		for c.writing {
			c.changed.Wait()
		}
		if c.err == nil {
			c.err = net.ErrClosed
		}
		c.mu.Unlock()
		if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
			if c.Conn.SetReadDeadline(time.Now().Add(farewell)) == nil {
				io.Copy(io.Discard, c.Conn) // until it closes, or farewell has passed
			}
		}
		err = c.Conn.Close()
	})
	return err
}

// abort closes at once.
func (c *bufferedConn) abort() { c.Conn.Close() }
