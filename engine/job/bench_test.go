package job_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"decant/engine/export/exporttest"
	"decant/engine/job"
	"decant/engine/job/database"
)

// BenchmarkDue makes the jobs of 1,000 recurring exports that are due in one moment, on a disk.
func BenchmarkDue(b *testing.B) {
	const exports = 1000
	for b.Loop() {
		b.StopTimer()
		queue := openQueue(b)
		start := time.Now().UnixNano()
		adding := make([]job.Adding, exports)
		for i := range adding {
			adding[i].Export = recurringExport(i, start)
		}
		if _, _, err := queue.Create(b.Context(), adding, nil, job.Admission{}); err != nil {
			b.Fatal(err)
		}
		var made sync.WaitGroup
		made.Add(exports)
		s := job.NewScheduler(job.SchedulerConfig{
			Queue: queue, Limits: func() job.Limits { return job.Limits{Missed: 100} }, Clock: func() int64 { return start + int64(time.Hour) },
			Log: slog.New(slog.DiscardHandler), Wake: func(int64) { made.Done() },
		})
		ctx, stop := context.WithCancel(b.Context())
		b.StartTimer()
		go s.Run(ctx)
		made.Wait()
		b.StopTimer()
		stop()
		if err := queue.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/exports, "µs/job")
}

// BenchmarkJobs runs 200 small jobs from claim to end, on a disk.
func BenchmarkJobs(b *testing.B) {
	const jobs = 200
	for b.Loop() {
		b.StopTimer()
		queue := openQueue(b)
		source := &source{}
		start := time.Now().Add(-24 * time.Hour).UnixNano()
		for i := range int64(1440) {
			source.memory.Samples = append(source.memory.Samples, exporttest.Number("house", "meter", "power", "W", start+i*int64(time.Minute), float64(i)))
		}
		adding := make([]job.Adding, jobs)
		for i := range adding {
			e := recurringExport(i, start)
			k := int64(1)
			adding[i] = job.Adding{Export: e, Jobs: []job.Job{{
				ID: fmt.Sprintf("job-%d", i), ExportKey: e.Key, ExportID: e.ID, Owner: e.Owner, Request: e.Request, Type: e.Type, Version: 1, Cause: job.Scheduled,
				Due: start + int64(time.Hour), K: &k, Status: job.NotProcessed, NotBefore: start, CreatedAt: start,
			}}}
		}
		if _, _, err := queue.Create(b.Context(), adding, nil, job.Admission{}); err != nil {
			b.Fatal(err)
		}
		var ended sync.WaitGroup
		ended.Add(jobs)
		w := job.NewWorker(job.WorkerConfig{
			Queue: queue, Source: source, Artifacts: b.TempDir(), Name: "w", Limits: func() job.Limits { return job.Limits{Workers: 2} }, Clock: func() int64 { return time.Now().UnixNano() },
			Log: slog.New(slog.DiscardHandler), Finished: ended.Done,
		})
		ctx, stop := context.WithCancel(b.Context())
		b.StartTimer()
		go w.Run(ctx)
		ended.Wait()
		b.StopTimer()
		stop()
		if err := queue.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/jobs, "µs/job")
}

func openQueue(b *testing.B) job.Queue {
	queue, err := database.Open(b.Context(), filepath.Join(b.TempDir(), "decant.db"), database.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return queue
}

// recurringExport is an hourly one of one of ten owners, whose first run is due an hour after its start.
func recurringExport(i int, start int64) job.Export {
	return job.Export{
		Key: fmt.Sprintf("key-%d", i), ID: fmt.Sprintf("hourly-%d", i), Owner: fmt.Sprintf("owner-%d", i%10), Type: job.Recurring, Enabled: true, Version: 1,
		Request: draftOf(every("PT1H", "")).Text, CreatedAt: start, UpdatedAt: start, Next: &job.Instant{K: 1, Due: start + int64(time.Hour)},
	}
}
