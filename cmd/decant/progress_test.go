package main

import (
	"bytes"
	"context"
	"testing"

	"github.com/vbauerster/mpb/v8"
)

// TestBarsEnd: finish returns wherever the bars stand, and more than what was expected may come.
func TestBarsEnd(t *testing.T) {
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, c := range []struct {
		name           string
		ctx            context.Context
		done, expected int64
		together       bool
	}{
		{"all", t.Context(), 10, 10, false},
		{"side by side", t.Context(), 10, 10, true},
		{"side by side, interrupted", stopped, 10, 10, true},
		{"less than expected", t.Context(), 3, 10, false},
		{"more than expected", t.Context(), 30, 10, false},
		{"nobody knows", t.Context(), 3, 0, false},
		{"interrupted", stopped, 3, 10, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var screen bytes.Buffer
			a := &app{ctx: c.ctx, stderr: &screen}
			p := a.progress("rows")
			p.bars = mpb.New(mpb.WithOutput(&screen), mpb.WithWidth(40), mpb.WithAutoRefresh())
			p.together = c.together
			p.update("first.csv", 1, 10)
			p.update("second.csv", c.done, c.expected)
			p.update("first.csv", 2, 10)
			p.finish()
			p.finish() // a second time does nothing
			if !bytes.Contains(screen.Bytes(), []byte("second.csv")) {
				t.Errorf("no bar was drawn: %q", screen.String())
			}
		})
	}
}
