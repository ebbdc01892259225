package engine

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// heapRoom is how much garbage there may be before it is collected, in bytes, and what Go takes for a heap of nothing.
const (
	heapRoom  = 64 << 20
	emptyHeap = 4 << 20
)

// RoomyHeap lets garbage grow to heapRoom, or to as much as is in use where that is more, before it is collected, until release is called. Go's collector begins at
// 4 MiB; the little that decant keeps would have it run hundreds of times a second while rows are read, printed and compressed, for 13 to 18 % of an export's
// time. GOGC counts from heapRoom on as it does else; GOGC=off stays off.
func RoomyHeap() (release func()) {
	r := &roomyHeap{percent: debug.SetGCPercent(100 * heapRoom / emptyHeap)}
	if r.percent < 0 {
		debug.SetGCPercent(r.percent)
		return func() {}
	}
	r.set = 100 * heapRoom / emptyHeap
	r.watch()
	return r.release
}

// roomyHeap sets the collector's percentage anew after each collection: it is a share of what is in use, which room is not.
type roomyHeap struct {
	percent int // GOGC, for a heap in which more than heapRoom is in use

	mu       sync.Mutex
	set      int // the percentage now
	released bool
}

// watch calls adjust after the next collection, and so on: that takes an object which nothing holds.
func (r *roomyHeap) watch() {
	canary := new(*byte) // what holds a pointer shares its memory with no other object
	runtime.AddCleanup(canary, (*roomyHeap).adjust, r)
}

func (r *roomyHeap) adjust() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.released {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if want := roomPercent(live[0].Value.Uint64(), r.percent); want != r.set {
		r.set = want
		debug.SetGCPercent(want)
	}
	r.watch()
}

// roomPercent is the percentage of live bytes that is heapRoom, and at least percent. It is rounded up to a step of an eighth, so that it seldom changes.
func roomPercent(live uint64, percent int) int {
	want := int(100 * heapRoom / max(live, emptyHeap))
	if want <= percent {
		return percent
	}
	step := max(1, want/8)
	return (want + step - 1) / step * step
}

func (r *roomyHeap) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.released {
		r.released = true
		debug.SetGCPercent(r.percent)
	}
}
