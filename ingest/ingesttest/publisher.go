package ingesttest

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// Publisher is an MQTT 3.1.1 client that publishes as fast as its broker takes, at QoS 1 with many messages in flight, and knows
// which of them were acknowledged. It is a fraction of a real client's work, so that a benchmark measures the other side.
type Publisher struct {
	Addr     string // host:port
	Client   string // client id
	Username string
	Password string
	InFlight int  // messages unacknowledged at a time, at most 65535. Default 1000
	QoS      byte // 0 or 1

	// First numbers the messages: they are First to First+n-1, and their packet ids follow from that. With Dup they are marked as
	// sent before.
	First int
	Dup   bool

	// Acked, if set, is called for each acknowledged message with its number, by one goroutine.
	Acked func(number int)

	retain bool
}

// Publish sends n messages, each as message(number) says, and returns when all are acknowledged (at QoS 0: written). On
// an error, acked tells how many were acknowledged.
func (p Publisher) Publish(ctx context.Context, n int, message func(number int) (topic string, payload []byte)) (acked int, err error) {
	if p.InFlight == 0 {
		p.InFlight = 1000
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.Addr)
	if err != nil {
		return 0, fmt.Errorf("publish: %w", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	r := bufio.NewReaderSize(conn, 64<<10)
	if err := p.connect(conn, r); err != nil {
		return 0, fmt.Errorf("publish: %w", err)
	}

	s := &sending{publisher: p, conn: conn, r: r, slots: make(chan struct{}, p.InFlight), stop: make(chan struct{})}
	var reading sync.WaitGroup
	if p.QoS > 0 {
		reading.Go(func() { acked = s.readAcks(n) })
	}
	sendErr := s.send(n, message)
	if sendErr != nil {
		conn.Close()
	}
	reading.Wait()
	if err := errors.Join(sendErr, s.readErr, ctx.Err()); err != nil {
		return acked, fmt.Errorf("publish: %d of %d acknowledged: %w", acked, n, err)
	}
	_, err = conn.Write([]byte{0xe0, 0}) // DISCONNECT
	return acked, err
}

func (p Publisher) connect(conn net.Conn, r *bufio.Reader) error {
	if _, err := conn.Write(connectPacket(p.Client, p.Username, p.Password, true)); err != nil {
		return err
	}
	connack := make([]byte, 4)
	if _, err := io.ReadFull(r, connack); err != nil {
		return err
	}
	if connack[0] != 0x20 || connack[3] != 0 {
		return fmt.Errorf("broker refuses the connection: code %d", connack[3])
	}
	return nil
}

// sending is the state of one Publish. Packet ids go round: number n has the id n % 65535 + 1.
type sending struct {
	publisher Publisher
	conn      net.Conn
	r         *bufio.Reader
	slots     chan struct{} // one element a message in flight
	stop      chan struct{} // closed when no more acknowledgements are read
	readErr   error
}

func (s *sending) send(n int, message func(int) (string, []byte)) error {
	w := bufio.NewWriterSize(s.conn, 64<<10)
	var packet []byte
	for number := s.publisher.First; number < s.publisher.First+n; number++ {
		if s.publisher.QoS > 0 {
			select {
			case s.slots <- struct{}{}:
			default: // nothing more may be in flight: now the other side has to see what is buffered
				if err := w.Flush(); err != nil {
					return err
				}
				select {
				case s.slots <- struct{}{}:
				case <-s.stop:
					return nil
				}
			}
		}
		topic, payload := message(number)
		packet = publishPacket(packet[:0], s.publisher.QoS, uint16(number%65535+1), topic, payload)
		if s.publisher.retain {
			packet[0] |= 1
		}
		if s.publisher.Dup {
			packet[0] |= 8
		}
		if _, err := w.Write(packet); err != nil {
			return err
		}
	}
	return w.Flush()
}

// readAcks counts PUBACKs until there are n. Brokers send them in the order of the messages.
func (s *sending) readAcks(n int) (acked int) {
	defer close(s.stop)
	packet := make([]byte, 4)
	for ; acked < n; acked++ {
		number := s.publisher.First + acked
		if _, err := io.ReadFull(s.r, packet); err != nil {
			s.readErr = err
			return acked
		}
		id := uint16(number%65535 + 1)
		if packet[0] != 0x40 || binary.BigEndian.Uint16(packet[2:]) != id {
			s.readErr = fmt.Errorf("got packet % x instead of the PUBACK for id %d", packet, id)
			return acked
		}
		if s.publisher.Acked != nil {
			s.publisher.Acked(number)
		}
		<-s.slots
	}
	return acked
}

func connectPacket(client, username, password string, clean bool) []byte {
	var flags byte
	if clean {
		flags |= 2
	}
	body := []byte{0, 4, 'M', 'Q', 'T', 'T', 4, 0, 0, 0} // no keep-alive
	body = appendString(body, client)
	if username != "" {
		flags |= 0xc0
		body = appendString(appendString(body, username), password)
	}
	body[7] = flags
	return append(appendLength([]byte{0x10}, len(body)), body...)
}

func publishPacket(dst []byte, qos byte, id uint16, topic string, payload []byte) []byte {
	length := 2 + len(topic) + len(payload)
	if qos > 0 {
		length += 2
	}
	dst = appendLength(append(dst, 0x30|qos<<1), length)
	dst = appendString(dst, topic)
	if qos > 0 {
		dst = binary.BigEndian.AppendUint16(dst, id)
	}
	return append(dst, payload...)
}

func appendString(dst []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(s))), s...)
}

// appendLength appends MQTT's remaining length.
func appendLength(dst []byte, n int) []byte { return binary.AppendUvarint(dst, uint64(n)) }

// Retain publishes one message for the broker to keep and to deliver to everybody who subscribes later.
func Retain(addr, topic string, payload []byte) error {
	p := Publisher{Addr: addr, QoS: 1, retain: true}
	_, err := p.Publish(context.Background(), 1, func(int) (string, []byte) { return topic, payload })
	return err
}
