package database

import (
	"path/filepath"
	"testing"

	"decant/engine/job"
)

func openTest(t testing.TB) *DB {
	t.Helper()
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "service", "decant.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestSmoke(t *testing.T) {
	db := openTest(t)
	ctx := t.Context()
	made, again, err := db.Create(ctx, []job.Adding{{Export: job.Export{Key: "k", ID: "e", Owner: "o", Type: job.OneTime, Request: []byte(`{}`), Enabled: true, CreatedAt: 5, UpdatedAt: 5}, Jobs: []job.Job{{ID: "j", CreatedAt: 5, Due: 5}}}}, nil, job.Admission{Queued: 1})
	t.Logf("%+v %v %v", made, again, err)
	c, err := db.Claim(ctx, "w", 10, 20)
	t.Logf("%+v %v", c, err)
	if err := db.Finish(ctx, c.Lease, job.Outcome{Status: job.Done, Folder: "x", Bytes: 7, Message: &job.Message{Policy: "onSuccess"}}); err != nil {
		t.Fatal(err)
	}
	l, n, err := db.List(ctx, job.Filter{Status: []job.Status{job.Done}})
	t.Logf("%+v %v %v", l, n, err)
	m, err := db.Collect(ctx, 10, 20, 5)
	t.Logf("%+v %v", m, err)
	if u, err := db.Usage(ctx, ""); u != 7 || err != nil {
		t.Fatal(u, err)
	}
}
