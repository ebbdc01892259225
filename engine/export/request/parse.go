package request

import "decant/decimation"

// Options say how a request is read.
type Options struct {
	// Lenient takes unknown fields out and names them in IgnoredParameters (RFC 7240, Prefer: handling=lenient).
	Lenient bool
	// ISOTimes allows from and to as ISO 8601 text, as the command line's flags do.
	ISOTimes bool
	// Service is the export service's: it heeds the fields that others take and ignore, so Ignored stays empty.
	Service bool
}

// Parse reads a request. It reports every fault at once, as Faults.
func Parse(data []byte, options Options) (*Request, error) {
	root, err := parseNode(data)
	if err != nil {
		return nil, Faults{{Message: "it is not JSON: " + err.Error()}}
	}
	w := &walker{options: options}
	r := w.request(place{w: w, node: root})
	if len(w.faults) > 0 {
		return nil, w.faults
	}
	r.Raw = root.append(nil)
	r.Ignored = w.ignored
	r.IgnoredParameters = w.unknown
	return r, nil
}

func (w *walker) request(p place) *Request {
	r := &Request{}
	known := []string{"format", "type", "items", "periodicity", "periodStart", "notification"}
	if !p.object(append(known, serviceFields...)...) {
		return r
	}
	if f := p.at("format"); f.required("an object such as {\"extension\": \"csv\"}") {
		r.Format = w.format(f)
	}
	if t := p.at("type"); t.required("oneTime or recurring") {
		r.Recurring = t.oneOf("oneTime", "recurring") == "recurring"
	}
	if items := p.at("items"); items.required("a list with at least one item") && items.is(list) {
		if len(items.node.items) == 0 {
			items.fault("there is no item; each item becomes one file, so at least one is needed")
		}
		for _, item := range items.each() {
			r.Items = append(r.Items, w.item(item, r))
		}
	}
	w.recurrence(p, r)
	w.columnsFit(p, r)
	if n := p.at("notification"); n.given() {
		r.Notification = w.notification(n)
	}
	r.Service = w.service(p, r)
	return r
}

func (w *walker) recurrence(p place, r *Request) {
	periodicity, start := p.at("periodicity"), p.at("periodStart")
	if !r.Recurring {
		for _, f := range []place{periodicity, start} {
			if f.given() {
				f.fault("a oneTime export does not recur; leave this out, or make the type recurring")
			}
		}
		return
	}
	if periodicity.required("a recurring export needs an ISO 8601 duration such as P1M") {
		if d, ok := w.period(periodicity); ok {
			if d.Years|d.Months|d.Weeks|d.Days == 0 && d.Clock < 60e9 {
				periodicity.fault("the shortest periodicity is one minute, PT1M")
			}
			r.Periodicity = d
		}
	}
	r.PeriodStart = w.unixTime(start, nil)
}

// period reads an ISO 8601 duration.
func (w *walker) period(p place) (decimation.Period, bool) {
	s, ok := p.text()
	if !ok {
		return decimation.Period{}, false
	}
	d, err := decimation.ParsePeriod(s)
	if err != nil {
		p.fault(err.Error())
		return d, false
	}
	return d, true
}
