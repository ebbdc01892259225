package export

import (
	"runtime"
	"slices"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"decant/engine/export/request"
)

// Options are what a job needs beside its request. The zero value plans at the Unix epoch with the default limits.
type Options struct {
	Now   int64  // ns: the moment the job is due; for a recurring request, the run that was due last then is made
	At    *int64 // ns: in place of Now, to choose another run
	Run   *int64 // of a recurring request: which run is made, in place of the one due last; those before the first (k < 1) too
	Align bool   // a period without from and to ends at the last calendar boundary instead of when the job is due

	Cores     int  // how many goroutines decimate or print at a time; 0 is as many as run at a time. No byte depends on it
	Overwrite bool // Run may replace the files that the destination's manifest lists
	Limits    Limits
	Channels  []string  // globs of the channels that may be read; nil is any. Resource items list no others
	Resources Resources // what the service knows, for resource items; nil where there is no service
	TempDir   string    // where Stream lets formats keep scratch files; empty is the system's
	Version   string    // decant's version, for the manifest
	JobID     string    // for the manifest's object run; empty on the command line

	// Progress is told how many rows of an item (its index) are written; at last, that they are as many as were expected. Items that share a
	// scan take turns. It is called from the goroutine that runs the job.
	Progress func(item int, rows, expected int64)
	// Clock gives the time (ns) for the manifest's object run. Nil stands still at Now.
	Clock func() int64
	// Memory allocates batches. Nil is Arrow's default.
	Memory memory.Allocator
}

// Limits refuse what is too big before it runs. Zero is the default.
type Limits struct {
	Rows    int64 // of an item; default 1,000,000,000
	PDFRows int64 // of an item that becomes a PDF; default 100,000
	Disk    int64 // bytes free at the destination; default: not checked
}

// xlsxColumns is how many columns a sheet has.
const xlsxColumns = 16_384

func (o Options) withDefaults() Options {
	if o.Limits.Rows <= 0 {
		o.Limits.Rows = 1_000_000_000
	}
	if o.Limits.PDFRows <= 0 {
		o.Limits.PDFRows = 100_000
	}
	if o.Cores <= 0 {
		o.Cores = runtime.GOMAXPROCS(0)
	}
	if o.Progress == nil {
		o.Progress = func(int, int64, int64) {}
	}
	if o.Clock == nil {
		now := o.Now
		o.Clock = func() int64 { return now }
	}
	if o.Memory == nil {
		o.Memory = memory.DefaultAllocator
	}
	return o
}

// mayRead says whether the job may read a channel, or tell of it.
func (o *Options) mayRead(channel string) bool {
	return o.Channels == nil || slices.ContainsFunc(o.Channels, func(glob string) bool { return request.MatchGlob(glob, channel) })
}

// due is the moment that ranges are counted from.
func (o Options) due() int64 {
	if o.At != nil {
		return *o.At
	}
	return o.Now
}
