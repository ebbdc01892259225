package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"decant/engine/export/request"
)

// selection are the flags that describe a one-item request instead of a file.
type selection struct {
	Channel     string   `help:"Channel that the devices publish to." group:"select"`
	Subtopic    *string  `help:"Kind of message, as events.data or events/data; empty for messages whose topic names none." group:"select"`
	Target      []string `help:"Series names, or a prefix and a star; may be given again." placeholder:"NAME,…" sep:"none" group:"select"`
	Label       []string `help:"What to call them: as many as names." placeholder:"LABEL,…" sep:"none" group:"select"`
	Publisher   *string  `help:"Only what this publisher sent." group:"select"`
	Unit        *string  `help:"Only what has this unit." group:"select"`
	Resource    string   `help:"List what is stored instead of samples: series or channel." placeholder:"series|channel" group:"select"`
	Filter      []string `help:"Rows of a resource: ATTRIBUTE=GLOB, ATTRIBUTE>=N, ATTRIBUTE<N, all of which must hold; given again, either may." placeholder:"CONDITION,…" sep:"none" group:"select"`
	From        string   `help:"First moment: Unix seconds, or ISO 8601 in the time zone (2026-09 is its first instant)." placeholder:"TIME" group:"select"`
	To          string   `help:"The moment after the last." placeholder:"TIME" group:"select"`
	Period      string   `help:"How long, as an ISO 8601 duration; alone: the one that ends now." placeholder:"P1M" group:"select"`
	Ds          string   `help:"Width of a bucket: 15m, 1h, 1d, 1w, 1M, 1y." placeholder:"WIDTH" group:"select"`
	Dsf         []string `help:"What to print of a bucket: avg, min, max, sum, variance, stddev, count, first, last (avg). Several have a column each; may be given again." placeholder:"FUNCTION,…" sep:"none" group:"select"`
	Offset      string   `help:"Move buckets of days, weeks, months or years: PT6H is from six to six." placeholder:"DURATION" group:"select"`
	Fill        string   `help:"What an empty bucket prints: null, a number, previous, linear." group:"select"`
	Delta       bool     `help:"Print differences: a meter's consumption." group:"select"`
	Format      string   `help:"csv, xlsx, pdf, jsonl, parquet or arrow (csv)." placeholder:"EXTENSION" group:"print"`
	Shape       string   `help:"long: a row a sample; wide: a column a series (long)." placeholder:"long|wide" group:"print"`
	Columns     []string `help:"Columns in their order, as ID or ID=LABEL; may be given again." placeholder:"ID[=LABEL],…" sep:"none" group:"print"`
	Timezone    string   `help:"IANA time zone of buckets and printed times (utc)." placeholder:"ZONE" group:"print"`
	TimeFormat  string   `help:"iso, local, unix, unixMilli, or a strftime layout (iso)." placeholder:"FORMAT" group:"print"`
	Template    string   `help:"tabular, or expanded: a block of lines a record (tabular)." placeholder:"TEMPLATE" group:"print"`
	Delimiter   string   `help:"CSV's delimiter (,)." group:"print"`
	CsvProfile  string   `help:"excel-eu: semicolons, decimal commas and a byte order mark." placeholder:"PROFILE" group:"print"`
	Compression string   `help:"none, gzip or zstd; parquet also snappy. Compressed CSV and JSON Lines are files NAME.csv.gz, NAME.jsonl.zst." group:"print"`
	Filename    string   `help:"The file's name, without extension." group:"print"`
}

// flagOf names the flag behind a field of the request, for faults.
var flagOf = map[string]string{
	"items[0].params.channelId":         "--channel",
	"items[0].params.subtopic":          "--subtopic",
	"items[0].params.target":            "--target",
	"items[0].params.target.value":      "--target",
	"items[0].params.target.label":      "--label",
	"items[0].params.publisher":         "--publisher",
	"items[0].params.unit":              "--unit",
	"items[0].params.from":              "--from",
	"items[0].params.to":                "--to",
	"items[0].params.period":            "--period",
	"items[0].params.resource":          "--resource",
	"items[0].params.filter":            "--filter",
	"items[0].params.decimation":        "--ds",
	"items[0].params.decimation.ds":     "--ds",
	"items[0].params.decimation.dsf":    "--dsf",
	"items[0].params.fill":              "--fill",
	"items[0].params.transform":         "--delta",
	"items[0].params.outputFormat":      "--shape",
	"items[0].params.decimation.offset": "--offset",
	"items[0].params":                   "--from, --to, --period",
	"items[0].filename":                 "--filename",
	"format.extension":                  "--format",
	"format.columns":                    "--columns",
	"format.timezone":                   "--timezone",
	"format.timeFormat":                 "--time-format",
	"format.template":                   "--template",
	"format.csvDelimiter":               "--delimiter",
	"format.csv.profile":                "--csv-profile",
	"format.compression":                "--compression",
}

// byFlag renames the faults' paths to the flags that the user typed.
func byFlag(err error) error {
	var faults request.Faults
	if !errors.As(err, &faults) {
		return err
	}
	for i, f := range faults {
		faults[i].Message = strings.ReplaceAll(f.Message, "format.compression", flagOf["format.compression"]) // said to --format csv.gz
		path := f.Path
		for _, list := range []string{"format.columns", "items[0].params.decimation.dsf"} {
			if strings.HasPrefix(path, list+"[") {
				path = list
			}
		}
		if condition, ok := strings.CutPrefix(path, "items[0].params.filter["); ok {
			_, attribute, _ := strings.Cut(condition, "].")
			faults[i].Path = strings.TrimSpace("--filter " + attribute)
		}
		if flag, ok := flagOf[path]; ok {
			faults[i].Path = flag
		}
	}
	return faults
}

