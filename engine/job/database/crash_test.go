package database

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"decant/engine/job"
)

// crashing is the variable that makes this test's program a writer of the database that it names.
const crashing = "DECANT_TEST_CRASHING_WRITER"

func TestMain(m *testing.M) {
	if file := os.Getenv(crashing); file != "" {
		fmt.Fprintln(os.Stderr, writeForEver(file))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeForEver makes exports, claims their jobs and finishes them, and says on stdout what has been committed: a line each, "created 7".
func writeForEver(file string) error {
	ctx := context.Background()
	db, err := Open(ctx, file, Options{})
	if err != nil {
		return err
	}
	counts, err := db.Counts(ctx)
	if err != nil {
		return err
	}
	if _, err := db.Reclaim(ctx, "w", 1); err != nil {
		return err
	}
	var first int64
	for _, n := range counts {
		first += n
	}
	for i := first; ; i++ {
		id := fmt.Sprint(i)
		e := job.Export{Key: id, ID: id, Owner: "ada", Request: []byte(`{"of":"` + strings.Repeat("x", rand.IntN(9000)) + `"}`)}
		if _, _, err := db.Create(ctx, []job.Adding{{Export: e, Jobs: []job.Job{{ID: id, Due: i}}}}, nil, job.Admission{}); err != nil {
			return err
		}
		fmt.Println("created", id)
		c, err := db.Claim(ctx, "w", 1, 1<<60)
		if err != nil {
			return err
		}
		fmt.Println("claimed", c.ID)
		done := job.Outcome{Status: job.Done, At: 2, Folder: c.Lease.Folder(), Bytes: 1, Artifacts: []job.Artifact{{File: "a"}}, Message: &job.Message{Policy: "onSuccess"}}
		if err := db.Finish(ctx, c.Lease, done); err != nil {
			return err
		}
		fmt.Println("finished", c.ID)
	}
}

// TestKilled kills a process in the middle of its commits, again and again on one database: what it said to be committed is there, and no half of
// anything. DECANT_LONG=1 kills 100 times instead of 5.
func TestKilled(t *testing.T) {
	kills := 5
	if os.Getenv("DECANT_LONG") != "" {
		kills = 100
	}
	file := filepath.Join(t.TempDir(), "decant.db")
	said := map[string]string{} // by job: the last that was said of it
	for range kills {
		killWriter(t, file, said)
		db := openTest(t, file)
		var state string
		if err := db.writer.QueryRow(`PRAGMA integrity_check`).Scan(&state); err != nil || state != "ok" {
			t.Fatalf("integrity: %s, %v", state, err)
		}
		jobs, total, err := db.Jobs(t.Context(), job.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		if exports, _, err := db.List(t.Context(), job.Filter{}); err != nil || int64(len(exports)) != total {
			t.Errorf("%d exports and %d jobs, %v", len(exports), total, err)
		}
		stored := map[string]bool{}
		for _, j := range jobs {
			stored[j.ID] = true
			whole := j.Folder != "" && j.Bytes == 1 && len(j.Artifacts) == 1 && j.Message != nil && j.EndedAt != nil
			none := j.Folder == "" && j.Bytes == 0 && j.Artifacts == nil && j.Message == nil && j.EndedAt == nil
			if (j.Status == job.Done) != whole || (j.Status == job.Done) == none {
				t.Errorf("job %s is half finished: %+v", j.ID, j)
			}
			if said[j.ID] == "finished" && j.Status != job.Done || said[j.ID] == "claimed" && j.Status == job.NotProcessed {
				t.Errorf("job %s was %s, and is %s", j.ID, said[j.ID], j.Status)
			}
		}
		for id, what := range said {
			if !stored[id] {
				t.Errorf("job %s was %s, and is not there", id, what)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(said) < kills {
		t.Errorf("only %d jobs were made before %d kills", len(said), kills)
	}
}

// killWriter starts a writer, kills it after some of its lines, and notes what it said.
func killWriter(t *testing.T, file string, said map[string]string) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), crashing+"="+file)
	c.Stderr = os.Stderr
	output, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	last := 10 + rand.IntN(60)
	killed := false
	lines := bufio.NewScanner(output)
	for n := 0; lines.Scan(); n++ {
		what, id, ok := strings.Cut(lines.Text(), " ")
		if !ok {
			t.Fatalf("the writer said %q", lines.Text())
		}
		said[id] = what
		if n == last {
			// It goes on writing until the signal is there; what it says until then counts.
			if err := c.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			killed = true
		}
	}
	if err := c.Wait(); err == nil || !killed {
		t.Fatalf("the writer ended by itself: %v", err)
	}
}
