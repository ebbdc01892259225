package broker

import (
	"context"
	"crypto/subtle"
	"log/slog"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"decant/ingest"
)

// hook stands between the server and the pipeline.
type hook struct {
	mochi.HookBase
	cfg  Config
	take func(ingest.Message) bool
	open *connections
}

func (h *hook) ID() string { return "decant" }

func (h *hook) Provides(b byte) bool {
	switch b {
	case mochi.OnConnectAuthenticate, mochi.OnACLCheck, mochi.OnPacketRead, mochi.OnSessionEstablished,
		mochi.OnPublish, mochi.OnWillSent, mochi.OnDisconnect:
		return true
	}
	return false
}

// OnConnectAuthenticate lets in everybody, or the users that are named.
func (h *hook) OnConnectAuthenticate(cl *mochi.Client, pk packets.Packet) bool {
	if len(h.cfg.Users) == 0 {
		return true
	}
	want, known := h.cfg.Users[string(pk.Connect.Username)]
	right := subtle.ConstantTimeCompare([]byte(want), pk.Connect.Password) == 1 && known
	if !right {
		h.cfg.Log.Warn("publisher refused: bad user name or password", "client", cl.ID, "user", string(pk.Connect.Username), "remote", cl.Net.Remote)
	}
	return right
}

// OnACLCheck lets publishers publish anywhere; which topics are known is the decoder's business.
func (h *hook) OnACLCheck(*mochi.Client, string, bool) bool { return true }

// OnPacketRead disconnects a publisher that sends QoS 2. The server would reduce that to QoS 1 and answer with a PUBACK, which means
// nothing to such a publisher. Of all errors, the server heeds only ErrRejectPacket here.
func (h *hook) OnPacketRead(cl *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	if pk.FixedHeader.Type == packets.Publish && pk.FixedHeader.Qos > 1 {
		h.cfg.Log.Warn("publisher disconnected", "client", cl.ID, "remote", cl.Net.Remote, "error", "QoS 2 is not served here: publish with QoS 1")
		return pk, packets.ErrRejectPacket
	}
	return pk, nil
}

// OnPublish hands the message to the pipeline, and waits only while the pipeline has no room. It always rejects the
// packet, which makes the server forget it without an answer.
func (h *hook) OnPublish(cl *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	m := ingest.Message{
		Topic:    pk.TopicName,
		Payload:  pk.Payload,
		Received: h.cfg.Now().UnixNano(),
		QoS:      pk.FixedHeader.Qos,
		Dup:      pk.FixedHeader.Dup,
		Client:   cl.ID,
		PacketID: pk.PacketID,
		// Retained stays false: a publisher that sets the flag publishes now. What is old is a message that a
		// broker retained and delivers later, and this one does not.
	}
	c := h.open.of(cl)
	if m.QoS > 0 {
		m.Ack = func() { c.acks.add(pk.PacketID) }
	}
	c.hand(m, h.take)
	return pk, packets.ErrRejectPacket
}

// OnWillSent takes the message that a publisher left for the case that it vanishes. Nobody waits for its acknowledgement.
func (h *hook) OnWillSent(cl *mochi.Client, pk packets.Packet) {
	h.take(ingest.Message{Topic: pk.TopicName, Payload: pk.Payload, Received: h.cfg.Now().UnixNano(), Client: cl.ID})
}

func (h *hook) OnSessionEstablished(cl *mochi.Client, _ packets.Packet) { h.open.begin(cl) }
func (h *hook) OnDisconnect(cl *mochi.Client, _ error, _ bool)          { h.open.end(cl) }

// quiet passes on only the errors of the server's own log: the rest is about its internals.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelError && q.Handler.Enabled(ctx, level)
}

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }
func (q quiet) WithGroup(name string) slog.Handler       { return quiet{q.Handler.WithGroup(name)} }
