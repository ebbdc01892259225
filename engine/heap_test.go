package engine

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestRoomPercent(t *testing.T) {
	for _, c := range []struct {
		live          uint64
		percent, want int
	}{
		{0, 100, 1600},
		{4 << 20, 100, 1600},
		{8 << 20, 100, 800},
		{64 << 20, 100, 100},
		{1 << 30, 100, 100},
		{32 << 20, 400, 400},
		{1 << 30, 50, 50},
	} {
		if got := roomPercent(c.live, c.percent); got != c.want {
			t.Errorf("%d MiB in use with GOGC=%d: %d, want %d", c.live>>20, c.percent, got, c.want)
		}
	}
	for live := uint64(1); live < 1<<30; live += live/3 + 1 {
		if room := live * uint64(roomPercent(live, 100)) / 100; live > emptyHeap && (room < min(live, heapRoom*7/8) || room > max(live, heapRoom*5/4)) {
			t.Errorf("%d MiB in use leave room for %d", live>>20, room>>20)
		}
	}
}

var garbage []byte

// TestRoomyHeap: little garbage is not collected; with much in use GOGC counts, and afterwards all is as before.
func TestRoomyHeap(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	release := RoomyHeap()
	defer release()
	runtime.GC()
	collected := func(bytes int) uint32 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range bytes >> 10 {
			garbage = make([]byte, 1<<10)
		}
		runtime.ReadMemStats(&after)
		return after.NumGC - before.NumGC
	}
	if n := collected(32 << 20); n > 1 {
		t.Errorf("32 MiB of garbage were collected %d times", n)
	}
	held := make([]byte, 256<<20)
	for now := -1; now != 100; { // the cleanup runs beside
		runtime.GC()
		runtime.Gosched()
		now = debug.SetGCPercent(100)
		debug.SetGCPercent(now)
	}
	runtime.KeepAlive(held)
	release()
	if now := debug.SetGCPercent(100); now != 100 {
		t.Errorf("afterwards the percentage is %d", now)
	}
}
