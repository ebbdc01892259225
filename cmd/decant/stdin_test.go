package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// waiting is a terminal at which nobody types: it calls begun and then waits for ever.
type waiting struct{ begun func() }

func (w waiting) Read([]byte) (int, error) {
	w.begun()
	select {}
}

func TestInterruptibleReads(t *testing.T) {
	text := strings.Repeat("0123456789", 1000)
	for _, in := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
		got, err := io.ReadAll(interruptible{t.Context(), in})
		if err != nil || !bytes.Equal(got, []byte(text)) {
			t.Errorf("read %d of %d bytes: %v", len(got), len(text), err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	if _, err := io.ReadAll(interruptible{ctx, waiting{stop}}); !errors.Is(err, context.Canceled) {
		t.Errorf("reading goes on when the user stops it: %v", err)
	}
}
