package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"decant/engine/job/jobtest"
)

// The export service is killed with kill -9 over and over while it runs jobs. Afterwards each job is done once, its files have the bytes of an
// undisturbed export, and each was told of: a second time only where the process was killed in which the first message went out. DECANT_LONG=1 runs
// 200 jobs under 50 kills instead of 24 under 6, DECANT_SEED repeats the moments.
func TestJobsEndOnceThoughTheServiceIsKilled(t *testing.T) {
	t.Parallel()
	kills, jobs := 6, 24
	if os.Getenv("DECANT_LONG") == "1" {
		kills, jobs = 50, 200
	}
	r := random(t)
	mail := serveMail(t)
	s := newLiveService(t, mail.config())
	s.store(r, 40_000)
	undisturbed := s.undisturbed()

	p := s.start()
	s.submit(r, jobs)
	for range kills {
		time.Sleep(time.Duration(r.Int64N(int64(400 * time.Millisecond))))
		p.kill()
		mail.next()
		p = s.start()
	}
	ended := s.ended(jobs)
	if code := p.stop(); code != exitDone {
		t.Errorf("exit code %d\n%s", code, p.stderr)
	}
	again := s.check(ended, undisturbed)
	mail.check(t, jobs)
	t.Logf("%d of %d jobs were begun more than once, %d messages were sent more than once", again, jobs, mail.repeated())
}

// Workers of their own share a queue in PostgreSQL with the service, and are killed: one comes back under its name, one is gone for good and is missed when its
// lease ends.
func TestWorkersShareAQueueAndAreKilled(t *testing.T) {
	t.Parallel()
	const jobs = 160 // for some seconds, as a worker looks once a second whether there are any
	database := jobtest.Postgres(t)
	r := random(t)
	mail := serveMail(t)
	s := newLiveService(t, fmt.Sprintf("[service]\ndatabase = %q\nlease = \"2s\"\nworkers = 1\n", database)+mail.config())
	s.store(r, 40_000)
	undisturbed := s.undisturbed()

	p := s.start()
	worker := func(name string) *process {
		w := start(t, "decant", "serve", "--role", "worker", "--name", name, "--data", s.data, "--config", s.config)
		w.await("the worker waits for jobs", 1)
		return w
	}
	leaving, staying := worker("leaving"), worker("staying")
	s.submit(r, jobs)
	leaving.await("a job's try ended", 1)
	leaving.kill()
	staying.await("a job's try ended", 2)
	staying.kill()
	mail.next()
	staying = worker("staying")
	ended := s.ended(jobs)
	for _, process := range []*process{staying, p} {
		if code := process.stop(); code != exitDone {
			t.Errorf("exit code %d\n%s", code, process.stderr)
		}
	}
	// What killed workers left goes with the next sweep: once a minute, and at the start.
	p = s.start()
	poll(t, "a sweep removes what killed workers left", func() bool {
		entries, err := os.ReadDir(filepath.Join(s.data, "service", "artifacts"))
		return err == nil && len(entries) == jobs
	})
	p.stop()
	again := s.check(ended, undisturbed)
	mail.check(t, jobs)
	t.Logf("%d of %d jobs were begun more than once", again, jobs)
}

// submit creates exports of every kind of killedRequests, n in all, in one call.
func (s *liveService) submit(r *rand.Rand, n int) {
	s.t.Helper()
	var lines []string
	for extension := range killedRequests {
		lines = append(lines, slices.Repeat([]string{killedRequest(extension) + "\n"}, n/len(killedRequests))...)
	}
	r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	s.call("POST", "/exports/bulk", "application/jsonl", strings.Join(lines, ""), http.StatusCreated, nil)
}

// undisturbed makes each of killedRequests by decant export: the files' SHA-256 by extension.
func (s *liveService) undisturbed() map[string]string {
	s.t.Helper()
	sums := map[string]string{}
	for extension := range killedRequests {
		sums[extension] = s.export(extension, killedRequest(extension))
	}
	return sums
}

// ended gives all jobs, n of them, when they have ended and were told of.
func (s *liveService) ended(n int) []liveJob {
	s.t.Helper()
	var listed struct {
		Jobs []liveJob `json:"jobs"`
	}
	poll(s.t, "all jobs ended and were told of", func() bool {
		listed.Jobs = nil
		s.call("GET", "/jobs?pageSize=1000", "", "", http.StatusOK, &listed)
		return len(listed.Jobs) == n && !slices.ContainsFunc(listed.Jobs, liveJob.pending)
	})
	return listed.Jobs
}

// check holds jobs to be done, with the bytes of an undisturbed export and no folders besides, and says how many were begun more than once.
func (s *liveService) check(jobs []liveJob, undisturbed map[string]string) (again int) {
	s.t.Helper()
	for _, j := range jobs {
		switch {
		case j.Status != "done" || len(j.Artifacts) != 2:
			s.t.Errorf("job %s: %+v; want done, with a file and its manifest", j.ID, j)
		case j.Artifacts[0].SHA256 != undisturbed[strings.TrimPrefix(filepath.Ext(j.Artifacts[0].File), ".")]:
			s.t.Errorf("job %s: %s has other bytes than without a kill", j.ID, j.Artifacts[0].File)
		}
		if j.Tries > 1 {
			again++
		}
	}
	s.onlyFoldersOf(jobs)
	return again
}

