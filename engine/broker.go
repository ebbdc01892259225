package engine

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"decant/ingest/mqtt"
)

// CheckBroker reports every fault of the broker's configuration that Config.Validate doesn't see, before there is a store.
func CheckBroker(cfg Config) error {
	c, err := brokerConfig(cfg)
	if err != nil {
		return err
	}
	if c.ClientID == "" {
		c.ClientID = "decant"
	}
	c.QoS = 0 // Config.Validate has an eye on it
	return c.Validate()
}

// brokerConfig is the broker's share of the configuration.
func brokerConfig(cfg Config) (mqtt.Config, error) {
	filters := cfg.Ingest.Filters
	if len(filters) == 0 {
		patterns, err := cfg.patterns()
		if err != nil {
			return mqtt.Config{}, err
		}
		filters = patterns.Filters()
	}
	password, err := readPassword(cfg.Ingest.PasswordFile)
	if err != nil {
		return mqtt.Config{}, err
	}
	return mqtt.Config{
		URL:      cfg.Ingest.Broker,
		ClientID: cfg.Ingest.ClientID,
		Topics:   filters,
		QoS:      byte(cfg.Ingest.QoS),
		Username: cfg.Ingest.Username,
		Password: password,
		CA:       cfg.Ingest.CA,
		Cert:     cfg.Ingest.Cert,
		Key:      cfg.Ingest.Key,
	}, nil
}

// Broker is the configured broker as a source of messages. The store's folder has to exist: it keeps the client id, which has to stay
// the same from run to run, since the broker keeps unacknowledged messages under it.
func Broker(cfg Config, log *slog.Logger) (*mqtt.Source, error) {
	c, err := brokerConfig(cfg)
	if err != nil {
		return nil, err
	}
	kept, err := readSession(cfg.Data)
	if err != nil {
		return nil, err
	}
	if c.ClientID != "" && c.ClientID != kept.ClientID {
		kept = session{ClientID: c.ClientID} // another id is another session
	}
	if kept.ClientID == "" {
		var id [8]byte
		rand.Read(id[:]) // never fails
		kept.ClientID = "decant-" + hex.EncodeToString(id[:])
	}
	if err := writeSession(cfg.Data, kept); err != nil {
		return nil, err
	}
	c.ClientID = kept.ClientID
	c.Subscribed = kept.Filters
	c.Record = func(filters []string) error {
		return writeSession(cfg.Data, session{ClientID: kept.ClientID, Filters: filters})
	}
	c.Log = log
	return mqtt.New(c)
}

// readPassword reads the first line of a file.
func readPassword(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read password file: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSuffix(line, "\r"), nil
}
