package mqtt

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/url"
	"slices"
	"time"

	"decant/ingest"
)

// Source is a broker's messages. It runs once.
type Source struct {
	cfg     Config
	url     *url.URL
	session []string // filters that the broker's session may hold

	before     bool // a session was made before, in this run or an earlier one
	subscribed bool // the session's subscriptions are those of the configuration
}

var _ ingest.Source = (*Source)(nil)

// New returns a source that is not yet connected. It fails with every fault of cfg.
func New(cfg Config) (*Source, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	u, err := cfg.address()
	if err != nil {
		return nil, err
	}
	topics, overlapping := disjoint(cfg.Topics)
	cfg.Topics = topics
	if overlapping != nil {
		cfg.Log.Warn("topic filters overlap in part: the broker may deliver a message once for each, and without a time in its payload it is stored twice",
			"filters", overlapping)
	}
	session := unique(cfg.Subscribed)
	return &Source{cfg: cfg, url: u, session: session, before: len(session) > 0}, nil
}

// Run keeps a connection to the broker until ctx ends, then disconnects and returns nil. A broker that is down or goes
// away is tried again for as long as it takes. Until the first connection stands, a broker that refuses us (bad
// password, unknown certificate, forbidden topic) ends the run with a BrokerError, because a person is probably
// watching; later it is tried again too, because whoever changed it there may change it back.
func (s *Source) Run(ctx context.Context, take func(ingest.Message) bool) error {
	log := s.cfg.Log.With("broker", s.url.Redacted(), "client_id", s.cfg.ClientID)
	pause := s.cfg.RetryMin
	for stood := false; ; {
		began := time.Now()
		connected, err := s.connection(ctx, log, take)
		stood = stood || connected
		if ctx.Err() != nil {
			return nil
		}
		var record *recordError
		if errors.As(err, &record) {
			return record.err
		}
		var no *refusal
		if errors.As(err, &no) && !stood {
			return &BrokerError{URL: s.url.Redacted(), Err: err}
		}
		if connected && time.Since(began) > pause {
			pause = s.cfg.RetryMin // it had held, so this is not one of a row of faults
		}
		message := "broker can't be reached; trying again"
		if connected {
			message = "connection to broker lost; trying again"
			if time.Since(began) < shortLived {
				message += " (does another client use the same client id?)"
			}
		}
		// Up to a tenth longer, so that many clients of a broker that restarts don't come back all at once.
		wait := pause + rand.N(pause/10+1)
		log.Warn(message, "error", err, "pause", wait.Round(time.Millisecond))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		pause = min(2*pause, s.cfg.RetryMax)
	}
}

// shortLived is a connection that ends so soon that somebody may have thrown us out.
const shortLived = 10 * time.Second

// recordError is a fault of Config.Record, which ends the run: what can't be recorded can't be unsubscribed later.
type recordError struct{ err error }

func (e *recordError) Error() string { return e.err.Error() }

// record keeps what the broker's session may hold from now on.
func (s *Source) record(filters []string) error {
	filters = unique(filters)
	if slices.Equal(filters, s.session) {
		return nil
	}
	if s.cfg.Record != nil {
		if err := s.cfg.Record(filters); err != nil {
			return &recordError{err}
		}
	}
	s.session = filters
	return nil
}
