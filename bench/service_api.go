package bench

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// apiRequests is how many calls are made a second.
const apiRequests = 100

// apiLoad is what a service does while it is called.
type apiLoad struct {
	name            string
	ingest, exports bool
}

var apiLoads = []apiLoad{{name: "none"}, {"ingest", true, false}, {"exports", false, true}, {"exports+ingest", true, true}}

// api measures how long GET /exports/{id} takes: by an idle service, while messages come at a fixed rate, while two exports run, and under both.
//
// The calls are made at fixed moments over kept connections, and each counts from the moment at which it was to be sent, not from when it was: whoever waits for an answer
// before the next call measures the fast ones only (coordinated omission). The client and the publishers are in this process and share the machine's cores with the service, so
// what they wait for a core is in the figures. late-p99-ms is how late the calls were sent.
func (x *installation) api(ctx context.Context) error {
	for range x.Count {
		s, err := x.start(ctx)
		if err != nil {
			return err
		}
		for _, load := range apiLoads {
			var m measurement
			if m, err = x.apiUnder(ctx, s, load); err != nil {
				break
			}
			if err = x.session.print(m); err != nil {
				break
			}
		}
		if ending := s.stop(); err == nil {
			err = ending
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// apiUnder measures one load.
func (x *installation) apiUnder(ctx context.Context, s *served, load apiLoad) (m measurement, err error) {
	watched, err := s.create(ctx, string(x.throughRequest(throughCase{"tiny", "csv", 60})))
	if err != nil {
		return m, err
	}
	if err := watched.end(ctx); err != nil {
		return m, err
	}
	loading, stop := context.WithCancel(ctx)
	g, loading := errgroup.WithContext(loading)
	var published *devices
	if load.ingest {
		if published, err = x.dialDevices(ctx, s.broker); err != nil {
			stop()
			return m, err
		}
		g.Go(func() error { return published.send(loading, x.Rate) })
	}
	if load.exports {
		for _, text := range x.apiExports() {
			g.Go(func() error { return x.keepRunning(loading, s, text) })
		}
	}
	calls := &calls{s: s, path: "/exports/" + watched.export, every: time.Second / apiRequests}
	_, err = calls.make(loading, x.Load/10) // until all run and connections are there
	before, began := published.acknowledged(), time.Now()
	var took latencies
	if err == nil {
		took, err = calls.make(loading, x.Load)
	}
	messages, elapsed := published.acknowledged()-before, time.Since(began)
	stop()
	if ending := g.Wait(); ending != nil && ctx.Err() == nil {
		err = ending // what broke the calls off
	}
	if err == nil {
		err = watched.forget(ctx, x)
	}
	if err != nil {
		return m, fmt.Errorf("under load %s: %w", load.name, err)
	}
	m = measurement{name: fmt.Sprintf("API/data=%s/load=%s", x.in.data, load.name), cores: x.cores(), runs: len(took.answered), metrics: took.metrics()}
	m.metrics = append(m.metrics, metric{"requests/s", float64(len(took.answered)) / elapsed.Seconds()})
	if load.ingest {
		m.metrics = append(m.metrics, metric{"messages/s", float64(messages) / elapsed.Seconds()})
	}
	return m, nil
}

// apiExports are the two that run meanwhile: all samples as they are, and deviations of two seconds each.
func (x *installation) apiExports() []string {
	first := x.in.series[0]
	var list []string
	for _, decimation := range []map[string]any{nil, {"ds": "2s", "dsf": "stddev"}} {
		params := map[string]any{"target": map[string]any{"value": "*"}, "channelId": first.Channel, "subtopic": first.Subtopic}
		if decimation != nil {
			params["decimation"] = decimation
		}
		list = append(list, string(oneTime("csv", params)))
	}
	return list
}

// keepRunning has the service make an export again and again until ctx ends.
func (x *installation) keepRunning(ctx context.Context, s *served, request string) error {
	for ctx.Err() == nil {
		r, err := s.create(ctx, request)
		if err == nil {
			err = r.end(ctx)
		}
		if ctx.Err() != nil {
			if r == nil || r.export == "" {
				return nil
			}
			return r.forget(context.WithoutCancel(ctx), x)
		}
		if err == nil {
			err = r.forget(ctx, x)
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// calls are one GET at fixed moments.
type calls struct {
	s     *served
	path  string
	every time.Duration
}

// latencies are those of calls that were answered, and how late these were sent.
type latencies struct{ answered, late []time.Duration }

// make calls for so long, and returns when all calls are answered.
func (c *calls) make(ctx context.Context, span time.Duration) (latencies, error) {
	n := max(1, int(span/c.every))
	took := latencies{make([]time.Duration, n), make([]time.Duration, n)}
	faults := make([]error, n)
	var open sync.WaitGroup
	defer open.Wait()
	began := time.Now()
	for i := range n {
		at := began.Add(time.Duration(i) * c.every)
		time.Sleep(time.Until(at))
		if ctx.Err() != nil {
			return took, ctx.Err()
		}
		open.Go(func() {
			took.late[i] = time.Since(at)
			_, faults[i] = c.s.get(ctx, "GET", c.path, "", "")
			took.answered[i] = time.Since(at)
		})
	}
	open.Wait()
	for _, err := range faults {
		if err != nil {
			return took, err
		}
	}
	return took, nil
}

// metrics are the mean, and what so many of a hundred calls took at most.
func (l latencies) metrics() []metric {
	slices.Sort(l.answered)
	slices.Sort(l.late)
	var sum time.Duration
	for _, t := range l.answered {
		sum += t
	}
	ms := func(sorted []time.Duration, share float64) float64 {
		return float64(sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]) / 1e6
	}
	return []metric{
		{"ns/op", float64(sum) / float64(len(l.answered))},
		{"p50-ms", ms(l.answered, 0.5)}, {"p99-ms", ms(l.answered, 0.99)}, {"max-ms", ms(l.answered, 1)}, {"late-p99-ms", ms(l.late, 0.99)},
	}
}
