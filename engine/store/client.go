package store

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"decant/engine/store/wal"
	"decant/ingest"
)

// ErrNoWriter: no running writer takes samples for the store.
var ErrNoWriter = errors.New("no running writer takes samples")

// Client hands samples to the running writer of a store. It is safe for concurrent use, and sticky: after an error every call returns it.
type Client struct {
	mu      sync.Mutex
	conn    net.Conn
	r       *bufio.Reader
	encoder *wal.Encoder
	next    uint64
	frame   []byte
	payload []byte
	buf     []byte
	err     error
}

var _ ingest.Appender = (*Client)(nil)

// Dial connects to the writer of the store in dir. Where none listens it is ErrNoWriter.
func Dial(dir string) (*Client, error) {
	conn, err := net.Dial("unix", socketPath(dir))
	if err != nil {
		return nil, &kindError{ErrNoWriter, fmt.Sprintf("no running writer takes samples for the store %s: %v", dir, err)}
	}
	return &Client{conn: conn, r: bufio.NewReader(conn), encoder: wal.NewEncoder()}, nil
}

// socketPath is where a writer's socket is.
func socketPath(dir string) string {
	if b, err := os.ReadFile(filepath.Join(dir, pointerFile)); err == nil {
		return strings.TrimSpace(string(b))
	}
	path := filepath.Join(dir, socketFile)
	if short := shortPath(path); short != "" {
		return short
	}
	return path
}

// Append hands a batch over. When it returns nil, the batch is durable in the writer's store. A long batch goes in pieces: of one that fails,
// the first pieces may be stored. When ctx ends, the connection does.
func (c *Client) Append(ctx context.Context, b ingest.Batch) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	return c.within(ctx, func() error { return c.append(b) })
}

// within does f, whose connection ends when ctx does.
func (c *Client) within(ctx context.Context, f func() error) error {
	stop := context.AfterFunc(ctx, func() { c.conn.SetDeadline(time.Now()) })
	defer stop()
	if err := f(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		c.err = err
	}
	return c.err
}

func (c *Client) append(b ingest.Batch) error {
	for i := range b.Samples {
		if err := checkSample(&b.Samples[i]); err != nil {
			return fmt.Errorf("append sample %d of series %s: %w", i, b.Samples[i].Series.Name, err)
		}
		if c.encoder.Sample(&b.Samples[i]); c.encoder.Len() >= frameBytes || (i+1)%frameSamples == 0 {
			if err := c.send(); err != nil {
				return err
			}
		}
	}
	for _, d := range b.Deliveries {
		c.encoder.Delivery(d)
	}
	return c.send()
}

// send hands over what was packed and waits for the answer.
func (c *Client) send() error {
	c.payload = c.encoder.Payload(c.payload[:0])
	_, err := c.call(wal.Samples, c.payload, "hand samples to the running writer", "they may be stored or not")
	return err
}

// call sends a frame and waits for the answer to it. doing and doubt are for errors: what fails, and what is not known then.
func (c *Client) call(what wal.Type, payload []byte, doing, doubt string) (did string, err error) {
	c.frame = wal.AppendFrame(c.frame[:0], wal.Frame{Type: what, Sequence: c.next, Payload: payload})
	if _, err := c.conn.Write(c.frame); err != nil {
		return "", fmt.Errorf("%s: %w", doing, err)
	}
	answer, err := wal.ReadFrame(c.r, &c.buf)
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: no answer, %s: %w", doing, doubt, err)
	case answer.Type != wal.Reply || answer.Sequence != c.next || len(answer.Payload) == 0:
		return "", fmt.Errorf("%s: it answers something else: it may be another version of decant", doing)
	}
	c.next++
	outcome, text := answer.Payload[0], string(answer.Payload[1:])
	var corrupt CorruptError
	switch {
	case outcome == outcomeOK:
		return text, nil
	case outcome == outcomeDamaged && json.Unmarshal([]byte(text), &corrupt) == nil:
		return "", fmt.Errorf("%s: %w", doing, &corrupt)
	case what == wal.Command && text == fmt.Sprintf(notTaken, what):
		text = doing + ": it is an older decant, which can't: restart it with this version, or stop it meanwhile"
	case what == wal.Command:
		text = doing + ": " + text
	default:
		text = "the running writer refused the samples: " + text
	}
	if int(outcome) < len(kinds) && kinds[outcome] != nil {
		return "", &kindError{kinds[outcome], text}
	}
	return "", errors.New(text)
}

// Close hangs up.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = ErrClosed
	}
	return c.conn.Close()
}
