package mqtt

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"decant/ingest"
)

// quiesce is how long a disconnecting client may take to write what is left.
const quiesce = 2 * time.Second

// connection is one connection from CONNECT to its end. It reports whether it stood, subscriptions included, and why it ended.
//
// Each has a paho client of its own, without paho's reconnecting: that one does not tell whether the broker still
// had our session, and it hands out again, as if they were new, the messages that it holds unacknowledged.
func (s *Source) connection(ctx context.Context, log *slog.Logger, take func(ingest.Message) bool) (stood bool, err error) {
	lost := make(chan error, 1)
	h := handover{Source: s, take: take}
	defer h.end(log)
	o := s.options()
	// The handler is set before Connect: a session's messages arrive before the subscription is confirmed.
	o.SetDefaultPublishHandler(h.message)
	o.SetConnectionLostHandler(func(_ paho.Client, err error) { lost <- err }) // paho calls it after the last message
	release := func() bool { return true }
	o.SetCustomOpenConnectionFn(func(u *url.URL, _ paho.ClientOptions) (net.Conn, error) {
		conn, err := s.open(ctx, u)
		if err != nil {
			return nil, err
		}
		release = context.AfterFunc(ctx, conn.abort)
		return conn, nil
	})

	client := paho.NewClient(o)
	token := client.Connect().(*paho.ConnectToken)
	<-token.Done() // sooner than ConnectTimeout when ctx ends
	if err := token.Error(); err != nil {
		return false, explain(err)
	}
	defer client.Disconnect(uint(quiesce.Milliseconds()))
	release() // from here on ctx ends the connection by DISCONNECT, after the acknowledgements

	present := token.SessionPresent()
	if s.before && !present {
		log.Warn("broker has no session for this client id: messages published while decant was away are lost. " +
			"Was the broker restarted without persistence, or the session expired?")
	}
	if err := s.subscribe(ctx, log, client, present, lost); err != nil {
		return false, err
	}
	s.before, s.subscribed = true, true
	log.Info("connected to broker", "topics", strings.Join(s.cfg.Topics, " "), "qos", s.cfg.QoS, "session_present", present)
	select {
	case <-ctx.Done():
		return true, nil
	case err := <-lost:
		return true, err
	}
}

func (s *Source) options() *paho.ClientOptions {
	o := paho.NewClientOptions()
	o.AddBroker(s.url.String())
	o.SetClientID(s.cfg.ClientID)
	o.SetCredentialsProvider(func() (string, string) { return s.cfg.credentials(s.url) })
	o.SetProtocolVersion(4) // no second try as MQTT 3.1 after a refusal
	o.SetCleanSession(false)
	o.SetAutoReconnect(false)
	o.SetConnectTimeout(s.cfg.ConnectTimeout)
	o.SetKeepAlive(s.cfg.KeepAlive)
	o.SetPingTimeout(s.cfg.PingTimeout)
	o.SetOrderMatters(true)    // one message after the other
	o.SetAutoAckDisabled(true) // the pipeline acknowledges
	o.SetStore(forgetful{})    // what is not acknowledged is the broker's to keep
	return o
}

// handover gives one connection's messages to the pipeline.
type handover struct {
	*Source
	take func(ingest.Message) bool

	mu    sync.Mutex // held while a message is handed over
	ended atomic.Bool
	lost  int // messages at QoS 0 that were read and not taken
}

func (h *handover) message(_ paho.Client, m paho.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	message := ingest.Message{
		Topic:    m.Topic(),
		Payload:  m.Payload(),
		Received: h.cfg.Now().UnixNano(),
		QoS:      m.Qos(),
		Retained: m.Retained(),
		Dup:      m.Duplicate(),
		Client:   h.cfg.ClientID,
		PacketID: m.MessageID(),
	}
	if m.Qos() > 0 {
		message.Ack = m.Ack
	}
	// Where it is not taken, because we are stopping, the broker keeps the message, unless it was sent at QoS 0.
	if taken := !h.ended.Load() && h.take(message); !taken && m.Qos() == 0 {
		h.lost++
	}
}

// end returns when the last message was handed over. paho's Disconnect does not wait for that longer than quiesce.
func (h *handover) end(log *slog.Logger) {
	h.ended.Store(true)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lost > 0 {
		log.Warn("messages at QoS 0 were dropped when the connection ended", "messages", h.lost)
	}
}

// subscribe brings the broker's session in line with the configuration. Subscribing again to what is subscribed would have the
// broker send all retained messages again, so a session that is known to be right is left alone.
func (s *Source) subscribe(ctx context.Context, log *slog.Logger, client paho.Client, present bool, lost chan error) error {
	if present && s.subscribed {
		return nil
	}
	if err := s.record(append(slices.Clone(s.session), s.cfg.Topics...)); err != nil {
		return err
	}
	filters := make(map[string]byte, len(s.cfg.Topics))
	for _, topic := range s.cfg.Topics {
		filters[topic] = s.cfg.QoS
	}
	token := client.SubscribeMultiple(filters, nil).(*paho.SubscribeToken)
	if err := wait(ctx, token, lost); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	if err := s.granted(log, token.Result()); err != nil {
		return err
	}
	var left []string
	for _, topic := range s.session {
		if !slices.Contains(s.cfg.Topics, topic) {
			left = append(left, topic)
		}
	}
	if len(left) > 0 && present {
		if err := wait(ctx, client.Unsubscribe(left...), lost); err != nil {
			return fmt.Errorf("unsubscribe from topics that left the configuration: %w", err)
		}
		log.Info("unsubscribed from topics that left the configuration", "topics", strings.Join(left, " "))
	}
	return s.record(s.cfg.Topics)
}

// granted looks at what the broker made of each subscription.
func (s *Source) granted(log *slog.Logger, qos map[string]byte) error {
	for topic, granted := range qos {
		if granted > 2 {
			return &refusal{fmt.Errorf("it refuses the subscription to %s", topic), "have it allowed for this user and client id"}
		}
		if granted < s.cfg.QoS {
			log.Warn("broker grants a lower QoS than asked for", "topic", topic, "asked", s.cfg.QoS, "granted", granted)
		}
	}
	return nil
}

// wait returns when the broker has answered, or the connection or ctx has ended.
func wait(ctx context.Context, token paho.Token, lost chan error) error {
	select {
	case <-token.Done():
		return token.Error()
	case err := <-lost:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
