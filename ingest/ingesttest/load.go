package ingesttest

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// LoadTopic is where the load is published, one of decant's built-in patterns.
const LoadTopic = "channels/0115c85d-ef3e-4de9-9732-d0c5c4f2c482/messages/events/data"

// Subscriber takes n messages from the session that client has on the broker, and returns when all are acknowledged.
type Subscriber func(ctx context.Context, broker *Broker, client string, n int) error

// Measure benchmarks a subscriber: b.N SenML packs of ten records wait for it in its session on the broker, and the time runs from its
// connection to its last acknowledgement. Nothing else runs meanwhile, so two subscribers measured one after the other compare. On a
// machine that is busy with other things, compare the processor time (cpu-ns/msg) instead of messages a second.
func Measure(b *testing.B, broker *Broker, subscriber Subscriber) {
	b.Helper()
	client, err := Queue(b.Context(), broker, b.N)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()
	cpu := cpuTime()
	b.ResetTimer()
	if err := subscriber(ctx, broker, client, b.N); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	b.ReportMetric(float64(cpuTime()-cpu)/float64(b.N), "cpu-ns/msg")
	seconds := b.Elapsed().Seconds()
	b.ReportMetric(float64(b.N)/seconds, "msg/s")
	b.ReportMetric(10*float64(b.N)/seconds, "samples/s")
}

// Queue makes a session on the broker and publishes n packs at QoS 1, which wait in it for the client of that name.
func Queue(ctx context.Context, broker *Broker, n int) (client string, err error) {
	client = fmt.Sprintf("measured-%d", sessions.Add(1))
	if err := broker.Subscribe(client, LoadTopic); err != nil {
		return "", err
	}
	p := Publisher{Addr: broker.Addr(), Client: client + "-load", QoS: 1}
	_, err = p.Publish(ctx, n, func(n int) (string, []byte) { return LoadTopic, Pack(n) })
	return client, err
}

// sessions numbers the client ids, so that no two measurements share a session.
var sessions atomic.Int64

// Pack is a SenML pack of ten records, as a small device sends them: ten quantities at one time.
func Pack(number int) []byte {
	pack := make([]byte, 0, 512)
	pack = append(pack, `[{"bn":"urn:dev:mac:0024befffe804ff`...)
	pack = strconv.AppendInt(pack, int64(number%8), 16)
	pack = append(pack, `:","bt":`...)
	pack = strconv.AppendInt(pack, 1_700_000_000+int64(number), 10)
	pack = append(pack, `,"bu":"Cel"`...)
	for i := range 10 {
		if i > 0 {
			pack = append(pack, ",{"...)
		} else {
			pack = append(pack, ',')
		}
		pack = append(pack, `"n":"t`...)
		pack = strconv.AppendInt(pack, int64(i), 10)
		pack = append(pack, `","v":`...)
		pack = strconv.AppendFloat(pack, 20+float64((number*7+i*13)%1000)/100, 'f', -1, 64)
		pack = append(pack, '}')
	}
	return append(pack, ']')
}

// Counting is what others are measured against: a paho subscriber that counts and acknowledges, and does nothing else.
func Counting(ctx context.Context, broker *Broker, client string, n int) error {
	all := make(chan struct{})
	var count int
	o := paho.NewClientOptions().AddBroker(broker.URL()).SetClientID(client).SetCleanSession(false).SetAutoReconnect(false)
	o.SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) {
		if count++; count == n {
			m.Ack() // here already, so that it is part of the time
			close(all)
		}
	})
	c := paho.NewClient(o)
	token := c.Connect()
	<-token.Done()
	if token.Error() != nil {
		return token.Error()
	}
	defer c.Disconnect(1000)
	select {
	case <-all:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Subscribe makes a session for the client that subscribes to the filter at QoS 1, and leaves it: what is published from now on waits.
func (b *Broker) Subscribe(client, filter string) error {
	conn, err := net.Dial("tcp", b.Addr())
	if err != nil {
		return err
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	if _, err := conn.Write(connectPacket(client, "", "", false)); err != nil {
		return err
	}
	if _, err := io.ReadFull(r, make([]byte, 4)); err != nil {
		return err
	}
	body := binary.BigEndian.AppendUint16(nil, 1)
	body = append(appendString(body, filter), 1)
	if _, err := conn.Write(append(appendLength([]byte{0x82}, len(body)), body...)); err != nil {
		return err
	}
	suback := make([]byte, 5)
	if _, err := io.ReadFull(r, suback); err != nil {
		return err
	}
	if suback[4] > 2 {
		return fmt.Errorf("broker refuses the subscription to %s", filter)
	}
	_, err = conn.Write([]byte{0xe0, 0})
	return err
}
