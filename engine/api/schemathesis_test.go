package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"decant/engine/export/exporttest"
	"decant/engine/job"
)

// schemathesisTime is how long schemathesis may go on making calls, in seconds.
const schemathesisTime = 75

// TestSchemathesis has schemathesis (docs: schemathesis.readthedocs.io) make calls of all kinds from the description, right and wrong ones, to an API with a worker
// behind it. None may be the service's fault, and every answer must be as described. It needs DECANT_LONG=1 and the program, of which .ci/run says the version.
func TestSchemathesis(t *testing.T) {
	if os.Getenv("DECANT_LONG") != "1" {
		t.Skip("takes a minute or two; DECANT_LONG=1 runs it")
	}
	program, err := findSchemathesis()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	s := newService(t)
	s.metered()
	s.fillForExamples()
	server := httptest.NewServer(s.api.Handler())
	defer server.Close()
	defer s.work()()

	config, err := filepath.Abs(filepath.Join("testdata", "schemathesis.toml"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, program, "--config-file", config, "run", server.URL+"/openapi.json",
		"--header", "Authorization: Bearer "+s.tokens["root"],
		"--phases", "examples,coverage,fuzzing,stateful",
		"--checks", "all",
		// What a schema allows may still name a series that isn't there, or two messages for one policy: 422 is right then.
		"--exclude-checks", "positive_data_acceptance",
		"--max-examples", "30", "--seed", "1", "--max-time", fmt.Sprint(schemathesisTime), "--request-timeout", "20",
		"--suppress-health-check", "all", "--generation-database", "none", "--continue-on-failure", "--no-color",
	)
	run.Dir = t.TempDir()
	out, err := run.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("schemathesis: %v", err)
	}
	if w := s.call("", http.MethodGet, "/livez", ""); w.Code != http.StatusOK {
		t.Errorf("the API is dead: %d", w.Code)
	}
}

// findSchemathesis looks for the program on the path and where .ci/run installs it.
func findSchemathesis() (string, error) {
	if program, err := exec.LookPath("schemathesis"); err == nil {
		return program, nil
	}
	program, err := filepath.Abs(filepath.Join("..", "..", ".ci", "venv", "bin", "schemathesis"))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(program); err != nil {
		return "", fmt.Errorf("there is no schemathesis on the path or in .ci/venv: pip install schemathesis (Python) gives it")
	}
	return program, nil
}

// fillForExamples stores what the description's examples ask for.
func (s *service) fillForExamples() {
	for i := range int64(200) {
		at := 1483228800*int64(time.Second) + i*int64(10*time.Minute)
		for meter := range 2 {
			name := fmt.Sprintf("urn:dev:meter:%d:energy", meter+1)
			if err := s.store.Append(exporttest.Number("0115c85d-ef3e-4de9-9732-d0c5c4f2c482", "events.data", name, "kWh", at, float64(i))); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

// work runs the jobs until the function is called that it returns.
func (s *service) work() (stop func()) {
	limits := func() job.Limits { return job.Limits{Workers: 1, Tries: 5, ArtifactLife: 24 * time.Hour} }
	w := job.NewWorker(job.WorkerConfig{
		Queue: s.queue, Source: s.store, Artifacts: s.files, Name: "worker", Limits: limits, Cores: 1, Clock: s.clock.Load, Version: "test",
		Permanent: func(error) bool { return false }, Log: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(context.Background())
	var g errgroup.Group
	g.Go(func() error { return w.Run(ctx) })
	return func() {
		cancel()
		if err := g.Wait(); err != nil {
			s.t.Error(err)
		}
	}
}
