//go:build !linux

package bench

import "runtime/metrics"

// memoryMeaning says what peak-MiB is on this system.
const memoryMeaning = "memory that Go's runtime holds; this system is not asked for resident memory"

// ownMemory is what peak-MiB looks at; bytes.
func ownMemory() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64() - s[1].Value.Uint64())
}

// loadAverage is how many programs wanted a core in the last minute; it is not asked for here.
func loadAverage() (load float64, known bool) { return 0, false }

// processor is the processor's name; it is not asked for here.
func processor() string { return "" }
