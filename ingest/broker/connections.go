package broker

import (
	"sync"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"

	"decant/ingest"
)

// connections are the publishers that are there.
//
// A publisher that lost its connection comes back under the same client id, perhaps before the server has read all that
// the old connection still holds. What it sends again must not overtake its first copy, or the two could not be
// told apart. So a new connection begins by ending the old one of its id: that waits for the message which is just being
// handed over, and has those behind it dropped, unacknowledged, since the publisher sends them again.
type connections struct {
	writing sync.WaitGroup // goroutines that write PUBACKs

	mu       sync.Mutex
	byClient map[*mochi.Client]*connection // a mochi.Client is one connection
	byID     map[string]*connection        // the newest of each client id
}

// connection is one publisher's.
type connection struct {
	acks acknowledger

	mu   sync.Mutex // held while a message is handed over
	over bool
}

func newConnections() *connections {
	return &connections{byClient: make(map[*mochi.Client]*connection), byID: make(map[string]*connection)}
}

// begin is called before the first message of a connection is read.
func (cs *connections) begin(cl *mochi.Client) {
	c := &connection{acks: acknowledger{client: cl, writing: &cs.writing}}
	cs.mu.Lock()
	old := cs.byID[cl.ID]
	cs.byID[cl.ID], cs.byClient[cl] = c, c
	cs.mu.Unlock()
	if old != nil {
		old.end()
	}
}

// end is called after the last message of a connection was read.
func (cs *connections) end(cl *mochi.Client) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.byID[cl.ID] == cs.byClient[cl] {
		delete(cs.byID, cl.ID)
	}
	delete(cs.byClient, cl)
}

func (cs *connections) of(cl *mochi.Client) *connection {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.byClient[cl]
}

// flush returns when every PUBACK is written. Connections that don't read theirs are closed when patience ends.
func (cs *connections) flush() {
	closeAll := time.AfterFunc(patience, func() {
		cs.mu.Lock()
		defer cs.mu.Unlock()
		for cl, c := range cs.byClient {
			if c.acks.unwritten() { // the server sets deadlines of its own, so the write's may have been lifted
				cl.Stop(errUnread)
			}
		}
	})
	defer closeAll.Stop()
	cs.writing.Wait()
}

// hand gives a message to the pipeline, unless the connection has a successor.
func (c *connection) hand(m ingest.Message, take func(ingest.Message) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		take(m) // false: we are stopping, and the publisher keeps the message
	}
}

func (c *connection) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
}
