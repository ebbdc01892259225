package formats

import "io"

// Output is what a format writes its file through. It passes everything on until the first fault, remembers that, and touches the
// io.Writer below never again. It hides whatever else that can do, so no library closes or seeks it.
type Output struct {
	w   io.Writer
	n   int64
	err error
}

// NewOutput starts an output on w.
func NewOutput(w io.Writer) *Output { return &Output{w: w} }

func (o *Output) Write(p []byte) (int, error) {
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
func (o *Output) Len() int64 { return o.n }

// Err is the first fault, nil where there was none.
func (o *Output) Err() error { return o.err }

// Stop makes err the output's fault, if it has none yet. Nothing is written from then on.
func (o *Output) Stop(err error) {
	if o.err == nil {
		o.err = err
	}
}
