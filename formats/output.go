package formats

import (
	"io"
	"sync"
)

// Output is what a format writes its file through. It passes everything on until the first fault, remembers that, and touches the
// io.Writer below never again. It hides whatever else that can do, so no library closes or seeks it. It is safe for concurrent use.
type Output struct {
	w io.Writer

	mu  sync.Mutex
	n   int64
	err error
}

// NewOutput starts an output on w.
func NewOutput(w io.Writer) *Output { return &Output{w: w} }

func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	o.n += int64(n)
	o.err = err
	return n, err
}

// Len is the number of bytes written.
func (o *Output) Len() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.n
}

// Err is the first fault, nil where there was none.
func (o *Output) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// Stop makes err the output's fault, if it has none yet, once what is being written is written. Nothing is from then on.
func (o *Output) Stop(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = err
	}
}
