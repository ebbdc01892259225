package request

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"decant/decimation"
	"decant/formats"
)

// compressions lists what format.compression may be, by extension. Where an extension is missing, its files are compressed already.
var compressions = map[string][]string{
	"csv":     {"none", "gzip", "zstd"},
	"jsonl":   {"none", "gzip", "zstd"},
	"parquet": {"none", "gzip", "zstd", "snappy"},
	"arrow":   {"none", "zstd"},
}

func (w *walker) format(p place) Format {
	var f Format
	if !p.object("filename", "extension", "columns", "timezone", "template", "csvDelimiter", "timeFormat", "csv", "compression") {
		return f
	}
	f.Filename = w.filename(p.at("filename"))
	extension := p.at("extension")
	if extension.required("csv, xlsx, pdf, jsonl, parquet or arrow") {
		f.Extension = w.extension(extension)
	}
	if c := p.at("columns"); c.given() {
		f.Columns = w.columns(c)
	}
	f.Zone = w.zone(p.at("timezone"))
	template := p.at("template")
	f.Expanded = template.oneOf("tabular", "expanded") == "expanded"
	if f.Expanded && slices.Contains([]string{"jsonl", "parquet", "arrow"}, f.Extension) {
		template.fault("expanded records are for people: csv, xlsx and pdf have them, " + f.Extension + " has not")
	}
	f.TimeFormat = "iso"
	if t := p.at("timeFormat"); t.given() {
		if s, ok := t.text(); ok {
			f.TimeFormat = s
			if err := formats.CheckTimeFormat(s); err != nil {
				t.fault(err.Error())
			}
		}
	}
	f.CSV = w.csv(p.at("csv"), p.at("csvDelimiter"))
	f.Compression = w.compression(p.at("compression"), f.Extension)
	return f
}

// extension takes none that names a compression as well, as the files' names do, but says where that belongs.
func (w *walker) extension(p place) string {
	s, ok := p.text()
	if !ok {
		return ""
	}
	format, compressed, _ := strings.Cut(s, ".")
	if name := map[string]string{"gz": "gzip", "zst": "zstd"}[compressed]; name != "" && slices.Contains(compressions[format], name) {
		p.fault(fmt.Sprintf("the compression has a place of its own: %s here, and %s as format.compression", format, name))
		return format
	}
	return p.oneOf("csv", "xlsx", "pdf", "jsonl", "parquet", "arrow")
}

func (w *walker) filename(p place) string {
	s, ok := p.text()
	if ok && strings.TrimSpace(s) == "" {
		p.fault("a file needs a name; leave this out for the channel and subtopic")
	}
	return s
}

func (w *walker) zone(p place) *decimation.Zone {
	name := "utc"
	if p.given() {
		s, ok := p.text()
		if !ok {
			return nil
		}
		name = s
	}
	zone, err := decimation.LoadZone(name)
	if err != nil {
		p.fault(err.Error())
		return nil
	}
	return zone
}

// csv reads format.csv and format.csvDelimiter. A profile is a set of defaults: what stands beside it wins.
func (w *walker) csv(p, delimiter place) formats.CSV {
	c := formats.CSV{Delimiter: ','}
	if p.given() && !p.object("profile", "lineEnd", "bom", "decimalComma", "null", "formulaGuard") {
		return c
	}
	if profile := p.at("profile"); profile.given() && profile.oneOf("excel-eu") == "excel-eu" {
		c.Delimiter, c.DecimalComma, c.BOM = ';', true, true
	}
	if delimiter.given() {
		if s, ok := delimiter.text(); ok {
			r, size := utf8.DecodeRuneInString(s)
			if size != len(s) || size == 0 || r == '"' || r == '\r' || r == '\n' || r == 0 || r == '\ufeff' {
				delimiter.fault(`allowed is one character other than a quote or a line end, such as "," ";" or "\t"`)
			} else {
				c.Delimiter = r
			}
		}
	}
	c.CRLF = p.at("lineEnd").oneOf("lf", "crlf") == "crlf"
	c.BOM = p.at("bom").flag(c.BOM)
	c.DecimalComma = p.at("decimalComma").flag(c.DecimalComma)
	c.NoGuard = !p.at("formulaGuard").flag(true)
	if token := p.at("null"); token.given() {
		c.Null, _ = token.text()
		if strings.ContainsAny(c.Null, "\"\r\n") || strings.ContainsRune(c.Null, c.Delimiter) {
			token.fault("the null token stands unquoted, so it can't hold a quote, a line end or the delimiter")
		}
	}
	if c.DecimalComma && c.Delimiter == ',' {
		at := p.at("decimalComma")
		if !at.given() {
			at = delimiter
		}
		at.fault("a decimal comma needs another delimiter than the comma; set csvDelimiter to \";\"")
	}
	return c
}

func (w *walker) compression(p place, extension string) string {
	if !p.given() {
		return ""
	}
	allowed, ok := compressions[extension]
	if !ok {
		if extension != "" {
			p.fault("the files of " + extension + " are compressed already; leave this out")
		}
		return ""
	}
	return p.oneOf(allowed...)
}
