package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// throughCase is an export that goes through the service by itself.
type throughCase struct {
	name, format string
	samples      int // of one series; 0 is everything of all
}

var throughCases = []throughCase{{"all", "csv", 0}, {"all", "parquet", 0}, {"tiny", "csv", 60}}

// through measures one export from the call that creates it until the API says that its job is done.
func (x *installation) through(ctx context.Context) error {
	s, err := x.start(ctx)
	if err != nil {
		return err
	}
	for _, c := range throughCases {
		err = x.session.rounds(ctx, func(int) lineup {
			return lineup{share: "of-work", yardstick: x.throughWork(ctx, c), subjects: []subject{x.throughServed(ctx, s, c)}}
		})
		if err != nil {
			break
		}
	}
	return errors.Join(err, s.stop())
}

// label is a line's name.
func (x *installation) label(who string, c throughCase) string {
	return fmt.Sprintf("%s/data=%s/case=%s/size=%s/format=%s", who, x.in.data, CaseThrough, c.name, c.format)
}

// throughRequest asks for all samples of the first channel and subtopic, or the newest of one series.
func (x *installation) throughRequest(c throughCase) []byte {
	first := x.in.series[0]
	params := map[string]any{"target": map[string]any{"value": "*"}, "channelId": first.Channel, "subtopic": first.Subtopic}
	if c.samples > 0 {
		params["target"] = map[string]any{"value": strings.ReplaceAll(first.Name, ",", `\,`)}
		params["from"] = first.Last/1e9 - int64(c.samples) + 1
	}
	return oneTime(c.format, params)
}

// oneTime is a request of one item.
func oneTime(format string, params map[string]any) []byte {
	text, err := json.Marshal(map[string]any{"format": map[string]any{"extension": format}, "type": "oneTime", "items": []any{map[string]any{"params": params}}})
	if err != nil {
		panic(err) // maps of texts and numbers
	}
	return text
}

func (x *installation) throughAmounts(c throughCase) []amount {
	points := float64(x.in.points)
	if c.samples > 0 {
		points = float64(c.samples)
	}
	return []amount{{"exports/s", 1}, {"points/s", points}}
}

// throughWork is the same by decant export: a process of its own, too, which opens the store beside the service.
func (x *installation) throughWork(ctx context.Context, c throughCase) subject {
	folder := filepath.Join(x.dir, "work")
	request := filepath.Join(x.dir, "request.json")
	return subject{
		work: work{
			name:    x.label("Work", c),
			prepare: func() error { return os.WriteFile(request, x.throughRequest(c), 0o600) },
			run: func() error {
				return runSelf(ctx, x.cores(), "export", "--quiet", "--data", x.data(), "-f", request, "-o", folder)
			},
			finish: func() error { return os.RemoveAll(folder) },
		},
		amounts: func() []amount { return x.throughAmounts(c) },
	}
}

// runSelf runs this program as a user does, on so many cores.
func runSelf(ctx context.Context, cores int, args ...string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", cores))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("decant %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

func (x *installation) throughServed(ctx context.Context, s *served, c throughCase) subject {
	text := string(x.throughRequest(c))
	var made *running
	var shortest time.Duration // of the runs so far
	return subject{
		work: work{
			name: x.label("Service", c),
			run: func() (err error) {
				began := time.Now()
				if made, err = s.create(ctx, text); err == nil {
					time.Sleep(shortest * 9 / 10) // a client that asks all the time takes a good part of a core from what it asks about
					err = made.end(ctx)
				}
				if took := time.Since(began); shortest == 0 || took < shortest {
					shortest = took
				}
				return err
			},
			finish: func() error { return made.forget(ctx, x) },
		},
		amounts: func() []amount { return x.throughAmounts(c) },
	}
}

// running is a oneTime export of the service, and its job.
type running struct {
	s           *served
	export, job string
}

// create creates a oneTime export, which runs at once.
func (s *served) create(ctx context.Context, request string) (*running, error) {
	var answer struct {
		ID      string
		LastJob struct{ ID string }
	}
	err := s.call(ctx, "POST", "/exports", "application/json", request, &answer)
	return &running{s, answer.ID, answer.LastJob.ID}, err
}

// end returns when the job is done.
func (r *running) end(ctx context.Context) error {
	return await(ctx, time.Millisecond, func() (bool, error) {
		var answer struct {
			Status string
			Error  json.RawMessage
		}
		err := r.s.call(ctx, "GET", "/jobs/"+r.job+"?fields=status,error", "", "", &answer)
		if err == nil && answer.Status != "notProcessed" && answer.Status != "inProgress" && answer.Status != "done" {
			err = fmt.Errorf("the job is %s: %s", answer.Status, answer.Error)
		}
		return answer.Status == "done", err
	})
}

// forget deletes the export, and its files before the service gets round to it, so that they don't fill the disk.
func (r *running) forget(ctx context.Context, x *installation) error {
	if r == nil {
		return nil
	}
	if err := r.s.call(ctx, "DELETE", "/exports/"+r.export, "", "", nil); err != nil {
		return err
	}
	folders, err := filepath.Glob(filepath.Join(x.data(), "service", "artifacts", r.job+"-*"))
	if err != nil {
		return err
	}
	for _, f := range folders {
		if err := os.RemoveAll(f); err != nil {
			return err
		}
	}
	return nil
}
