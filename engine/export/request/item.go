package request

import "strings"

func (w *walker) item(p place, r *Request) Item {
	var it Item
	if !p.object("params", "filename") {
		return it
	}
	it.Filename = w.filename(p.at("filename"))
	params := p.at("params")
	if !params.required("an object with target, channelId and subtopic") {
		return it
	}
	if params.at("resource").given() {
		w.resource(params, &it, r)
		return it
	}
	if !params.object(append([]string{"filter"}, sampleFields...)...) {
		return it
	}
	if f := params.at("filter"); f.given() {
		f.fault("filter belongs to items with resource: series, channel, export or job; samples are chosen by target, publisher and unit")
	}
	if t := params.at("target"); t.required("an object such as {\"value\": \"urn:dev:meter:1:energy\"}") {
		it.Target = w.target(t)
	}
	it.Channel = w.id(params.at("channelId"), "the id of the channel that the devices publish to")
	it.Subtopic = w.subtopic(params.at("subtopic"))
	w.span(params, &it, r)
	if d := params.at("decimation"); d.given() {
		w.decimation(d, &it)
	}
	it.Fill = w.fill(params)
	if t := params.at("transform"); t.given() {
		it.Delta = t.oneOf("delta") == "delta"
	}
	it.Wide = params.at("outputFormat").oneOf("long", "wide") == "wide"
	it.Publisher = w.filter(params.at("publisher"))
	it.Unit = w.filter(params.at("unit"))
	return it
}

// sampleFields are those of an item that selects samples.
var sampleFields = []string{"target", "channelId", "subtopic", "from", "to", "period", "decimation", "transform", "outputFormat", "publisher", "unit", "fill"}

// subtopic reads a subtopic in dotted or slashed form.
func (w *walker) subtopic(p place) string {
	if !p.required(`the kind of message, such as events.data, or "" for messages whose topic names none`) {
		return ""
	}
	s, _ := p.text()
	return dotted(s)
}

// id is a text that must not be empty.
func (w *walker) id(p place, what string) string {
	if !p.required(what) {
		return ""
	}
	s, ok := p.text()
	if ok && s == "" {
		p.fault("this is empty: " + what)
	}
	return s
}

// filter is a text that may be empty: no publisher, no unit.
func (w *walker) filter(p place) *string {
	s, ok := p.text()
	if !ok {
		return nil
	}
	return &s
}

// dotted brings a subtopic to the form in which it is stored, as ingest does with topics: parts separated by dots, empty ones dropped.
func dotted(s string) string {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '.' || r == '/' })
	return strings.Join(parts, ".")
}

// span reads from, to and period.
func (w *walker) span(params place, it *Item, r *Request) {
	from, to, period := params.at("from"), params.at("to"), params.at("period")
	asked := to.copied() // a fault shows the end as it was given, which unixTime may replace by seconds
	it.From = w.unixTime(from, r)
	it.To = w.unixTime(to, r)
	if period.given() {
		if d, ok := w.period(period); ok {
			it.Period = &d
		}
	}
	switch {
	case r.Recurring && (from.given() || to.given()):
		params.fault("a recurring item takes period, or no range at all; leave out from and to")
	case from.given() && to.given() && period.given():
		params.fault("from, to and period together say too much; leave out one of them")
	case it.From != nil && it.To != nil && *it.From >= *it.To:
		asked.fault("the range is empty: to must be later than from")
	}
}
