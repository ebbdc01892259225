package engine

import (
	"cmp"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"decant/engine/export"
	"decant/engine/job"
	"decant/engine/job/database"
)

// Serving says how the export service runs (decant serve).
type Serving struct {
	Listen         string        `toml:"listen"`
	URL            string        `toml:"url"`      // what links in answers and notifications begin with; empty: http(s)://listen
	Cert           string        `toml:"cert"`     // PEM; with key: TLS
	Key            string        `toml:"key"`      //
	Database       string        `toml:"database"` // postgres://…; empty: SQLite in the store's folder
	Artifacts      string        `toml:"artifacts"`
	Workers        int           `toml:"workers"`       // jobs at a time; 0: twice as many as there are cores
	ArtifactLife   time.Duration `toml:"artifact_life"` // until the files of a job expire
	Lease          time.Duration `toml:"lease"`         // after which a silent worker counts as dead
	PublicChannels []string      `toml:"public_channels"`
}

// defaultServing is the service where nothing is said.
func defaultServing() Serving {
	return Serving{Listen: "127.0.0.1:8080", ArtifactLife: 30 * 24 * time.Hour, Lease: 30 * time.Second}
}

// service is the folder of the service's own files inside of the store's.
func (c Config) service(name string) string { return filepath.Join(c.Data, "service", name) }

// database is where the service keeps exports, jobs and tokens.
func (c Config) database() string {
	if c.Service.Database != "" {
		return c.Service.Database
	}
	return c.service("decant.db")
}

// artifacts is the folder of all jobs' files.
func (c Config) artifacts() string {
	if c.Service.Artifacts != "" {
		return c.Service.Artifacts
	}
	return c.service("artifacts")
}

// jobs are the limits as a service on so many cores knows them. Twice as many jobs as cores run at a time where nothing is said: small ones mostly wait for the disk, and a thousand of them end in three
// quarters of the time.
func (c Config) jobs(cores int) job.Limits {
	return job.Limits{
		Export:       export.Limits{Rows: c.Limits.Rows, PDFRows: c.Limits.PDFRows},
		Queued:       c.Limits.Queued,
		QueuedEach:   c.Limits.OwnerQueued,
		ExportsEach:  c.Limits.OwnerExports,
		Bytes:        c.Limits.Artifacts,
		BytesEach:    c.Limits.OwnerArtifacts,
		FullBytes:    c.Limits.Full,
		ArtifactLife: c.Service.ArtifactLife,
		Missed:       c.Limits.MissedRuns,
		Tries:        c.Limits.Tries,
		Public:       c.Service.PublicChannels,
		Workers:      cmp.Or(c.Service.Workers, 2*cores),
	}
}

// checkServing reports what is wrong with the service's section.
func (c Config) checkServing(bad func(format string, args ...any)) {
	s := c.Service
	if s.Database != "" && !database.IsPostgres(s.Database) {
		bad("service.database: allowed is postgres://user@host/name, or nothing for a database in the store's folder")
	}
	if (s.Cert == "") != (s.Key == "") {
		bad("service.cert and service.key: TLS needs both")
	}
	if s.URL != "" {
		if u, err := url.Parse(s.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			bad("service.url: allowed is an address without a path, such as https://exports.example.com")
		}
	}
	if s.Workers < 0 {
		bad("service.workers: %d; allowed is 1 and more, or 0 for twice as many as there are cores", s.Workers)
	}
	if s.ArtifactLife < time.Minute {
		bad("service.artifact_life: %s; allowed is 1m and more", s.ArtifactLife)
	}
	if s.Lease < 2*time.Second {
		bad("service.lease: %s; allowed is 2s and more", s.Lease)
	}
}

// CheckService reports what Validate doesn't: what only matters to decant serve.
func (c Config) CheckService() error {
	if err := c.Validate(); err != nil {
		return err
	}
	if c.Service.Listen == "" {
		return fmt.Errorf("service.listen: where to? an address such as 127.0.0.1:8080")
	}
	return nil
}
