package engine

import (
	"context"
	"errors"
	"fmt"
	"os"

	"decant/engine/access"
	"decant/engine/api"
	"decant/engine/export"
	"decant/engine/export/request"
	"decant/engine/job"
	"decant/engine/notify"
	"decant/engine/store"
	"decant/ingest"
)

// assemble puts the service's parts together. Who tells whom: what the API takes wakes scheduler and worker, jobs that the scheduler made
// wake the worker when they may begin, and a job that ended wakes the notifier.
func (s *Service) assemble(ctx context.Context, cfg Config, source export.Source, name string) error {
	secret, err := s.db.Secret(ctx, "links")
	if err != nil {
		return fmt.Errorf("read the secret that signs links: %w", err)
	}
	signer := access.NewSigner(secret)
	base := s.publicURL(cfg)
	limits := func() job.Limits { return s.config.Load().jobs(s.cores) }

	service := job.New(job.Config{
		Queue:        s.db,
		Source:       source,
		Artifacts:    cfg.artifacts(),
		Limits:       limits,
		Clock:        clock,
		Version:      Version(),
		CheckMessage: func(m request.Message) (field, problem string) { return s.notifier.Check(m) },
		Wake:         s.wake,
	})
	metrics := api.NewMetrics(api.Figures{Version: Version(), Queue: s.db, Ingest: s.figures, Clock: clock, Log: s.log})
	s.notifier = notify.New(cfg.Notify, notify.Deps{
		Outbox: metrics.Outbox(s.db),
		Job:    service.Linked,
		Link:   func(j job.Job, file string, expires int64) string { return api.Link(signer, base, &j, file, expires) },
		Open: func(j job.Job, file string) (*os.File, error) {
			if file == "" {
				return service.Zip(ctx, j)
			}
			return service.Open(j, file)
		},
		Clock: clock,
		Log:   s.log,
	})
	s.worker = job.NewWorker(job.WorkerConfig{
		Queue:     s.db,
		Source:    source,
		Artifacts: cfg.artifacts(),
		Name:      s.workerName(name),
		Limits:    limits,
		Cores:     s.cores,
		Clock:     clock,
		Version:   Version(),
		Log:       s.log,
		Permanent: damaged,
		FreeDisk:  FreeDisk,
		Lease:     cfg.Service.Lease,
		Finished:  s.notifier.Wake,
	})
	if s.role == RoleWorker {
		return nil
	}
	s.scheduler = job.NewScheduler(job.SchedulerConfig{Queue: s.db, Limits: limits, Clock: clock, Log: s.log, Wake: s.worker.WakeAt})
	s.janitor = job.NewJanitor(job.JanitorConfig{Queue: s.db, Artifacts: cfg.artifacts(), Clock: clock, Log: s.log})
	s.web.server.Handler = api.New(api.Config{
		Service: service,
		Tokens:  s.db,
		Signer:  signer,
		Clock:   clock,
		Limits:  func() api.Limits { return api.Limits{Body: s.config.Load().Limits.Body} },
		URL:     base,
		Ready:   s.ready,
		Metrics: metrics,
		Log:     s.log,
	}).Handler()
	return nil
}

// damaged says of an error of the store that it will be met again.
func damaged(err error) bool {
	var corrupt *store.CorruptError
	return errors.As(err, &corrupt)
}

// workerName is the name under which jobs are claimed: who starts under it again takes up at once what the process before had claimed.
func (s *Service) workerName(name string) string {
	if s.role == RoleAll {
		return "serve"
	}
	if name != "" {
		return name
	}
	host, err := os.Hostname()
	if err != nil {
		host = "worker"
	}
	return fmt.Sprintf("%s-%d", host, os.Getpid())
}

// ready says why the service can't take work at the moment. A store that has stopped can still be read, but takes no sample until the service is started again.
func (s *Service) ready(ctx context.Context) error {
	if _, err := s.db.Counts(ctx); err != nil {
		return fmt.Errorf("the queue doesn't answer: %w", err)
	}
	return s.intake.store.Append(ctx, ingest.Batch{}) // writes nothing
}

// figures are ingest's, for the metrics.
func (s *Service) figures() api.Ingest {
	f := s.Stats()
	return api.Ingest{
		Messages: f.Messages, Bytes: f.Bytes, Samples: f.Samples, Duplicates: f.Duplicates,
		Dead: f.Dead, QueueMessages: int64(f.QueueMessages), QueueBytes: f.QueueBytes,
	}
}

// firstToken makes an administrator's token where there is no token at all.
func (s *Service) firstToken(ctx context.Context, tell func(text string) error) error {
	tokens, err := s.db.Tokens(ctx)
	if err != nil || len(tokens) > 0 {
		return err
	}
	text, err := s.NewAdminToken(ctx, "made by the first start")
	if err != nil {
		return err
	}
	return tell(text)
}

// NewAdminToken makes a token of the owner admin that may do everything.
func (s *Service) NewAdminToken(ctx context.Context, note string) (string, error) {
	text, token := access.NewToken("admin", []access.Scope{access.Admin}, nil, nil, clock(), note)
	return text, s.db.AddToken(ctx, token)
}
