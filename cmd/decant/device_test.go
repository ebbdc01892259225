package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"decant/ingest/ingesttest"
)

// device publishes numbered messages at QoS 1 under its name, and knows what became of each. When its connection breaks it comes back and
// sends again, under the same packet ids and marked DUP, what it saw no acknowledgement for.
type device struct {
	name     string
	relative bool // its payloads have no times
	anew     bool // it sends again without the mark, as a device does that keeps no account of packet ids

	addr     string
	inFlight int

	acked  atomic.Int64 // numbers below are acknowledged
	sent   int          // numbers below were sent
	resent map[int]bool // numbers that were sent more than once
}

// subtopic is where devices publish; the channel is the device's name.
const subtopic = "events.data"

func (d *device) message(number int) (topic string, payload []byte) {
	topic = "channels/" + d.name + "/messages/events/data"
	if d.relative {
		return topic, fmt.Appendf(nil, `[{"n":"counter","v":%d}]`, number)
	}
	return topic, fmt.Appendf(nil, `[{"n":"counter","t":%d,"v":%d}]`, 1_600_000_000+number, number)
}

// publish returns when n more messages are acknowledged, or with ctx's error.
func (d *device) publish(ctx context.Context, n int) error {
	end := int(d.acked.Load()) + n
	for {
		acked := int(d.acked.Load())
		if acked == end {
			return nil
		}
		p := ingesttest.Publisher{Addr: d.addr, Client: "device-" + d.name, QoS: 1, InFlight: d.inFlight, First: acked}
		p.Acked = func(number int) { d.acked.Store(int64(number) + 1) }
		upTo := end
		if d.sent > acked { // first what was in flight when the connection broke
			upTo, p.Dup = d.sent, !d.anew
		}
		_, err := p.Publish(ctx, upTo-acked, func(number int) (string, []byte) {
			if number < d.sent {
				d.resent[number] = true
			}
			d.sent = max(d.sent, number+1)
			return d.message(number)
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			time.Sleep(5 * time.Millisecond) // between two attempts to connect
		}
	}
}

// check compares what the store holds of the device's messages with what became of them: everything acknowledged is there, and exactly once
// unless the device itself sent it again in a way that can't be told from a second measurement.
func (d *device) check(t *testing.T, stored map[int]int) {
	t.Helper()
	var lost, doubled, unknown []int
	for number := range int(d.acked.Load()) {
		if stored[number] == 0 {
			lost = append(lost, number)
		}
	}
	for number, times := range stored {
		mayDouble := d.relative && d.anew && d.resent[number]
		if times > 1 && !mayDouble {
			doubled = append(doubled, number)
		}
		if number < 0 || number >= d.sent {
			unknown = append(unknown, number)
		}
	}
	for _, fault := range []struct {
		what    string
		numbers []int
	}{{"lost", lost}, {"stored more than once", doubled}, {"never sent", unknown}} {
		if slices.Sort(fault.numbers); len(fault.numbers) > 0 {
			t.Errorf("device %s: %d of %d acknowledged messages %s: %v…", d.name, len(fault.numbers), d.acked.Load(), fault.what, fault.numbers[:min(10, len(fault.numbers))])
		}
	}
}

// missing says whether an acknowledged message is not in the store.
func (d *device) missing(stored map[int]int) bool {
	for number := range int(d.acked.Load()) {
		if stored[number] == 0 {
			return true
		}
	}
	return false
}

// stored is how often the store holds each number of a device, as `decant export` prints it.
func (d *device) stored(t *testing.T, data string) map[int]int {
	t.Helper()
	stdout, stderr, code := decantOutput(t, "export", "--data", data, "-q", "-o", "-",
		"--channel", d.name, "--subtopic", subtopic, "--target", "counter", "--columns", "time,value", "--time-format", "unix")
	if code == exitNotFound { // nothing yet
		return nil
	}
	if code != exitDone {
		t.Fatalf("export of %s: exit code %d\n%s", d.name, code, stderr)
	}
	rows, err := csv.NewReader(strings.NewReader(stdout)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	numbers := make(map[int]int, len(rows))
	for _, row := range rows[1:] {
		number, err := strconv.Atoi(row[1])
		if err != nil {
			t.Fatal(err)
		}
		numbers[number]++
		if want := strconv.Itoa(1_600_000_000 + number); !d.relative && row[0] != want {
			t.Fatalf("device %s: number %d is stored at %s, want %s", d.name, number, row[0], want)
		}
	}
	return numbers
}

// fleet is devices that publish at the same time, as much as they are told to.
type fleet struct {
	t       *testing.T
	devices []*device
	orders  []chan int
	working sync.WaitGroup
}

func launch(t *testing.T, devices ...*device) *fleet {
	f := &fleet{t: t, devices: devices}
	ctx, cancel := context.WithCancel(t.Context())
	for _, d := range devices {
		d.resent = make(map[int]bool)
		orders := make(chan int, 1000)
		f.orders = append(f.orders, orders)
		f.working.Go(func() {
			for n := range orders {
				if err := d.publish(ctx, n); err != nil {
					return // the test has ended
				}
			}
		})
	}
	t.Cleanup(func() {
		cancel()
		f.working.Wait()
	})
	return f
}

// publish has each device publish n more messages, sooner or later.
func (f *fleet) publish(n int) {
	for _, orders := range f.orders {
		orders <- n
	}
}

// finish returns when everything is acknowledged.
func (f *fleet) finish() {
	f.t.Helper()
	for _, orders := range f.orders {
		close(orders)
	}
	done := make(chan struct{})
	go func() {
		f.working.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(patience):
		f.t.Fatal("the devices get no acknowledgements")
	}
}

func (f *fleet) acked() (n int64) {
	for _, d := range f.devices {
		n += d.acked.Load()
	}
	return n
}

// awaitStored returns when everything acknowledged is in the store, or after too long a time.
func (f *fleet) awaitStored(data string) {
	f.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if !slices.ContainsFunc(f.devices, func(d *device) bool { return d.missing(d.stored(f.t, data)) }) {
			return
		}
	}
}

// check is what a test ends with, when nobody writes any more: no message lost or doubled, no fault in any file.
func (f *fleet) check(data string) {
	f.t.Helper()
	resent := 0
	for _, d := range f.devices {
		d.check(f.t, d.stored(f.t, data))
		resent += len(d.resent)
	}
	f.t.Logf("%d messages acknowledged, %d of them sent again by their devices", f.acked(), resent)
	if stdout, stderr, code := decantOutput(f.t, "verify", "--data", data); code != exitDone {
		f.t.Errorf("verify: exit code %d\n%s%s", code, stdout, stderr)
	}
}

// poll waits until what is asked for is true.
func poll(t *testing.T, what string, ask func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ask(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not happen that %s", what)
		}
	}
}