// killedRequests are the items of requests, by extension: long enough that a kill hits them.
var killedRequests = map[string]string{
	"csv":     `"items": [{"params": {"target": {"value": "*"}, "channelId": "plant", "subtopic": "s"}}]`,
	"xlsx":    `"items": [{"params": {"target": {"value": "*"}, "channelId": "plant", "subtopic": "s", "decimation": {"ds": "1m", "dsf": "stddev"}}}]`,
	"parquet": `"items": [{"params": {"target": {"value": "a"}, "channelId": "plant", "subtopic": "s"}}]`,
	"pdf":     `"items": [{"params": {"target": {"value": "a"}, "channelId": "plant", "subtopic": "s", "decimation": {"ds": "1h"}}}]`,
}

func killedRequest(extension string) string {
	return fmt.Sprintf(`{"format": {"extension": %q}, "type": "oneTime", %s, %s}`, extension, killedRequests[extension], toldByMail)
}

const toldByMail = `"notification": {"messages": [` +
	`{"target": "plant@example.com", "policy": "onSuccess", "medium": "email", "title": "done", "text": "{{filename}} {{rows}}"}, ` +
	`{"target": "plant@example.com", "policy": "onFailure", "medium": "email", "title": "failed", "text": "{{error}}"}]}`

// liveJob is what the tests read of a job.
type liveJob struct {
	ID        string `json:"id"`
	Status    string `json:"status"`
	Tries     int    `json:"tries"`
	Artifacts []struct {
		File   string `json:"file"`
		Rows   int64  `json:"rows"`
		SHA256 string `json:"sha256"`
	} `json:"artifacts"`
	Notification *struct {
		State string `json:"state"`
	} `json:"notification"`
}

func (j liveJob) pending() bool {
	return j.Status == "notProcessed" || j.Status == "inProgress" || j.Notification == nil || j.Notification.State == "pending"
}

// liveService is a store with an export service on it.
type liveService struct {
	t      *testing.T
	dir    string
	config string
	data   string
	addr   string
	token  string
}

// newLiveService prepares a service with a configuration and an administrator's token; start starts it.
func newLiveService(t *testing.T, config string) *liveService {
	t.Helper()
	dir := t.TempDir()
	s := &liveService{t: t, dir: dir, config: filepath.Join(dir, "decant.toml"), data: filepath.Join(dir, "store"), addr: freeAddr(t)}
	if err := os.WriteFile(s.config, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errs, code := decantOutput(t, "token", "create", "--data", s.data, "--config", s.config, "--owner", "ops", "--scopes", "admin")
	if code != exitDone {
		t.Fatal(errs)
	}
	s.token = strings.TrimSpace(out)
	return s
}

// store fills the store with two series of n samples each, a second apart.
func (s *liveService) store(r *rand.Rand, n int) {
	s.t.Helper()
	var csv bytes.Buffer
	csv.WriteString("time,a,b\n")
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		fmt.Fprintf(&csv, "%s,%.2f,%.3f\n", at.Add(time.Duration(i)*time.Second).Format(time.RFC3339), 20+r.NormFloat64(), 1e3*r.Float64())
	}
	file := filepath.Join(s.dir, "plant.csv")
	if err := os.WriteFile(file, csv.Bytes(), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if _, errs, code := decantOutput(s.t, "import", file, "--data", s.data, "--channel", "plant", "--subtopic", "s", "--time-column", "time"); code != exitDone {
		s.t.Fatal(errs)
	}
}

// export makes a request's file by decant export and returns its SHA-256.
func (s *liveService) export(name, request string) string {
	s.t.Helper()
	file := filepath.Join(s.dir, name+".json")
	if err := os.WriteFile(file, []byte(request), 0o600); err != nil {
		s.t.Fatal(err)
	}
	out, errs, code := decantOutput(s.t, "export", "--data", s.data, "-f", file, "-o", filepath.Join(s.dir, name), "--json")
	if code != exitDone {
		s.t.Fatal(errs)
	}
	var files []struct {
		SHA256 string `json:"sha256"`
	}
	if err := json.Unmarshal([]byte(out), &files); err != nil || len(files) != 1 {
		s.t.Fatalf("the files of %s: %v\n%s", name, err, out)
	}
	return files[0].SHA256
}

// start starts the service, and returns when it listens.
func (s *liveService) start(args ...string) *process {
	s.t.Helper()
	p := start(s.t, "decant", append([]string{"serve", "--data", s.data, "--config", s.config, "--listen", s.addr}, args...)...)
	p.await("the export service listens", 1)
	return p
}

// call calls the API, checks the status, and reads the answer into answer, where one is given.
func (s *liveService) call(method, path, contentType, body string, status int, answer any) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.addr+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status {
		s.t.Fatalf("%s %s: %s, %v\n%s", method, path, res.Status, err, text)
	}
	if answer != nil {
		if err := json.Unmarshal(text, answer); err != nil {
			s.t.Fatalf("%s %s: %v\n%s", method, path, err, text)
		}
	}
}

// onlyFoldersOf checks that no folder of artifacts is left but one of each job.
func (s *liveService) onlyFoldersOf(jobs []liveJob) {
	s.t.Helper()
	entries, err := os.ReadDir(filepath.Join(s.data, "service", "artifacts"))
	if err != nil {
		s.t.Fatal(err)
	}
	of := map[string]int{}
	for _, e := range entries {
		i := strings.LastIndexByte(e.Name(), '-')
		of[e.Name()[:max(i, 0)]]++
	}
	for _, j := range jobs {
		if of[j.ID] != 1 {
			s.t.Errorf("job %s has %d folders", j.ID, of[j.ID])
		}
	}
	if len(of) != len(jobs) {
		s.t.Errorf("there are folders of %d jobs, want %d: %v", len(of), len(jobs), entries)
	}
}

// freeAddr is a loopback address that nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
