package bench

import (
	"strconv"

	"github.com/edsrzf/mmap-go"
)

// recordsAPack is how many samples a device sends at a time.
const recordsAPack = 10

// pack appends the next n samples of a series as a SenML pack (RFC 8428), its times relative to the first.
func pack(dst []byte, s *Signal, n int) []byte {
	var base int64
	for i := range n {
		t, v := s.Next()
		if i == 0 {
			base = t
			dst = append(dst, `[{"bn":`...)
			dst = strconv.AppendQuote(dst, s.Series.Name)
			dst = append(dst, `,"bu":`...)
			dst = strconv.AppendQuote(dst, s.Series.Unit)
			dst = append(dst, `,"bt":`...)
			dst = appendSeconds(dst, t)
		} else {
			dst = append(dst, `,{"t":`...)
			dst = appendSeconds(dst, t-base)
		}
		dst = append(dst, `,"v":`...)
		dst = strconv.AppendFloat(dst, v, 'g', -1, 64)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// appendSeconds prints ns, whole milliseconds and not negative, as seconds.
func appendSeconds(dst []byte, ns int64) []byte {
	ms := ns / 1e6
	dst = strconv.AppendInt(dst, ms/1000, 10)
	dst = append(dst, '.')
	return append(dst, byte('0'+ms/100%10), byte('0'+ms/10%10), byte('0'+ms%10))
}

// loadTopic is where the packs are published, one of decant's built-in patterns.
const loadTopic = "channels/" + Channel + "/messages/events/data"

// publications are a data set as MQTT packets, in the order in which devices send them: a pack of every series, then the next pack of every series. They go out over
// several connections, each series always over the same one.
type publications struct {
	messages, samples int64
	bytes             int64    // of payloads
	lines             [][]byte // a connection's packets one after another
	memory            mmap.MMap
}

// publications makes the packets beforehand, so that the benchmark doesn't measure how they are made. The caller closes what it gets.
func (d Dataset) publications(connections int) (*publications, error) {
	signals, err := d.Signals()
	if err != nil {
		return nil, err
	}
	p := &publications{samples: d.Points(), lines: make([][]byte, connections)}
	sent := make([]int, connections)
	var payload []byte
	for left := d.Samples; left > 0; left -= recordsAPack {
		for i, s := range signals {
			c := i % connections
			payload = pack(payload[:0], s, min(left, recordsAPack))
			sent[c]++
			p.lines[c] = appendPublish(p.lines[c], loadTopic, packetID(sent[c]), payload)
			p.messages++
			p.bytes += int64(len(payload))
		}
	}
	size := 0
	for _, line := range p.lines {
		size += len(line)
	}
	if p.memory, err = uncounted(size); err != nil {
		return nil, err
	}
	rest := []byte(p.memory)
	for i, line := range p.lines {
		n := copy(rest, line)
		p.lines[i], rest = rest[:n], rest[n:]
	}
	return p, nil
}

// Close gives the memory back.
func (p *publications) Close() error { return p.memory.Unmap() }
