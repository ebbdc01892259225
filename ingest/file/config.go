package file

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"decant/ingest"
	"decant/ingest/payload"
)

// The formats of files. Without a pin the extension says which.
const (
	FormatCSV       = "csv"
	FormatJSONL     = "jsonl"
	FormatSenMLJSON = ingest.FormatSenMLJSON
	FormatSenMLCBOR = ingest.FormatSenMLCBOR
	FormatPayload   = "payload" // one payload of any kind, recognised by its content
)

// Formats lists what Config.Format may be.
var Formats = []string{FormatCSV, FormatJSONL, FormatSenMLJSON, FormatSenMLCBOR, FormatPayload}

// extensions say the format; the first that a name ends in does.
var extensions = []struct{ extension, format string }{
	{".senml.json", FormatSenMLJSON}, {".senml.cbor", FormatSenMLCBOR},
	{".csv", FormatCSV}, {".tsv", FormatCSV}, {".txt", FormatCSV},
	{".jsonl", FormatJSONL}, {".ndjson", FormatJSONL},
	{".senml", FormatSenMLJSON}, {".json", FormatPayload}, {".cbor", FormatSenMLCBOR},
}

// Config says how a file is read. Channel is needed, and Received wherever it is not 1970; all else has a default.
type Config struct {
	Format string // one of Formats; empty: by the extension, and CSV for stdin ("-")

	Channel   string
	Subtopic  string // dotted or slashed
	Publisher string // of samples that name none

	// Received is the moment of receipt (ns since 1970, UTC): relative times count from it, and no time may lie further ahead of it than
	// Payload.MaxFuture.
	Received int64
	// Local decides about times without an offset; default payload.UTC.
	Local payload.Local

	SkipBad bool // take the rows that can be taken, and count the others
	Batch   int  // samples; default 10,000

	// Payload limits the lines of JSON lines, and names the publisher's tag.
	Payload payload.Config

	// What follows is for CSV alone.

	TimeColumn string // default: the first of time, timestamp, ts, t and date, in any case
	// TimeFormat is iso, local (as iso, the name by which exports call it), unix (seconds), unixMilli, or a layout in strftime's
	// letters. Empty: ISO 8601 or Unix time, as each cell looks; below 10^11 it is seconds, below 10^14 milliseconds.
	TimeFormat string
	// Step is the time from row to row of a file without a time column; the first row is at Start (ns since 1970, UTC).
	Start int64
	Step  time.Duration

	NameColumn  string // makes the file long: the column with the series' name …
	ValueColumn string // … with its value …
	UnitColumn  string // … and, if there is one, with its unit
	Units       map[string]string
	Prefix      string // goes before every name

	Null         string // a cell that holds it is no sample, as an empty one
	Strings      bool   // cells that are neither numbers nor bools are strings
	Comma        rune   // the delimiter; default a comma, or a tab for .tsv
	DecimalComma bool   // numbers have a comma for a point
}

func (c Config) withDefaults() Config {
	if c.Batch == 0 {
		c.Batch = 10_000
	}
	if c.Local == nil {
		c.Local = payload.UTC
	}
	if c.Payload.MaxFuture == 0 {
		c.Payload.MaxFuture = 24 * time.Hour
	}
	c.Payload.Protocol = ingest.ProtocolImport
	c.Payload.Local = c.Local
	c.Subtopic = ingest.Subtopic(c.Subtopic)
	return c
}

// Validate reports every fault of the configuration at once.
func (c Config) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	check := func(what, id string, needed bool) {
		if id == "" && !needed {
			return
		}
		if err := ingest.CheckID(what, id); err != nil {
			faults = append(faults, err)
		}
	}
	if c.Format != "" && !slices.Contains(Formats, c.Format) {
		fault("format %q is not known; allowed are %s", c.Format, strings.Join(Formats, ", "))
	}
	check("channel", c.Channel, true)
	check("subtopic", ingest.Subtopic(c.Subtopic), false)
	check("publisher", c.Publisher, false)
	check("prefix", c.Prefix, false)
	for _, name := range slices.Sorted(maps.Keys(c.Units)) {
		check(fmt.Sprintf("unit of %q", name), c.Units[name], false)
	}
	if c.Batch < 0 {
		fault("batch is %d; a positive number is needed", c.Batch)
	}
	if _, err := newClock(c); err != nil {
		faults = append(faults, err)
	}
	switch {
	case c.Step < 0:
		fault("step is %v; a positive duration is needed", c.Step)
	case c.Step == 0 && c.Start != 0:
		fault("a start without a step: rows without a time column need --start and --step")
	case c.Step > 0 && (c.TimeColumn != "" || c.TimeFormat != ""):
		fault("a step and a time column or format: the time of a row comes either from --start and --step or from the column")
	}
	switch {
	case (c.NameColumn == "") != (c.ValueColumn == ""):
		fault("a long file needs both a name column and a value column (--name-column, --value-column)")
	case c.UnitColumn != "" && c.NameColumn == "":
		fault("a unit column belongs to a long file: name and value column are missing (--name-column, --value-column)")
	}
	if c.Comma != 0 && (c.Comma == '"' || c.Comma == '\r' || c.Comma == '\n' || !utf8.ValidRune(c.Comma) || c.Comma == utf8.RuneError) {
		fault("delimiter %q can't be one; any character but quote, CR and LF is allowed", c.Comma)
	}
	if c.DecimalComma && c.Comma == ',' {
		faults = append(faults, errCommas)
	}
	if err := c.Payload.Validate(); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

var errCommas = errors.New("a decimal comma and a comma as delimiter can't be told apart; choose another delimiter, such as ;")

// formatOf is the format of a file, and refuses options of CSV for others.
func (c Config) formatOf(name string) (string, error) {
	format := c.Format
	if format == "" && name == "-" {
		format = FormatCSV
	}
	lower := strings.ToLower(filepath.Base(name))
	for _, e := range extensions {
		if format == "" && strings.HasSuffix(lower, e.extension) {
			format = e.format
		}
	}
	if ext := path.Ext(lower); format == "" && (ext == ".gz" || ext == ".zst") {
		return "", fmt.Errorf("files are read as they are, and the extension %q says that this one is compressed; decompress it, or give import - with the format and its text on stdin", ext)
	}
	if format == "" {
		return "", fmt.Errorf("the extension %q says no format; name one: %s", path.Ext(lower), strings.Join(Formats, ", "))
	}
	if format == FormatCSV {
		if c.DecimalComma && c.comma(name) == ',' {
			return "", errCommas
		}
		return format, nil
	}
	for _, o := range []struct {
		set  bool
		name string
	}{
		{c.TimeColumn != "", "a time column"}, {c.TimeFormat != "", "a time format"}, {c.Step != 0, "a step"}, {c.NameColumn != "", "a name column"},
		{len(c.Units) > 0, "units"}, {c.Prefix != "", "a prefix"}, {c.Null != "", "a null token"}, {c.Strings, "strings"},
		{c.Comma != 0, "a delimiter"}, {c.DecimalComma, "a decimal comma"},
	} {
		if o.set {
			return "", fmt.Errorf("%s is for CSV, and this file is read as %s", o.name, format)
		}
	}
	return format, nil
}

// comma is the delimiter of a file.
func (c Config) comma(name string) rune {
	switch {
	case c.Comma != 0:
		return c.Comma
	case strings.HasSuffix(strings.ToLower(name), ".tsv"):
		return '\t'
	}
	return ','
}
