package bench

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
)

// publisher is an MQTT 3.1.1 connection that sends packets that are already made, at QoS 1, with many of them unacknowledged. It does a fraction of a real client's work, so that
// what is measured is the other side.
type publisher struct {
	conn net.Conn
	acks *bufio.Reader
}

const (
	inFlight = 1000 // messages of a connection that are not acknowledged
	sendSize = 64 << 10
)

// dialPublisher connects to a broker that asks for no name.
func dialPublisher(ctx context.Context, addr, client string) (*publisher, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("connect publisher: %w", err)
	}
	p := &publisher{conn, bufio.NewReaderSize(conn, sendSize)}
	body := append([]byte("\x00\x04MQTT\x04\x02\x00\x00"), 0, byte(len(client))) // clean session, no keepalive
	body = append(body, client...)
	answer := make([]byte, 4)
	if _, err = conn.Write(append([]byte{0x10, byte(len(body))}, body...)); err == nil {
		_, err = io.ReadFull(p.acks, answer)
	}
	if err == nil && string(answer) != "\x20\x02\x00\x00" {
		err = fmt.Errorf("the broker answers % x", answer)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("connect publisher: %w", err)
	}
	return p, nil
}

// send writes the packets and returns when all are acknowledged.
func (p *publisher) send(ctx context.Context, packets []byte) error {
	defer context.AfterFunc(ctx, func() { p.conn.Close() })()
	slots := make(chan struct{}, inFlight)
	writing := make(chan error, 1)
	stop := make(chan struct{})
	defer close(stop)
	total := 0
	for rest := packets; len(rest) > 0; total++ {
		rest = rest[packetLength(rest):]
	}
	go func() { writing <- p.write(packets, slots, stop) }()
	ack := make([]byte, 4)
	for n := range total {
		if _, err := io.ReadFull(p.acks, ack); err != nil {
			p.conn.Close()
			return fmt.Errorf("read acknowledgement %d of %d: %w", n+1, total, err)
		}
		if ack[0] != 0x40 {
			p.conn.Close()
			return fmt.Errorf("the broker sends a packet % x instead of an acknowledgement", ack)
		}
		<-slots
	}
	return <-writing
}

// write sends packet by packet, each when there is a slot for it. It flushes before it waits for one.
func (p *publisher) write(packets []byte, slots chan<- struct{}, stop <-chan struct{}) error {
	w := bufio.NewWriterSize(p.conn, sendSize)
	for len(packets) > 0 {
		n := packetLength(packets)
		select {
		case slots <- struct{}{}:
		default:
			if err := w.Flush(); err != nil {
				return fmt.Errorf("publish: %w", err)
			}
			select {
			case slots <- struct{}{}:
			case <-stop:
				return nil // the reader says why
			}
		}
		if _, err := w.Write(packets[:n]); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		packets = packets[n:]
	}
	return w.Flush()
}

func (p *publisher) close() {
	p.conn.Write([]byte{0xe0, 0}) // DISCONNECT, a courtesy
	p.conn.Close()
}

// packetID numbers a connection's messages from 1 on, round and round: never 0.
func packetID(n int) uint16 { return uint16((n-1)%65535 + 1) }

// appendPublish appends a PUBLISH packet at QoS 1.
func appendPublish(dst []byte, topic string, id uint16, payload []byte) []byte {
	dst = append(dst, 0x32)
	dst = binary.AppendUvarint(dst, uint64(2+len(topic)+2+len(payload))) // MQTT's remaining length
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(topic)))
	dst = append(dst, topic...)
	dst = binary.BigEndian.AppendUint16(dst, id)
	return append(dst, payload...)
}

// packetLength is the length of the packet that b begins with.
func packetLength(b []byte) int {
	length, n := binary.Uvarint(b[1:])
	return 1 + n + int(length)
}
