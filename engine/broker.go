package engine

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"decant/ingest/mqtt"
)

// sessionFile keeps, in the store's folder, under which client id and with which filters a broker holds our session.
const sessionFile = "mqtt-session.json"

// session is what sessionFile holds.
type session struct {
	ClientID string   `json:"clientId"`
	Filters  []string `json:"filters"`
}

// Broker is the configured broker as a source of messages. The store's folder has to exist: it keeps the client id, which has to stay
// the same from run to run, since the broker keeps unacknowledged messages under it.
func Broker(cfg Config, log *slog.Logger) (*mqtt.Source, error) {
	patterns, err := cfg.patterns()
	if err != nil {
		return nil, err
	}
	filters := cfg.Ingest.Filters
	if len(filters) == 0 {
		filters = patterns.Filters()
	}
	kept, err := readSession(cfg.Data)
	if err != nil {
		return nil, err
	}
	if id := cfg.Ingest.ClientID; id != "" && id != kept.ClientID {
		kept = session{ClientID: id} // another id is another session
	}
	if kept.ClientID == "" {
		kept.ClientID = "decant-" + hex.EncodeToString(randomBytes(8))
	}
	if err := writeSession(cfg.Data, kept); err != nil {
		return nil, err
	}
	password, err := readPassword(cfg.Ingest.PasswordFile)
	if err != nil {
		return nil, err
	}
	return mqtt.New(mqtt.Config{
		URL:        cfg.Ingest.Broker,
		ClientID:   kept.ClientID,
		Topics:     filters,
		QoS:        byte(cfg.Ingest.QoS),
		Subscribed: kept.Filters,
		Record: func(filters []string) error {
			return writeSession(cfg.Data, session{ClientID: kept.ClientID, Filters: filters})
		},
		Username: cfg.Ingest.Username,
		Password: password,
		CA:       cfg.Ingest.CA,
		Cert:     cfg.Ingest.Cert,
		Key:      cfg.Ingest.Key,
		Log:      log,
	})
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}

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
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("read MQTT session %s: %w; delete the file to begin a new session", file, err)
	}
	return s, nil
}

// writeSession replaces the file; it is durable on return.
func writeSession(data string, s session) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("write MQTT session: %w", err)
	}
	file := filepath.Join(data, sessionFile)
	f, err := os.CreateTemp(data, sessionFile+".*")
	if err != nil {
		return fmt.Errorf("write MQTT session: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append(text, '\n'))
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
