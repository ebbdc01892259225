package formats

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Goroutines is how many goroutines may print at a time.
func (d *Document) Goroutines() int {
	if d.Cores > 0 {
		return d.Cores
	}
	return runtime.GOMAXPROCS(0)
}

const maxChunks = 16

// Chunks is how many chunks of rows a format that prints them side by side has under way at a time, at most: one for each goroutine, and one more
// that is being written.
func (d *Document) Chunks() int { return min(d.Goroutines()+1, maxChunks) }

// Guard runs f, which reads records in a goroutine of its own. They may lie in mapped files: a disk that fails under them is an error, not the end of
// the process.
func Guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			fault, ok := r.(interface {
				error
				Addr() uintptr
			})
			if !ok {
				panic(r)
			}
			err = fmt.Errorf("read rows: %w", fault)
		}
	}()
	return f()
}
