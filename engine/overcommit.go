package engine

import (
	"os"
	"runtime"
)

// overcommit lets more goroutines compute at a time than there are cores, until restore is called. Go takes what is ready to run from a queue: a call would wait there until
// one of the goroutines that read, print and compress rows has had its ten milliseconds, several times over (p99 70 ms on two cores with two exports). With a thread for each of them
// the system shares the cores out, and it lets a thread that has waited go first (12 ms). Jobs still take no more cores for themselves than there are.
//
// Who sets GOMAXPROCS has said how many it shall be.
func overcommit(cores int) (restore func()) {
	if os.Getenv("GOMAXPROCS") != "" {
		return func() {}
	}
	before := runtime.GOMAXPROCS(min(4*cores, cores+mostOvercommitted))
	return func() { runtime.GOMAXPROCS(before) }
}

// mostOvercommitted bounds what threads cost (memory, and the collector's share of them) on machines whose many cores are seldom all busy.
const mostOvercommitted = 16
