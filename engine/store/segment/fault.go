package segment

import (
	"runtime"
	"runtime/debug"
	"unsafe"
)

// Guard runs f, which reads mapped bytes of readers in its own goroutine. A page that the disk can't deliver, or that lies behind the end of a file
// cut short meanwhile, is a fault of memory: it becomes a *FaultError that names the file instead of ending the process. All of this
// package runs under it; whoever reads a scan's records where such a fault must not end the process does the same.
func Guard(readers []*Reader, f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			if err = faultIn(readers, p); err == nil {
				panic(p)
			}
		}
	}()
	return f()
}

// faultIn finds the segment in which a panic's address lies; nil where there is none.
func faultIn(readers []*Reader, p any) error {
	fault, ok := p.(interface {
		runtime.Error
		Addr() uintptr
	})
	if !ok {
		return nil
	}
	for _, r := range readers {
		if len(r.data) == 0 {
			continue
		}
		start := uintptr(unsafe.Pointer(&r.data[0]))
		if a := fault.Addr(); a >= start && a-start < uintptr(len(r.data)) {
			return &FaultError{File: r.path, Offset: int64(a - start)}
		}
	}
	return nil
}
