package export

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// planView is a plan as JSON and text show it.
type planView struct {
	Timezone string     `json:"timezone"`
	Due      string     `json:"due,omitempty"`
	Items    []itemView `json:"items"`
}

type itemView struct {
	File       string       `json:"file"`
	Resource   string       `json:"resource,omitempty"` // what a resource item lists; it has no range and no series
	From       *string      `json:"from"`               // null is an open end
	To         *string      `json:"to"`
	Columns    []string     `json:"columns"`
	Series     []seriesView `json:"series"`
	Decimation string       `json:"decimation,omitempty"` // the functions, and of which buckets
	Buckets    int64        `json:"buckets,omitempty"`
	Rows       int64        `json:"rows"`
	Exact      bool         `json:"exact"` // else rows are a bound
	Bytes      int64        `json:"bytes"` // estimated
}

type seriesView struct {
	Name       string `json:"name"`
	Label      string `json:"label,omitempty"`
	Unit       string `json:"unit,omitempty"`
	Publisher  string `json:"publisher,omitempty"`
	Samples    int64  `json:"samples"` // in the range
	NotPrinted bool   `json:"notPrinted,omitempty"`
}

func (p *Plan) view() planView {
	zone := p.Request.Format.Zone
	v := planView{Timezone: zone.Name, Items: []itemView{}}
	if p.Due != nil {
		v.Due = isoTime(*p.Due, zone.Location)
	}
	for i := range p.Items {
		it := &p.Items[i]
		x := itemView{File: it.File, Resource: string(it.request.Resource), Buckets: it.Buckets, Rows: it.Rows, Exact: it.Exact, Bytes: it.Bytes, Series: []seriesView{}}
		x.From, x.To = it.ends(zone.Location)
		if it.request.Bucket != nil {
			x.Decimation = it.bucketRule(zone.Name)
		}
		for _, c := range it.columns {
			x.Columns = append(x.Columns, c.Label)
		}
		for s := range it.Series {
			sel := &it.Series[s]
			y := seriesView{Name: sel.Name, Unit: sel.Unit, Publisher: sel.Publisher, Samples: sel.Range.Samples, NotPrinted: !it.prints(s)}
			if sel.Label != sel.Name {
				y.Label = sel.Label
			}
			x.Series = append(x.Series, y)
		}
		v.Items = append(v.Items, x)
	}
	return v
}

// MarshalJSON prints what a dry run shows.
func (p *Plan) MarshalJSON() ([]byte, error) { return json.Marshal(p.view()) }

// WriteText prints what a dry run shows, for people.
func (p *Plan) WriteText(w io.Writer) error {
	v := p.view()
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "time zone\t%s\n", v.Timezone)
	if v.Due != "" {
		fmt.Fprintf(t, "due\t%s\n", v.Due)
	}
	for _, it := range v.Items {
		fmt.Fprintf(t, "\n%s\n", it.File)
		if it.Resource != "" {
			fmt.Fprintf(t, "  resource\t%s\n", it.Resource)
		} else {
			fmt.Fprintf(t, "  from\t%s\n  to\t%s\n", endOr(it.From, firstSample), endOr(it.To, lastSample))
		}
		if it.Buckets > 0 {
			fmt.Fprintf(t, "  buckets\t%d: %s\n", it.Buckets, it.Decimation)
		}
		atMost := ""
		if !it.Exact {
			atMost = "at most "
		}
		fmt.Fprintf(t, "  rows\t%s%d\n  bytes\tabout %d\n  columns\t%d\n", atMost, it.Rows, it.Bytes, len(it.Columns))
		for i, s := range it.Series {
			if i == shownSeries {
				fmt.Fprintf(t, "  series\tand %d more\n", len(it.Series)-i)
				break
			}
			text := describe(Series{Name: s.Name, Unit: s.Unit, Publisher: s.Publisher})
			if s.Label != "" {
				text += " as " + s.Label
			}
			if s.NotPrinted {
				text += ", not printed"
			}
			fmt.Fprintf(t, "  series\t%s: %d samples\n", text, s.Samples)
		}
	}
	return t.Flush()
}
