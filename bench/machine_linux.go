package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// memoryMeaning says what peak-MiB is on this system.
const memoryMeaning = "anonymous resident memory (RssAnon) of the whole process"

// ownMemory is what peak-MiB looks at; bytes.
func ownMemory() int64 { return anonymous(os.Getpid()) }

// anonymous is a process's resident memory without the pages of files; bytes, 0 when the process is gone.
func anonymous(pid int) int64 {
	kilobytes, err := strconv.ParseInt(field(fmt.Sprintf("/proc/%d/status", pid), "RssAnon:", "kB"), 10, 64)
	if err != nil {
		return 0 // a process that has ended and is not yet waited for has no such line
	}
	return kilobytes << 10
}

// loadAverage is how many programs wanted a core in the last minute.
func loadAverage() (load float64, known bool) {
	load, err := strconv.ParseFloat(field("/proc/loadavg", "", " "), 64)
	return load, err == nil
}

// processor is the processor's name, empty where the system doesn't say it.
func processor() string {
	return string(bytes.TrimLeft([]byte(field("/proc/cpuinfo", "model name", "\n")), "\t :"))
}

// field is what stands between two texts of a file, empty where they are not there.
func field(file, before, after string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	_, rest, found := bytes.Cut(text, []byte(before))
	value, _, _ := bytes.Cut(rest, []byte(after))
	if !found {
		return ""
	}
	return string(bytes.TrimSpace(value))
}
