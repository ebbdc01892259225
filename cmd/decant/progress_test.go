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
	}{
		{"all", t.Context(), 10, 10},
		{"less than expected", t.Context(), 3, 10},
		{"more than expected", t.Context(), 30, 10},
		{"nobody knows", t.Context(), 3, 0},
		{"interrupted", stopped, 3, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			var screen bytes.Buffer
			a := &app{ctx: c.ctx, stderr: &screen}
			p := a.progress("rows")
			p.bars = mpb.New(mpb.WithOutput(&screen), mpb.WithWidth(40), mpb.WithAutoRefresh())
			p.update("first.csv", 1, 10)
			p.update("second.csv", c.done, c.expected)
			p.finish()
			p.finish() // a second time does nothing
			if !bytes.Contains(screen.Bytes(), []byte("second.csv")) {
				t.Errorf("no bar was drawn: %q", screen.String())
			}
		})
	}
}
