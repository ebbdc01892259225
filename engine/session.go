package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"

	"decant/engine/store"
	"decant/engine/store/vfs"
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
	if err == nil {
		err = vfs.OS{}.SyncDir(data)
	}
	if err != nil {
		return fmt.Errorf("write MQTT session: %w", err)
	}
	return nil
}
