package archive

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"slices"
	"sort"
)

// Manifest says what belongs to an archive.
type Manifest struct {
	Version int      `json:"archive"` // of this format: 1
	Decant  string   `json:"decant"`  // the version that wrote it last
	Rows    int64    `json:"rows"`
	Bytes   int64    `json:"bytes"`
	Series  []Series `json:"series"` // sorted by channel, subtopic, name, unit, publisher
	Parts   []Part   `json:"parts"`  // sorted by channel, day, number

	// Checksum is the CRC32C, in hexadecimal, of this text with an empty checksum.
	Checksum string `json:"crc32c"`
}

// Series is a series and what the archive holds of it.
type Series struct {
	Channel   string  `json:"channel"`
	Subtopic  string  `json:"subtopic"`
	Publisher string  `json:"publisher"`
	Name      string  `json:"name"`
	Unit      string  `json:"unit"`
	Samples   int64   `json:"samples"`
	First     instant `json:"first"`
	Last      instant `json:"last"`
	// EqualTimes says that some time may carry several values.
	EqualTimes bool `json:"equalTimes,omitempty"`
}

// Part is a file.
type Part struct {
	File    string  `json:"file"` // relative to the archive, with slashes
	Channel string  `json:"channel"`
	Day     Day     `json:"day"`
	Number  int     `json:"part"`
	Rows    int64   `json:"rows"`
	Bytes   int64   `json:"bytes"`
	SHA256  string  `json:"sha256"`
	First   instant `json:"first"`
	Last    instant `json:"last"`
	Series  int     `json:"series"` // how many it has
	// Footer is the file's end that says what is where: a reader fetches it first, in one piece.
	Footer Footer `json:"footer"`
	// Seen is the digest of all rows that the store had of this channel and day when the part was made: while it has the same, nothing is new.
	Seen string `json:"seen"`
}

// Footer is the end of a file.
type Footer struct {
	Bytes  int64  `json:"bytes"`
	CRC32C string `json:"crc32c"`
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) string { return fmt.Sprintf("%08x", crc32.Checksum(b, castagnoli)) }

// encode gives the manifest's text.
func (m *Manifest) encode() ([]byte, error) {
	m.Version = 1
	m.Checksum = ""
	m.Rows, m.Bytes = 0, 0
	for _, p := range m.Parts {
		m.Rows += p.Rows
		m.Bytes += p.Bytes
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(m); err != nil {
		return nil, err
	}
	m.Checksum = checksum(b.Bytes())
	text, _ := bytes.CutSuffix(b.Bytes(), []byte(afterChecksum))
	return append(append(text, m.Checksum...), afterChecksum...), nil
}

// afterChecksum is what a manifest's text ends with behind the checksum.
const afterChecksum = "\"\n}\n"

// unsigned is the text with an empty checksum, where it ends with that one.
func unsigned(text []byte, checksum string) ([]byte, bool) {
	before, ok := bytes.CutSuffix(text, []byte(checksum+afterChecksum))
	return slices.Concat(before, []byte(afterChecksum)), ok
}

// decodeManifest reads what encode wrote.
func decodeManifest(text []byte) (*Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, err
	}
	if m.Version != 1 {
		return nil, fmt.Errorf("it has version %d, and this decant reads version 1: use the one that wrote it, %s", m.Version, m.Decant)
	}
	if signed, ok := unsigned(text, m.Checksum); !ok || checksum(signed) != m.Checksum {
		return nil, errors.New("it is not as it was written")
	}
	return &m, nil
}

// loadManifest reads the place's manifest and the mark by which it is replaced. There being none is fs.ErrNotExist.
func loadManifest(ctx context.Context, p Place) (m *Manifest, mark string, err error) {
	text, mark, err := p.ReadManifest(ctx)
	if err != nil {
		return nil, "", err
	}
	if m, err = decodeManifest(text); err != nil {
		return nil, "", &DamageError{Place: p.String(), File: manifestName, Text: err.Error()}
	}
	return m, mark, nil
}

// ownManifest is the manifest of a place that is only read. There being none is ErrNotArchive.
func ownManifest(ctx context.Context, p Place) (*Manifest, error) {
	m, _, err := loadManifest(ctx, p)
	if !isMissing(err) {
		return m, err
	}
	text := fmt.Sprintf("%s is not an archive: there is no %s; `decant archive --to %s` makes one", p, manifestName, p)
	if there, _ := p.HasParts(ctx); there {
		text = fmt.Sprintf("%s looks like an archive whose %s is missing (it has files of channels, %s…): put back a copy of that, or archive to another place while the store still holds its days",
			p, manifestName, channelKey)
	}
	return nil, &kindError{kind: ErrNotArchive, cause: err, text: text}
}

// manifestOrEmpty is loadManifest, with an empty one where there is none yet. Where there are files and no manifest it was lost: a run that took the place for a new one would replace
// files that may be all there is of their days.
func manifestOrEmpty(ctx context.Context, p Place) (m *Manifest, mark string, err error) {
	m, mark, err = loadManifest(ctx, p)
	if !errors.Is(err, fs.ErrNotExist) {
		return m, mark, err
	}
	there, err := p.HasParts(ctx)
	if there {
		err = &kindError{kind: ErrNotArchive, text: fmt.Sprintf("%s has files of an archive (%s…) and no %s that says which belong to it: put back a copy of that, or archive to another place",
			p, channelKey, manifestName)}
	}
	return &Manifest{Series: []Series{}, Parts: []Part{}}, "", err
}

// parts are those of a channel's day, by number.
func (m *Manifest) parts(channel string, day Day) []Part {
	i, j := m.before(channel, day), m.before(channel, day+1)
	return m.Parts[i:j:j]
}

// sawAll says whether the rows that the store has of a day, by their digest, are those that one of its parts was made from or compared with.
func sawAll(parts []Part, seen string) bool {
	return slices.ContainsFunc(parts, func(p Part) bool { return p.Seen == seen })
}

// before is the place of the first part that is not before a channel's day.
func (m *Manifest) before(channel string, day Day) int {
	return sort.Search(len(m.Parts), func(i int) bool {
		return cmp.Or(cmp.Compare(m.Parts[i].Channel, channel), cmp.Compare(m.Parts[i].Day, day)) >= 0
	})
}
