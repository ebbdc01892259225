package engine

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"decant/engine/notify"
)

// Config is the configuration file (decant.toml) of one installation. Command line flags and DECANT_… variables beat it where they name
// the same thing. Start from Default: a zero is what it says, and mostly refused.
type Config struct {
	Data         string        `toml:"data"`          // the store's folder
	Duplicates   string        `toml:"duplicates"`    // keep or last: what a scan shows where one time carries several values
	MaxFuture    time.Duration `toml:"max_future"`    // how far ahead of receipt a time may be
	PublisherTag string        `toml:"publisher_tag"` // the Connhex tag that names the publisher
	Topics       []string      `toml:"topics"`        // patterns beside the built-in ones, which come after them
	Ingest       Ingest        `toml:"ingest"`
	Service      Serving       `toml:"service"`
	Notify       notify.Config `toml:"notify"`
	Limits       Limits        `toml:"limits"`
	Retention    []Retention   `toml:"retention"`
}

// Ingest says how to reach the broker.
type Ingest struct {
	Broker       string   `toml:"broker"`
	Filters      []string `toml:"filters"` // what to subscribe to; empty: what the topic patterns cover
	ClientID     string   `toml:"client_id"`
	QoS          int      `toml:"qos"`
	Username     string   `toml:"username"`
	PasswordFile string   `toml:"password_file"`
	CA           string   `toml:"ca"`
	Cert         string   `toml:"cert"`
	Key          string   `toml:"key"`

	// decant serve may be the broker itself: where it listens, and a file of its users, a line "name:password" each.
	Embedded  string `toml:"embedded"`
	UsersFile string `toml:"users_file"`
}

// Limits bound what one message, one store and one export may ask for. Sizes are bytes.
type Limits struct {
	Payload     int   `toml:"payload"`
	Depth       int   `toml:"depth"`
	Records     int   `toml:"records"`
	Series      int   `toml:"series"`
	Memory      int64 `toml:"memory"`      // samples held in memory before they become a segment
	DeadLetters int64 `toml:"deadletters"` // on disk; the oldest go first
	Rows        int64 `toml:"rows"`
	PDFRows     int64 `toml:"pdf_rows"`

	// Of the export service.
	Queued         int   `toml:"queued"`          // jobs that have not ended, of all owners
	OwnerQueued    int   `toml:"owner_queued"`    // and of one
	OwnerExports   int   `toml:"owner_exports"`   // exports that one owner keeps
	Artifacts      int64 `toml:"artifacts"`       // bytes of all jobs' files
	OwnerArtifacts int64 `toml:"owner_artifacts"` // and of one owner's
	Full           int64 `toml:"full"`            // bytes of a full export, estimated
	MissedRuns     int   `toml:"missed_runs"`     // that are made after a downtime
	Tries          int   `toml:"tries"`           // of a job that fails for no fault of the request's
	Body           int64 `toml:"body"`            // bytes of an HTTP request
	Connections    int   `toml:"connections"`     // open at a time
}

// Default is the configuration where nothing is said.
func Default() Config {
	return Config{
		Data:       "decant-data",
		Duplicates: "keep",
		MaxFuture:  24 * time.Hour,
		Ingest:     Ingest{QoS: 1},
		Service:    defaultServing(),
		Notify:     notify.Default(),
		Limits: Limits{
			Payload:     1 << 20,
			Depth:       32,
			Records:     10_000,
			Series:      1_000_000,
			Memory:      64 << 20,
			DeadLetters: 64 << 20,
			Rows:        1_000_000_000,
			PDFRows:     100_000,

			Queued:         10_000,
			OwnerQueued:    2_000,
			OwnerExports:   10_000,
			Artifacts:      100 << 30,
			OwnerArtifacts: 20 << 30,
			Full:           10 << 30,
			MissedRuns:     100,
			Tries:          5,
			Body:           1 << 20,
			Connections:    1_000,
		},
	}
}

// LoadConfig reads a configuration file over the defaults. What the file doesn't know how to say is refused by name.
func LoadConfig(path string) (Config, error) {
	c := Default()
	data, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("read configuration: %w", err)
	}
	meta, err := toml.Decode(string(data), &c)
	if err != nil {
		var parse toml.ParseError
		if errors.As(err, &parse) {
			return c, fmt.Errorf("read configuration %s: line %d: %s", path, parse.Position.Line, parse.Message)
		}
		return c, fmt.Errorf("read configuration %s: %w", path, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		names := make([]string, len(unknown))
		for i, k := range unknown {
			names[i] = k.String()
		}
		return c, fmt.Errorf("read configuration %s: unknown: %s; docs/operations.md lists what is known", path, strings.Join(names, ", "))
	}
	if err := c.Validate(); err != nil {
		return c, fmt.Errorf("configuration %s: %w", path, err)
	}
	return c, nil
}

// Validate reports every fault at once.
func (c Config) Validate() error {
	var faults []error
	bad := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if c.Data == "" {
		bad("data: the store needs a folder")
	}
	if c.Duplicates != "keep" && c.Duplicates != "last" {
		bad("duplicates: %q; allowed are keep and last", c.Duplicates)
	}
	if c.MaxFuture < 0 {
		bad("max_future: %s; allowed is 0s and more", c.MaxFuture)
	}
	if _, err := c.patterns(); err != nil {
		faults = append(faults, err)
	}
	c.checkServing(bad)
	c.checkRetention(bad)
	if err := c.Notify.Validate(); err != nil {
		faults = append(faults, err)
	}
	if c.Ingest.QoS < 0 || c.Ingest.QoS > 2 {
		bad("ingest.qos: %d; allowed are 0, 1 and 2", c.Ingest.QoS)
	}
	for _, l := range []struct {
		name  string
		value int64
	}{
		{"payload", int64(c.Limits.Payload)}, {"depth", int64(c.Limits.Depth)}, {"records", int64(c.Limits.Records)},
		{"series", int64(c.Limits.Series)}, {"memory", c.Limits.Memory}, {"deadletters", c.Limits.DeadLetters},
		{"rows", c.Limits.Rows}, {"pdf_rows", c.Limits.PDFRows},
		{"queued", int64(c.Limits.Queued)}, {"owner_queued", int64(c.Limits.OwnerQueued)}, {"owner_exports", int64(c.Limits.OwnerExports)},
		{"artifacts", c.Limits.Artifacts}, {"owner_artifacts", c.Limits.OwnerArtifacts}, {"full", c.Limits.Full}, {"missed_runs", int64(c.Limits.MissedRuns)},
		{"tries", int64(c.Limits.Tries)}, {"body", c.Limits.Body}, {"connections", int64(c.Limits.Connections)},
	} {
		if l.value <= 0 {
			bad("limits.%s: %d; allowed is 1 and more", l.name, l.value)
		}
	}
	return errors.Join(faults...)
}
