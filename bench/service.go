package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"decant/engine"
	"decant/engine/export"
)

// The cases of RunService.
const (
	CaseTiny     = "due-tiny"     // many recurring exports that are due in one second, of which each is next to nothing
	CaseMiddling = "due-middling" // the same of some size
	CaseThrough  = "through"      // one export from the call that creates it to the end of its job
	CaseAPI      = "api"          // a call's latency while exports run and messages come
)

// ServiceCases are all of them.
var ServiceCases = []string{CaseTiny, CaseMiddling, CaseThrough, CaseAPI}

// ServiceOptions say what RunService measures. A zero is its default.
type ServiceOptions struct {
	Options
	Cases   []string      // of ServiceCases
	Exports int           // that are due in one second; 1,000
	Rate    int           // messages a second that come while the API is called; 10,000
	Load    time.Duration // how long the API is called under each load; 10 s
}

// Validate reports every fault at once.
func (o ServiceOptions) Validate() error {
	faults := []error{o.Options.Validate(), checkCases(o.Cases, ServiceCases)}
	if o.Exports < 0 || o.Exports > mostDue {
		faults = append(faults, fmt.Errorf("--exports %d: allowed is 1 to %d", o.Exports, mostDue))
	}
	if o.Rate < 0 {
		faults = append(faults, fmt.Errorf("--rate %d: allowed is 1 and more", o.Rate))
	}
	if o.Load < 0 {
		faults = append(faults, fmt.Errorf("--load %s: allowed is more than 0s", o.Load))
	}
	if len(o.Cores) > 1 {
		faults = append(faults, errors.New("--cpu: the service is measured on one number of cores at a time"))
	}
	return errors.Join(faults...)
}

func (o ServiceOptions) withDefaults() ServiceOptions {
	o.Cases = or(o.Cases, ServiceCases...)
	if o.Exports == 0 {
		o.Exports = 1000
	}
	if o.Rate == 0 {
		o.Rate = 10_000
	}
	if o.Load == 0 {
		o.Load = 10 * time.Second
	}
	return o
}

// RunService measures the export service: decant serve in a process of its own, on a copy of the data set, called over HTTP as clients do. Its yardstick is the work
// without a service: the same requests, planned and written into folders by goroutines of this process, as many at a time as there are cores. The two take turns;
// of-work is what claims, leases, the queue's transactions, HTTP and waiting leave of the work's rate. The API's latency has an idle service beside it.
func RunService(ctx context.Context, opts ServiceOptions, out io.Writer, say func(text string)) (err error) {
	opts = opts.withDefaults()
	s := newSession(opts.Options, out)
	in, err := openInput(ctx, opts.Options, 5e6, say)
	if err != nil {
		return err
	}
	defer in.Close()
	dir, err := os.MkdirTemp(opts.Dir, "service-*")
	if err != nil {
		return fmt.Errorf("make the folder of the service: %w", err)
	}
	defer os.RemoveAll(dir)
	x := &installation{ServiceOptions: opts, session: s, in: in, dir: dir}
	if err := os.CopyFS(x.data(), os.DirFS(in.dir)); err != nil {
		return fmt.Errorf("copy the data set: %w", err)
	}
	if err := s.header(in.points, len(in.series)); err != nil {
		return err
	}
	for _, name := range opts.Cases {
		measure := map[string]func(context.Context) error{
			CaseTiny:     func(ctx context.Context) error { return x.due(ctx, tiny) },
			CaseMiddling: func(ctx context.Context) error { return x.due(ctx, middling) },
			CaseThrough:  x.through, CaseAPI: x.api,
		}[name]
		if err := measure(ctx); err != nil {
			return fmt.Errorf("case %s: %w", name, err)
		}
	}
	return s.finish(say, "of-work", "exports/s", "p50-ms", "p99-ms", "max-ms", "messages/s")
}

// installation is a store with a service on it, which is started where a case needs it.
type installation struct {
	ServiceOptions
	session *session
	in      *input
	dir     string
	used    int // scratch folders
}

func (x *installation) data() string { return filepath.Join(x.dir, "store") }

// scratch is a folder of which nothing is there yet. What a run leaves is removed when all is measured: ext4 passes over the inodes of files that were removed in the last seconds, and
// searches for others for so long that the next run would be measured with it.
func (x *installation) scratch() string {
	x.used++
	return filepath.Join(x.dir, fmt.Sprintf("scratch-%d", x.used))
}

// cores is how many the service and its yardstick have.
func (x *installation) cores() int { return x.session.opts.Cores[0] }

// work makes an export as the command line does: plan, files, checksums, syncs and manifest, in a folder that is removed afterwards.
func (x *installation) work(ctx context.Context, text []byte, due int64, folder string) error {
	limits := engine.Default().Limits
	_, err := engine.Export(ctx, x.in.snap, text, folder, export.Options{Now: due, Limits: export.Limits{Rows: limits.Rows, PDFRows: limits.PDFRows}})
	return err
}
