package export

import (
	"encoding/json"
	"fmt"
	"time"

	"decant/decimation"
)

// manifestName is the file that makes a folder an export: it is written last.
const manifestName = "manifest.json"

// Manifest says what a job made of which request. All of it but Run is the same for the same request over the same data.
type Manifest struct {
	Manifest     int             `json:"manifest"` // version of this format: 1
	Decant       string          `json:"decant"`
	ZoneDatabase string          `json:"zoneDatabase"`
	Timezone     string          `json:"timezone"`
	Request      json.RawMessage `json:"request,omitempty"`
	// IgnoredFields belong to the export service and did nothing; IgnoredParameters are unknown and were taken by lenient handling.
	IgnoredFields     []string `json:"ignoredFields,omitempty"`
	IgnoredParameters []string `json:"ignoredParameters,omitempty"`
	Due               string   `json:"due,omitempty"` // recurring: the scheduled instant of the run
	Files             []File   `json:"files"`
	Run               RunInfo  `json:"run"`
}

// File is one item's file.
type File struct {
	File       string        `json:"file"`
	Item       int           `json:"item"`               // index into the request's items
	Resource   string        `json:"resource,omitempty"` // of a resource item: what it lists
	From       *string       `json:"from"`               // null is an open end
	To         *string       `json:"to"`
	Decimation string        `json:"decimation,omitempty"` // the functions, and of which buckets
	Rows       int64         `json:"rows"`
	Bytes      int64         `json:"bytes"`
	SHA256     string        `json:"sha256"`
	Series     []SeriesCount `json:"series"`
}

// SeriesCount says what became of a series' samples in the range.
type SeriesCount struct {
	Name      string `json:"name"`
	Label     string `json:"label,omitempty"` // where it is not the name
	Unit      string `json:"unit,omitempty"`
	Publisher string `json:"publisher,omitempty"`
	Samples   int64  `json:"samples"`
	Rows      int64  `json:"rows"`
	// NotPrinted marks a series that no column of a wide item prints.
	NotPrinted bool     `json:"notPrinted,omitempty"`
	LeftOut    *LeftOut `json:"leftOut,omitempty"`
}

// LeftOut counts samples that decimation and delta can't take, by kind.
type LeftOut struct {
	Strings int64 `json:"strings,omitempty"`
	Bytes   int64 `json:"bytes,omitempty"`
	Empty   int64 `json:"withoutValue,omitempty"`
}

func (l *LeftOut) add(o LeftOut) {
	l.Strings += o.Strings
	l.Bytes += o.Bytes
	l.Empty += o.Empty
}

// RunInfo is what differs from run to run.
type RunInfo struct {
	Job      string `json:"job,omitempty"`
	Started  string `json:"started"` // UTC
	Finished string `json:"finished"`
	Duration string `json:"duration"` // as 1.5s
	Arrival  uint64 `json:"arrival"`  // sequence number of the newest sample that was seen
}

func (it *Item) leftOut(i int) LeftOut {
	if it.request.Bucket == nil && !it.request.Delta {
		return LeftOut{}
	}
	s := it.Series[i].Range
	return LeftOut{Strings: s.Strings, Bytes: s.Bytes, Empty: s.Empty}
}

// fileOf describes an item's file.
func (p *Plan) fileOf(it *Item, result itemResult, bytes int64, sum []byte) File {
	f := File{File: it.File, Item: it.Index, Resource: string(it.request.Resource), Rows: result.rows, Bytes: bytes, SHA256: fmt.Sprintf("%x", sum), Series: []SeriesCount{}}
	f.From, f.To = it.ends(p.Request.Format.Zone.Location)
	if it.request.Bucket != nil {
		f.Decimation = it.bucketRule(p.Request.Format.Zone.Name)
	}
	for i := range it.Series {
		s := &it.Series[i]
		count := SeriesCount{Name: s.Name, Unit: s.Unit, Publisher: s.Publisher, Samples: s.Range.Samples, Rows: result.bySeries[i], NotPrinted: !it.prints(i)}
		if s.Label != s.Name {
			count.Label = s.Label
		}
		if left := it.leftOut(i); left != (LeftOut{}) && it.prints(i) {
			count.LeftOut = &left
		}
		f.Series = append(f.Series, count)
	}
	return f
}

// manifest describes a job whose files are written.
func (p *Plan) manifest(snap Snapshot, files []File, started int64) *Manifest {
	finished := p.opts.Clock()
	m := &Manifest{
		Manifest:          1,
		Decant:            p.opts.Version,
		ZoneDatabase:      decimation.ZoneDatabase,
		Timezone:          p.Request.Format.Zone.Name,
		Request:           p.Request.Raw,
		IgnoredFields:     p.Request.Ignored,
		IgnoredParameters: p.Request.IgnoredParameters,
		Files:             files,
		Run: RunInfo{
			Job:      p.opts.JobID,
			Started:  isoTime(started, time.UTC),
			Finished: isoTime(finished, time.UTC),
			Duration: time.Duration(finished - started).String(),
			Arrival:  snap.Arrival(),
		},
	}
	if p.Due != nil {
		m.Due = isoTime(*p.Due, p.Request.Format.Zone.Location)
	}
	return m
}
