package request

import (
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"decant/decimation"
)

// Options say how a request is read.
type Options struct {
	// Lenient takes unknown fields out and names them in IgnoredParameters (RFC 7240, Prefer: handling=lenient).
	Lenient bool
	// ISOTimes allows from and to as ISO 8601 text, as the command line's flags do.
	ISOTimes bool
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

// serviceFields only mean something to the export service.
var serviceFields = []string{"title", "id", "tags", "run", "enabled", "grace", "condition", "backfill"}

func (w *walker) request(p place) *Request {
	r := &Request{}
	known := []string{"format", "type", "items", "periodicity", "periodStart", "notification"}
	if !p.object(append(known, serviceFields...)...) {
		return r
	}
	for _, name := range serviceFields {
		if p.at(name).given() {
			w.ignored = append(w.ignored, name)
		}
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

func (w *walker) notification(p place) []Message {
	if !p.object("messages") {
		return nil
	}
	list_ := p.at("messages")
	if !list_.required("exactly two messages, one onSuccess and one onFailure") || !list_.is(list) {
		return nil
	}
	var messages []Message
	policies := map[string]int{}
	for _, m := range list_.each() {
		message := w.message(m)
		policies[message.Policy]++
		messages = append(messages, message)
	}
	if len(messages) != 2 || policies["onSuccess"] != 1 || policies["onFailure"] != 1 {
		list_.fault(fmt.Sprintf("there are %d messages, %d onSuccess and %d onFailure; allowed are exactly two, one of each policy",
			len(messages), policies["onSuccess"], policies["onFailure"]))
	}
	return messages
}

func (w *walker) message(p place) Message {
	var m Message
	if !p.object("target", "policy", "medium", "title", "text") {
		return m
	}
	if f := p.at("policy"); f.required("onSuccess or onFailure") {
		m.Policy = f.oneOf("onSuccess", "onFailure")
	}
	if f := p.at("medium"); f.required("email, telegram, slack or discord") {
		m.Medium = f.oneOf("email", "telegram", "slack", "discord")
	}
	for _, t := range []struct {
		name string
		into *string
	}{{"title", &m.Title}, {"text", &m.Text}} {
		if f := p.at(t.name); f.required("a text; {{filename}} {{status}} {{rows}} {{error}} are filled in") {
			*t.into, _ = f.text()
		}
	}
	if f := p.at("target"); f.given() {
		if s, ok := f.text(); ok {
			m.Target = s
			if problem := reachable(m.Medium, s); problem != "" {
				f.fault(problem)
			}
		}
	}
	return m
}

var (
	phone        = regexp.MustCompile(`^\+?[0-9][0-9 ()/-]{5,}$`)
	telegramChat = regexp.MustCompile(`^(-?[0-9]+|@[A-Za-z0-9_]{4,})$`)
)

// reachable says why a medium can't reach a target, or nothing.
func reachable(medium, target string) string {
	switch medium {
	case "email":
		if phone.MatchString(target) {
			return "this looks like a phone number, which email can't reach; allowed is an address such as plant@example.com"
		}
		if a, err := mail.ParseAddress(target); err != nil || a.Address != target {
			return "this is no email address; allowed is one such as plant@example.com"
		}
	case "telegram":
		if !telegramChat.MatchString(target) {
			return "this is no telegram chat; allowed is a chat's number or @name"
		}
	case "slack", "discord":
		if u, err := url.Parse(target); err != nil || u.Scheme != "https" || u.Host == "" {
			return "this is no webhook of " + medium + "; allowed is its https address"
		}
	}
	return ""
}

// columnsFit checks format.columns against the items as far as the request alone tells.
func (w *walker) columnsFit(p place, r *Request) {
	columns := p.at("format").at("columns")
	wide := slices.ContainsFunc(r.Items, func(it Item) bool { return it.Wide })
	if wide && !columns.given() {
		columns.fault("a wide item needs columns: time, and the names or labels of the series to print, in their order")
		return
	}
	if !columns.given() || columns.node.kind != list {
		return
	}
	if wide && !slices.ContainsFunc(r.Format.Columns, func(c Column) bool { return c.ID == "time" }) {
		columns.fault("a wide item prints its times: add {\"id\": \"time\"}")
	}
	for i, c := range columns.each() {
		if wide || i >= len(r.Format.Columns) || r.Format.Columns[i].ID == "" {
			continue // a wide item's columns are series, and only the store knows them
		}
		id := r.Format.Columns[i].ID
		if slices.ContainsFunc(r.Items, func(it Item) bool { return it.Fills(id) }) {
			continue
		}
		c.at("id").fault(unfillable(id))
	}
}

func unfillable(id string) string {
	switch {
	case slices.Contains(rawColumns, id):
		return "no item can fill this column: it belongs to raw rows, and all items are decimated"
	case id == "count":
		return "no item can fill this column: it counts a bucket's samples, and no item is decimated"
	}
	message := "no item can fill this column; allowed are " + strings.Join(append(slices.Clone(commonColumns), append(rawColumns, "count")...), ", ")
	if near := nearest(id, append(slices.Clone(commonColumns), rawColumns...)); near != "" {
		message += "; did you mean " + near + "?"
	}
	return message
}

// The ids of columns in long output.
var (
	commonColumns = []string{"time", "timeUtc", "offset", "channel", "subtopic", "publisher", "name", "senmlName", "unit", "value",
		"stringValue", "boolValue", "dataValue"}
	rawColumns = []string{"sum", "created", "protocol"}
)

// Fills says whether a long item can fill the column id. What a wide item can fill, only the store knows.
func (it *Item) Fills(id string) bool {
	switch {
	case slices.Contains(commonColumns, id):
		return true
	case slices.Contains(rawColumns, id):
		return it.Bucket == nil
	}
	return id == "count" && it.Bucket != nil
}
