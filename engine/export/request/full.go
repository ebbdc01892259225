package request

import (
	"time"

	"decant/decimation"
	"decant/formats"
)

// fullColumns are what is kept of each sample: all but the time of an update.
var fullColumns = []string{"channel", "subtopic", "publisher", "name", "unit", "time", "value", "sum", "created", "protocol"}

// Full is the request of a full export: all that is stored of some channels, a file a channel, in format jsonl (compressed by gzip) or parquet. It has no Raw,
// because nobody wrote it.
func Full(format string, channels []string) *Request {
	r := &Request{
		Format: Format{Extension: format, Zone: &decimation.Zone{Name: "UTC", Location: time.UTC}, TimeFormat: "iso", CSV: formats.CSV{Delimiter: ','}},
		Items:  make([]Item, len(channels)),
	}
	if format == "jsonl" {
		r.Format.Compression = "gzip"
	}
	for _, id := range fullColumns {
		r.Format.Columns = append(r.Format.Columns, Column{ID: id, Label: id})
	}
	for i, channel := range channels {
		r.Items[i] = Item{Filename: channel, Target: []Name{{Prefix: true}}, Channel: channel, AnySubtopic: true}
	}
	return r
}
