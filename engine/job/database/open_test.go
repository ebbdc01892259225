package database

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"decant/engine/access"
	"decant/engine/job"
)

func TestOpenMakesFolderAndFile(t *testing.T) {
	for _, name := range []string{"decant.db", "a b", "50% off?#1&x=y.db", "é;'\"+"} {
		if runtime.GOOS == "windows" && strings.ContainsAny(name, `?"`) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			file := filepath.Join(root, "data", "service", name)
			db := openTest(t, file)
			for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"} {
				var got string
				if err := db.writer.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
					t.Errorf("%s is %s, %v; want %s", pragma, got, err, want)
				}
			}
			if _, err := db.reader.Exec(`DELETE FROM exports`); err == nil {
				t.Error("a reader can write")
			}
			entries, err := os.ReadDir(filepath.Dir(file))
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, e := range entries {
				names = append(names, e.Name())
				if info, err := e.Info(); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
					t.Errorf("%s: %v, %v", e.Name(), info.Mode(), err)
				}
			}
			if want := []string{name, name + "-shm", name + "-wal"}; !slices.Equal(names, want) {
				t.Errorf("the folder has %q, want %q", names, want)
			}
			if folder, err := os.Stat(filepath.Dir(file)); err != nil || runtime.GOOS != "windows" && folder.Mode().Perm() != 0o700 {
				t.Errorf("the folder: %v, %v", folder.Mode(), err)
			}
		})
	}
}

// opening: how a database starts. fresh gives the URL of one that holds nothing yet.
func opening(t *testing.T, fresh func(t *testing.T) string) {
	url := fresh(t)
	manyStart(t, url)
	db := openTest(t, url)
	upgrade(t, db)
	refuseNewer(t, db, url)
}

// manyStart: of several processes that start at once one makes the tables, and all have one secret.
func manyStart(t *testing.T, url string) {
	const many = 6
	type started struct {
		secret string
		err    error
	}
	answers := make(chan started)
	for i := range many {
		go func() {
			db, err := Open(context.Background(), url, Options{})
			if err != nil {
				answers <- started{err: err}
				return
			}
			secret, err := db.Secret(context.Background(), "links")
			token := access.Token{ID: fmt.Sprint(i), Hash: fmt.Sprint("hash", i), CreatedAt: 1}
			answers <- started{string(secret), errors.Join(err, db.AddToken(context.Background(), token), db.Close())}
		}()
	}
	secrets := map[string]bool{}
	for range many {
		a := <-answers
		if a.err != nil {
			t.Error(a.err)
		}
		secrets[a.secret] = true
	}
	if len(secrets) != 1 {
		t.Errorf("there are %d secrets", len(secrets))
	}
	db := openTest(t, url)
	if tokens, err := db.Tokens(t.Context()); len(tokens) != many || err != nil {
		t.Errorf("%d tokens, %v", len(tokens), err)
	}
	var rows, version int
	if err := db.reader.QueryRow(`SELECT count(*), max(version) FROM decant_schema`).Scan(&rows, &version); rows != 1 || version != len(migrations) || err != nil {
		t.Errorf("%d versions, the last %d, %v", rows, version, err)
	}
}

// upgrade: a step that fails leaves the version before, and nothing of the steps; those that succeed are taken once.
func upgrade(t *testing.T, db *DB) {
	good := append(slices.Clone(migrations), "CREATE TABLE two (a TEXT);\nINSERT INTO two VALUES ('x')")
	bad := append(slices.Clone(good), "CREATE TABLE three (a TEXT);\nno sql")
	if err := db.migrate(t.Context(), bad); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("version %d", len(bad))) {
		t.Errorf("a bad step: %v", err)
	}
	for range 2 {
		if err := db.migrate(t.Context(), good); err != nil {
			t.Fatal(err)
		}
	}
	var rows int
	if err := db.reader.QueryRow(`SELECT count(*) FROM two`).Scan(&rows); rows != 1 || err != nil {
		t.Errorf("the step was taken %d times, %v", rows, err)
	}
	if _, err := db.reader.Exec(`SELECT * FROM three`); err == nil {
		t.Error("something of the bad step is there")
	}
}

// refuseNewer: the database has one version more than this program knows.
func refuseNewer(t *testing.T, db *DB, url string) {
	other, err := Open(t.Context(), url, Options{})
	want := fmt.Sprintf("version %d, and this decant knows up to %d", len(migrations)+1, len(migrations))
	if err == nil {
		other.Close()
	}
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "newer decant") {
		t.Errorf("%v; it should say %q", err, want)
	}
}

func TestOpenRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(file, []byte(strings.Repeat("this is no database. ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for url, says := range map[string]string{
		file:                     "not a database",
		filepath.Join(file, "x"): file,
		t.TempDir():              "directory",
		"postgres://ada:secret@127.0.0.1:1/decant?sslmode=disable&connect_timeout=5": "127.0.0.1",
		"postgres://ada:secret@127.0.0.1:port/decant":                                "url",
	} {
		db, err := Open(t.Context(), url, Options{})
		if err == nil {
			db.Close()
		}
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v; it should say %q", url, err, says)
		}
	}
}

// readsDoNotWait: while a transaction writes, everything can be read as it was before.
func readsDoNotWait(t *testing.T, db *DB) {
	e := job.Export{Key: "k", ID: "e", Owner: "ada", Request: []byte(`{}`)}
	if _, _, err := db.Create(t.Context(), []job.Adding{{Export: e, Jobs: []job.Job{{ID: "j", NotBefore: 100}}}}, nil, job.Admission{}); err != nil {
		t.Fatal(err)
	}
	writing, err := db.writer.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer writing.Rollback()
	for _, statement := range []string{`UPDATE jobs SET status = 'failed'`, `UPDATE exports SET title = 'new'`} {
		if _, err := writing.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if j, err := db.Job(t.Context(), "ada", "j"); err != nil || j.Status != job.NotProcessed {
		t.Errorf("the job is %s, %v", j.Status, err)
	}
	if exports, _, err := db.List(t.Context(), job.Filter{}); err != nil || len(exports) != 1 || exports[0].Title != "" {
		t.Errorf("listed %+v, %v", exports, err)
	}
	if c, err := db.Claim(t.Context(), "w", 10, 20); c != nil || err != nil {
		t.Errorf("claimed %v, %v", c, err)
	}
	if _, err := db.TokenByHash(t.Context(), "h"); !errors.Is(err, access.ErrNoToken) {
		t.Error(err)
	}
}
