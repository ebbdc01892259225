package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// mostDue is how many exports one bulk call takes.
const mostDue = 10_000

// dueSize is what one of many exports is like.
type dueSize struct {
	name, format    string
	series, samples int // the newest so many samples of the first so many series, long
}

// Of tiny exports a service shows what its queue costs, of middling ones what it leaves to the work.
var (
	tiny     = dueSize{"tiny", "csv", 1, 60}
	middling = dueSize{"middling", "xlsx", 10, 900}
)

// due measures how long it takes from the moment at which all exports are due to the end of the last job.
func (x *installation) due(ctx context.Context, size dueSize) error {
	size.series = min(size.series, len(x.in.series))
	return x.session.rounds(ctx, func(int) lineup {
		return lineup{share: "of-work", yardstick: x.dueWork(ctx, size), subjects: []subject{x.dueServed(ctx, size)}}
	})
}

// label is a line's name.
func (z dueSize) label(who string, x *installation) string {
	return fmt.Sprintf("%s/data=%s/case=due/size=%s/exports=%d", who, x.in.data, z.name, x.Exports)
}

// dueRequest is an export that is due every day, at that moment (ns) for the first time.
func (x *installation) dueRequest(z dueSize, due int64) []byte {
	last := x.in.series[0].Last / 1e9
	names := make([]string, z.series)
	for i := range names {
		names[i] = strings.ReplaceAll(x.in.series[i].Name, ",", `\,`)
	}
	text, err := json.Marshal(map[string]any{
		"format": map[string]any{"extension": z.format}, "type": "recurring", "periodicity": "P1D", "periodStart": due/1e9 - 86_400, "grace": "PT0S",
		"items": []any{map[string]any{"params": map[string]any{
			"target": map[string]any{"value": strings.Join(names, ",")}, "channelId": x.in.series[0].Channel, "subtopic": x.in.series[0].Subtopic,
			"period": fmt.Sprintf("PT%dS", due/1e9-last+int64(z.samples)),
		}}},
	})
	if err != nil {
		panic(err) // maps of texts and numbers
	}
	return text
}

// dueAmounts are a run's.
func (x *installation) dueAmounts(z dueSize) []amount {
	return []amount{{"exports/s", float64(x.Exports)}, {"points/s", float64(x.Exports * z.series * z.samples)}}
}

// dueWork makes the exports without a service, as many at a time as there are cores.
func (x *installation) dueWork(ctx context.Context, z dueSize) subject {
	var folder string
	due := time.Now().Truncate(time.Second).UnixNano()
	text := x.dueRequest(z, due)
	return subject{
		cold: true,
		work: work{
			name:    z.label("Work", x),
			prepare: func() error { folder = x.scratch(); return os.Mkdir(folder, 0o700) },
			run: func() error {
				var next atomic.Int64
				var g errgroup.Group
				for range x.cores() {
					g.Go(func() error {
						for n := next.Add(1); n <= int64(x.Exports); n = next.Add(1) {
							if err := x.work(ctx, text, due, filepath.Join(folder, fmt.Sprint(n))); err != nil {
								return err
							}
						}
						return nil
					})
				}
				return g.Wait()
			},
		},
		amounts: func() []amount { return x.dueAmounts(z) },
	}
}

// dueLead is how long before they are due the exports are created, beside the time that it takes to create them.
const dueLead = time.Second

// dueServed has a service make them: recurring exports of it, with no grace.
func (x *installation) dueServed(ctx context.Context, z dueSize) subject {
	var s *served
	var due time.Time
	var took time.Duration
	return subject{
		cold: true,
		work: work{
			name: z.label("Service", x),
			took: &took,
			prepare: func() (err error) {
				if s, err = x.start(ctx); err != nil {
					return err
				}
				if due, err = x.createDue(ctx, s, z); err != nil {
					return errors.Join(err, s.stop())
				}
				return nil
			},
			run: func() error {
				return await(ctx, 300*time.Millisecond, func() (bool, error) { return s.done(ctx, x.Exports) })
			},
			finish: func() error {
				last, err := s.onceEach(ctx, x.Exports)
				took = last.Sub(due)
				return errors.Join(err, s.stop())
			},
		},
		amounts: func() []amount { return x.dueAmounts(z) },
	}
}

// createDue creates the exports and returns at the moment when they are due.
func (x *installation) createDue(ctx context.Context, s *served, z dueSize) (due time.Time, err error) {
	began := time.Now()
	due = began.Truncate(time.Second).Add(time.Second + dueLead + time.Duration(x.Exports)*2*time.Millisecond)
	due = due.Truncate(time.Second)
	body := strings.Repeat(string(x.dueRequest(z, due.UnixNano()))+"\n", x.Exports)
	if err := s.call(ctx, "POST", "/exports/bulk", "application/jsonl", body, nil); err != nil {
		return due, err
	}
	if left := time.Until(due); left < dueLead/4 {
		return due, fmt.Errorf("to create %d exports took %s, so that they were due before that; this machine is too busy", x.Exports, time.Since(began))
	}
	time.Sleep(time.Until(due))
	return due, nil
}

// done says whether so many jobs are done.
func (s *served) done(ctx context.Context, jobs int) (bool, error) {
	var answer struct{ Total int }
	err := s.call(ctx, "GET", "/jobs?status[]=done&pageSize=1&fields=id", "", "", &answer)
	return answer.Total >= jobs, err
}

// onceEach sees that each export was made once, at the first try, and says when the last of them was.
func (s *served) onceEach(ctx context.Context, exports int) (last time.Time, err error) {
	seen := map[string]bool{}
	for page := 1; ; page++ {
		var answer struct {
			Jobs []struct {
				ExportID, Status string
				Tries            int
				FinishedAt       time.Time
			}
			NextPage any
		}
		if err := s.call(ctx, "GET", fmt.Sprintf("/jobs?pageSize=1000&page=%d&fields=exportId,status,tries,finishedAt", page), "", "", &answer); err != nil {
			return last, err
		}
		for _, j := range answer.Jobs {
			if seen[j.ExportID] || j.Status != "done" || j.Tries != 1 {
				return last, fmt.Errorf("export %s: a job is %s after %d tries; every export should have one that is done at the first", j.ExportID, j.Status, j.Tries)
			}
			seen[j.ExportID] = true
			if j.FinishedAt.After(last) {
				last = j.FinishedAt
			}
		}
		if answer.NextPage == nil {
			break
		}
	}
	if len(seen) != exports {
		return last, fmt.Errorf("%d exports have a job, want %d", len(seen), exports)
	}
	return last, nil
}
