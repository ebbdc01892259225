package engine

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"decant/engine/store"
	"decant/ingest/mqtt"
)

// sessionFile keeps, in the store's folder, under which client id and with which filters a broker holds our session.
const sessionFile = "mqtt-session.json"

// session is what sessionFile holds. With another client id decant would never hear of what the broker keeps under the right one, so the
// file has a checksum: CRC32C of the text with an empty checksum.
type session struct {
	ClientID string   `json:"clientId"`
	Filters  []string `json:"filters"`
	Checksum string   `json:"crc32c"`
}

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
		kept.ClientID = "decant-" + hex.EncodeToString(randomBytes(8))
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

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}

// readSession reads the file; where there is none, the session is empty. A byte that is not as it was written is a *store.CorruptError.
func readSession(data string) (session, error) {
	var s session
	file := filepath.Join(data, sessionFile)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("read MQTT session: %w", err)
	}
	if err = json.Unmarshal(text, &s); err == nil {
		var written []byte
		if written, err = s.encode(); err == nil && bytes.Equal(written, text) {
			return s, nil
		}
	}
	return session{}, &store.CorruptError{File: file, Text: "it does not match its checksum; without this file decant begins a new session, and the broker keeps what it has for the old one"}
}

// encode gives the file's text.
func (s session) encode() ([]byte, error) {
	s.Checksum = ""
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	s.Checksum = fmt.Sprintf("%08x", crc32.Checksum(text, castagnoli))
	text, err = json.MarshalIndent(s, "", "  ")
	return append(text, '\n'), err
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// writeSession replaces the file; it is durable on return.
func writeSession(data string, s session) error {
	text, err := s.encode()
	if err != nil {
		return fmt.Errorf("write MQTT session: %w", err)
	}
	file := filepath.Join(data, sessionFile)
	f, err := os.CreateTemp(data, sessionFile+".*")
	if err != nil {
		return fmt.Errorf("write MQTT session: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("write MQTT session: %w", err)
	}
	return nil
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