// given says whether any of the flags was set.
func (s *selection) given() bool {
	return string(mustJSON(s)) != string(mustJSON(&selection{}))
}

// request is the request that the flags describe.
func (s *selection) request() ([]byte, error) {
	format := object{"extension": or(s.Format, "csv")}
	format.set("timezone", s.Timezone)
	format.set("timeFormat", s.TimeFormat)
	format.set("template", s.Template)
	format.set("csvDelimiter", s.Delimiter)
	format.set("compression", s.Compression)
	if s.CsvProfile != "" {
		format["csv"] = object{"profile": s.CsvProfile}
	}
	if len(s.Columns) > 0 {
		var columns []object
		for _, c := range commas(s.Columns) {
			id, label, labelled := strings.Cut(c, "=")
			column := object{"id": id}
			if labelled {
				column["label"] = label
			}
			columns = append(columns, column)
		}
		format["columns"] = columns
	}

	target := object{"value": strings.Join(s.Target, ",")}
	target.set("label", strings.Join(s.Label, ","))
	params := object{"target": target}
	switch {
	case len(s.Target) > 0:
	case s.Resource != "":
		delete(params, "target")
	default:
		params["target"] = object{} // so that names are missing, and not an object
	}
	params.set("channelId", s.Channel)
	params.set("period", s.Period)
	params.set("outputFormat", s.Shape)
	params.number("from", s.From)
	params.number("to", s.To)
	params.number("fill", s.Fill)
	if s.Subtopic != nil {
		params["subtopic"] = *s.Subtopic
	}
	if s.Publisher != nil {
		params["publisher"] = *s.Publisher
	}
	if s.Unit != nil {
		params["unit"] = *s.Unit
	}
	if s.Delta {
		params["transform"] = "delta"
	}
	decimation, err := s.decimation()
	if err != nil {
		return nil, err
	}
	if decimation != nil {
		params["decimation"] = decimation
	}
	params.set("resource", s.Resource)
	if err := s.filter(params); err != nil {
		return nil, err
	}
	item := object{"params": params}
	item.set("filename", s.Filename)
	return mustJSON(object{"format": format, "type": "oneTime", "items": []object{item}}), nil
}

// filter puts params.filter: an entry for each flag.
func (s *selection) filter(params object) error {
	var entries []object
	for _, flag := range s.Filter {
		entry := object{}
		for _, condition := range commas([]string{flag}) {
			if err := entry.condition(condition); err != nil {
				return usageError{fmt.Errorf("--filter %s: %w", flag, err)}
			}
		}
		entries = append(entries, entry)
	}
	if entries != nil {
		params["filter"] = entries
	}
	return nil
}

// condition puts a condition on an attribute: name=GLOB, count>=N or count<N.
func (o object) condition(text string) error {
	at := strings.IndexAny(text, "=<>")
	if at < 1 {
		return fmt.Errorf("%q is no condition; allowed are such as name=urn:*, count>=10 and lastTime<2026-09", text)
	}
	name, sign := text[:at], text[at:]
	bound := ""
	switch {
	case strings.HasPrefix(sign, ">="):
		bound, sign = "gte", sign[2:]
	case sign[0] == '<' && !strings.HasPrefix(sign, "<="):
		bound, sign = "lt", sign[1:]
	case sign[0] == '=':
		if _, twice := o[name]; twice {
			return fmt.Errorf("%s has two conditions; a filter for either is a flag of its own", name)
		}
		o[name] = sign[1:]
		return nil
	default:
		return fmt.Errorf("%q is no condition; allowed are >= and <", text)
	}
	bounds, ok := o[name].(object)
	if !ok {
		bounds = object{}
	}
	if _, twice := bounds[bound]; twice || o[name] != nil && !ok {
		return fmt.Errorf("%s has two conditions; a filter for either is a flag of its own", name)
	}
	bounds.number(bound, sign)
	o[name] = bounds
	return nil
}

// decimation is params.decimation; nil where no bucket is asked for. One function is a text, several are a list.
func (s *selection) decimation() (object, error) {
	functions := commas(s.Dsf)
	if s.Ds == "" {
		for _, needs := range [][2]string{{"--dsf", strings.Join(functions, ",")}, {"--offset", s.Offset}} {
			if needs[1] != "" {
				return nil, usageError{fmt.Errorf("%s %s needs buckets; add --ds, such as --ds 1d", needs[0], needs[1])}
			}
		}
		return nil, nil
	}
	decimation := object{"ds": s.Ds}
	switch len(functions) {
	case 0:
	case 1:
		decimation.set("dsf", functions[0])
	default:
		decimation["dsf"] = functions
	}
	decimation.set("offset", s.Offset)
	return decimation, nil
}

type object map[string]any

// set puts a text that was given.
func (o object) set(name, value string) {
	if value != "" {
		o[name] = value
	}
}

// number puts a number as a number, and anything else as the text that it is.
func (o object) number(name, value string) {
	if value == "" {
		return
	}
	o[name] = value
	if json.Valid([]byte(value)) && strings.ContainsAny(value[:1], "-0123456789") {
		o[name] = json.Number(value)
	}
}

// commas splits a repeated flag at commas; \, is a comma.
func commas(values []string) []string {
	var out []string
	for _, v := range values {
		v = strings.ReplaceAll(v, `\,`, "\x00")
		for _, part := range strings.Split(v, ",") {
			out = append(out, strings.TrimSpace(strings.ReplaceAll(part, "\x00", ",")))
		}
	}
	return out
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // only strings, numbers and bools get here
	}
	return data
}
