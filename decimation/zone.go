package decimation

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// ZoneDatabase is the version of the zone database inside the binary, as 2025c.
const ZoneDatabase = "2025c"

//go:embed zoneinfo/zoneinfo.zip
var zoneArchive []byte

// Zone is a time zone of the database inside the binary. LoadZone makes it; it is immutable.
type Zone struct {
	Name     string // as the database spells it
	Location *time.Location

	spans []span // the zone's offsets over all of int64 nanoseconds
}

// LoadZone finds a zone by its IANA name, without regard to case. The machine's own database is never asked. What the
// database does not hold, "" and Local are errors that name the nearest zone.
func LoadZone(name string) (*Zone, error) {
	db, err := zoneDatabase()
	if err != nil {
		return nil, err
	}
	return db.load(name)
}

// ZoneNames lists the names of the database, sorted. The caller may keep and change the slice.
func ZoneNames() []string {
	db, err := zoneDatabase()
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(db.files))
	for _, f := range db.files {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return names
}

// archive is the opened database. Zones are kept once loaded: there are some six hundred, and all fit easily.
type archive struct {
	files map[string]*zip.File // by lower-case name

	mu     sync.Mutex
	loaded map[string]*Zone // by lower-case name
}

var zoneDatabase = sync.OnceValues(func() (*archive, error) {
	r, err := zip.NewReader(bytes.NewReader(zoneArchive), int64(len(zoneArchive)))
	if err != nil {
		return nil, fmt.Errorf("open the zone database: %w", err)
	}
	db := &archive{files: map[string]*zip.File{}, loaded: map[string]*Zone{}}
	for _, f := range r.File {
		if !strings.HasSuffix(f.Name, "/") {
			db.files[strings.ToLower(f.Name)] = f
		}
	}
	return db, nil
})

func (db *archive) load(name string) (*Zone, error) {
	key := strings.ToLower(name)
	f, ok := db.files[key]
	if !ok {
		return nil, unknownZone(name)
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if z := db.loaded[key]; z != nil {
		return z, nil
	}
	loc, err := readZone(f)
	if err != nil {
		return nil, fmt.Errorf("read zone %s: %w", f.Name, err)
	}
	z := &Zone{Name: f.Name, Location: loc, spans: spansOf(loc)}
	db.loaded[key] = z
	return z, nil
}

func readZone(f *zip.File) (*time.Location, error) {
	if f.Name == "UTC" {
		return time.UTC, nil
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return time.LoadLocationFromTZData(f.Name, data)
}

func unknownZone(name string) error {
	const allowed = "use an IANA name such as UTC or Europe/Berlin"
	switch {
	case strings.TrimSpace(name) == "":
		return fmt.Errorf("the time zone is empty; %s", allowed)
	case strings.EqualFold(name, "local"):
		return fmt.Errorf("the time zone %q would differ from machine to machine; %s", name, allowed)
	}
	return fmt.Errorf("unknown time zone %q; the nearest name is %s; %s", name, nearestZone(name), allowed)
}

// Offsets lists the offsets from UTC (seconds east) that the zone has between two instants (ns), both included, each once, in order of
// appearance.
func (z *Zone) Offsets(from, to int64) []int {
	spans := z.table()
	var offsets []int
	for i := spanAt(spans, floorDiv(from, second)); i < len(spans) && spans[i].start <= floorDiv(to, second); i++ {
		if offset := int(spans[i].offset); !slices.Contains(offsets, offset) {
			offsets = append(offsets, offset)
		}
	}
	return offsets
}

// table is the zone's offsets; a Zone that LoadZone did not make has them worked out anew.
func (z *Zone) table() []span {
	if z.spans != nil {
		return z.spans
	}
	return spansOf(z.Location)
}
