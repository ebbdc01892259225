package database

import (
	"fmt"
	"path/filepath"
	"testing"

	"decant/engine/job"
	"decant/engine/job/jobtest"
)

// BenchmarkClaim is what a worker waits for: a claim of one of many waiting jobs of up to 20 owners, on disk. The job is put back in line, so
// that as many wait at each turn; that isn't measured.
func BenchmarkClaim(b *testing.B) {
	eachQueue(b, func(b *testing.B, db *DB) {
		for b.Loop() {
			c, err := db.Claim(b.Context(), "w", 1<<40, 1<<41)
			if err != nil || c == nil {
				b.Fatal(c, err)
			}
			b.StopTimer()
			if err := db.Finish(b.Context(), c.Lease, job.Outcome{Status: job.NotProcessed, NotBefore: c.NotBefore}); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
}

// BenchmarkClaimNothing is what an idle worker does: nobody's job may begin yet.
func BenchmarkClaimNothing(b *testing.B) {
	eachQueue(b, func(b *testing.B, db *DB) {
		for b.Loop() {
			if c, err := db.Claim(b.Context(), "w", 0, 1); err != nil || c != nil {
				b.Fatal(c, err)
			}
		}
	})
}

// BenchmarkFind is GET /exports/{id}.
func BenchmarkFind(b *testing.B) {
	eachQueue(b, func(b *testing.B, db *DB) {
		for b.Loop() {
			if found, err := db.Find(b.Context(), "owner1", "export1"); err != nil || len(found) != 1 {
				b.Fatal(found, err)
			}
		}
	})
}

// eachQueue runs a benchmark on databases with waiting jobs.
func eachQueue(b *testing.B, bench func(b *testing.B, db *DB)) {
	for name, url := range map[string]func(b *testing.B) string{
		"sqlite":   func(b *testing.B) string { return filepath.Join(b.TempDir(), "decant.db") },
		"postgres": func(b *testing.B) string { return jobtest.Postgres(b) },
	} {
		b.Run("queue="+name, func(b *testing.B) {
			at := url(b)
			db := openTest(b, at)
			made := 0
			for _, waiting := range []int{100, 10_000} {
				fill(b, db, at, made, waiting)
				made = waiting
				b.Run(fmt.Sprintf("waiting=%d", waiting), func(b *testing.B) { bench(b, db) })
			}
		})
	}
}

// fill adds waiting jobs until there are as many: 50 an export, the first of them of a schedule.
func fill(b *testing.B, db *DB, url string, from, to int) {
	const each = 50
	var adding []job.Adding
	for i := from / each; i < to/each; i++ {
		a := job.Adding{Export: job.Export{Key: fmt.Sprint("key", i), ID: fmt.Sprint("export", i), Owner: fmt.Sprint("owner", i%20), Request: []byte(`{}`)}}
		for n := range each {
			due := int64(i + n)
			j := job.Job{ID: fmt.Sprintf("job %d %d", i, n), Cause: job.Manual, Due: due, NotBefore: due + 1}
			if n == 0 {
				j.Cause, j.K = job.Scheduled, &due
			}
			a.Jobs = append(a.Jobs, j)
		}
		adding = append(adding, a)
	}
	if _, _, err := db.Create(b.Context(), adding, nil, job.Admission{}); err != nil {
		b.Fatal(err)
	}
	if !IsPostgres(url) {
		return
	}
	if _, err := db.writer.Exec(`ANALYZE`); err != nil { // as its autovacuum would within a minute
		b.Fatal(err)
	}
}
