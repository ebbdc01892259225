package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// tap stands between decant and a broker and counts the messages that decant acknowledged. The broker delivers in order and decant
// acknowledges in order, so acked tells which ones they are as long as nothing is delivered twice.
type tap struct {
	url      string
	acked    atomic.Int64 // PUBACKs from decant
	holdBack atomic.Bool  // PUBACKs are counted and not handed on
}

func newTap(t *testing.T, broker string) *tap {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &tap{url: "tcp://" + listener.Addr().String()}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() { p.pass(client, broker) })
		}
	})
	t.Cleanup(func() { // after decant was killed, whose end closes all connections
		listener.Close()
		open.Wait()
	})
	return p
}

// pass hands on what both sides write. A side that closes its direction is closed towards the other; one that is torn down, both.
func (p *tap) pass(client net.Conn, broker string) {
	defer client.Close()
	server, err := net.Dial("tcp", broker)
	if err != nil {
		return
	}
	defer server.Close()
	var back sync.WaitGroup
	defer back.Wait()
	back.Go(func() {
		io.Copy(client, server)
		client.Close()
	})
	r := bufio.NewReader(client)
	for {
		packet, err := readPacket(r)
		if errors.Is(err, io.EOF) {
			server.(*net.TCPConn).CloseWrite()
			return
		}
		if err == nil && packet[0]>>4 == 4 {
			p.acked.Add(1) // before the broker can know of it
			if p.holdBack.Load() {
				continue
			}
		}
		if err == nil {
			_, err = server.Write(packet)
		}
		if err != nil {
			server.Close()
			return
		}
	}
}

// readPacket reads one MQTT packet, its header included.
func readPacket(r *bufio.Reader) ([]byte, error) {
	kind, err := r.ReadByte()
	if err != nil {
		return nil, err
	}
	length, err := binary.ReadUvarint(r) // MQTT's remaining length
	if err != nil {
		return nil, err
	}
	packet := binary.AppendUvarint([]byte{kind}, length)
	head := len(packet)
	packet = append(packet, make([]byte, length)...)
	_, err = io.ReadFull(r, packet[head:])
	return packet, err
}
