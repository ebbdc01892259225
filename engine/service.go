package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"decant/engine/job"
	"decant/engine/job/database"
	"decant/engine/notify"
	"decant/ingest"
	"decant/ingest/broker"
	"decant/ingest/payload"
)

// Role is which parts of the export service a process runs.
type Role string

const (
	RoleAll    Role = "all"    // ingest, store, scheduler, workers, notifier and API
	RoleWorker Role = "worker" // workers and notifier alone, beside a process with all; needs PostgreSQL
)

// ServeOptions say what a Service is made of beside its configuration.
type ServeOptions struct {
	Role Role
	Name string // of a worker, the same at each start; empty: the host's name and the process id
	Log  *slog.Logger
	// FirstToken is told an administrator's token, once, where the service has no token at all.
	FirstToken func(text string) error
}

// Service is the whole export service in one process: what takes samples, keeps them, runs exports and answers HTTP.
//
//	sources ─▶ Intake ─▶ store ─▶ worker ─▶ artifacts
//	                                │ ▲
//	             scheduler, API ─▶ queue ─▶ notifier ─▶ people
type Service struct {
	config atomic.Pointer[Config]
	role   Role
	cores  int // that jobs share
	log    *slog.Logger

	db       *database.DB
	intake   *Intake // nil in a worker
	sources  []ingest.Source
	embedded *broker.Broker // one of sources, or nil
	web      *webServer     // nil in a worker

	worker    *job.Worker
	notifier  *notify.Notifier
	scheduler *job.Scheduler // nil in a worker
	janitor   *job.Janitor   // nil in a worker
}

// OpenService opens all that the service needs, so that what can't work is told before it begins: the address, the store, the database.
func OpenService(ctx context.Context, cfg Config, o ServeOptions) (*Service, error) {
	if o.Role == RoleWorker && !database.IsPostgres(cfg.database()) {
		return nil, &InputError{errors.New("a worker of its own needs a queue that processes can share: set database = \"postgres://…\" under [service], for all of them")}
	}
	s := &Service{role: o.Role, cores: runtime.GOMAXPROCS(0), log: o.Log}
	s.config.Store(&cfg)
	err := s.open(ctx, cfg, o)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Service) open(ctx context.Context, cfg Config, o ServeOptions) (err error) {
	source := Source(cfg)
	if s.role == RoleAll {
		if s.web, err = listen(cfg); err != nil {
			return err
		}
		if err = s.openIntake(cfg); err != nil {
			return err
		}
		source = s.intake.Source()
	} else if err = CheckStore(cfg); err != nil {
		return err
	}
	if s.db, err = openDatabase(ctx, cfg, s.log); err != nil {
		return err
	}
	if err = os.MkdirAll(cfg.artifacts(), 0o700); err != nil {
		return fmt.Errorf("make the folder of artifacts: %w", err)
	}
	if err = s.assemble(ctx, cfg, source, o.Name); err != nil {
		return err
	}
	if err = s.worker.Reclaim(ctx); err != nil {
		return err
	}
	if s.role == RoleAll && o.FirstToken != nil {
		return s.firstToken(ctx, o.FirstToken)
	}
	return nil
}

// openIntake opens the store and where messages come from.
func (s *Service) openIntake(cfg Config) (err error) {
	if s.intake, err = OpenIntake(cfg, s.log); err != nil {
		return err
	}
	if cfg.Ingest.Broker != "" {
		source, err := Broker(cfg, s.log)
		if err != nil {
			return err
		}
		s.sources = append(s.sources, source)
	}
	if cfg.Ingest.Embedded != "" {
		users, err := readUsers(cfg.Ingest.UsersFile)
		if err != nil {
			return err
		}
		if s.embedded, err = broker.Listen(broker.Config{Listen: cfg.Ingest.Embedded, Users: users, Log: s.log}); err != nil {
			return &InputError{err}
		}
		s.log.Info("the embedded broker listens", "url", s.embedded.URL())
		s.sources = append(s.sources, s.embedded)
	}
	return nil
}

// Run serves until ctx ends. Then it takes nothing more, hands back the jobs in progress, ends answers, and syncs and acknowledges what it had
// taken from devices. It runs once.
func (s *Service) Run(ctx context.Context) error {
	defer overcommit(s.cores)()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.worker.Run(ctx) })
	g.Go(func() error { return s.notifier.Run(ctx) })
	if s.role == RoleAll {
		g.Go(func() error { return s.scheduler.Run(ctx) })
		g.Go(func() error { return s.janitor.Run(ctx) })
		g.Go(func() error { return s.web.run(ctx) })
		g.Go(func() error { return s.ingest(ctx) })
	}
	err := g.Wait()
	if errors.Is(err, context.Canceled) { // a part that says why it ended
		return nil
	}
	return err
}

// ingest takes messages; without a source it only waits.
func (s *Service) ingest(ctx context.Context) error {
	if len(s.sources) == 0 {
		<-ctx.Done()
		return nil
	}
	return s.intake.Run(ctx, s.sources...)
}

// Reload puts limits and notification settings of a configuration that was read again in force. What else has changed needs a restart.
func (s *Service) Reload(cfg Config) {
	now := *s.config.Load()
	now.Limits, now.Notify = cfg.Limits, cfg.Notify
	now.Service.ArtifactLife, now.Service.PublicChannels = cfg.Service.ArtifactLife, cfg.Service.PublicChannels
	s.config.Store(&now)
	s.notifier.SetConfig(now.Notify)
	s.wake()
}

// wake has everybody look again: at the queue, the schedule, the outbox.
func (s *Service) wake() {
	s.worker.Wake()
	s.notifier.Wake()
	if s.scheduler != nil {
		s.scheduler.Wake()
	}
}

// Stats is what ingest has done; zero in a worker.
func (s *Service) Stats() ingest.Stats {
	if s.intake == nil {
		return ingest.Stats{}
	}
	return s.intake.Stats()
}

// Passed is what Intake.Passed says; zero in a worker.
func (s *Service) Passed() payload.Stats {
	if s.intake == nil {
		return payload.Stats{}
	}
	return s.intake.Passed()
}

// URL is where the API listens; empty in a worker.
func (s *Service) URL() string {
	if s.web == nil {
		return ""
	}
	return s.web.url
}

// Close closes what OpenService opened, after Run.
func (s *Service) Close() error {
	var faults []error
	if s.web != nil {
		faults = append(faults, s.web.close())
	}
	if s.db != nil {
		faults = append(faults, s.db.Close())
	}
	if s.embedded != nil {
		if err := s.embedded.Close(); !errors.Is(err, net.ErrClosed) { // which Run does
			faults = append(faults, err)
		}
	}
	if s.intake != nil {
		faults = append(faults, s.intake.Close())
	}
	return errors.Join(faults...)
}

// publicURL is what links begin with, without a slash at its end.
func (s *Service) publicURL(cfg Config) string {
	if cfg.Service.URL == "" {
		return s.URL()
	}
	return strings.TrimRight(cfg.Service.URL, "/")
}

func clock() int64 { return time.Now().UnixNano() }
