package request

import (
	"slices"
	"strconv"
	"strings"
)

// AttributeType is what an attribute of a resource holds.
type AttributeType uint8

const (
	TextAttribute AttributeType = iota
	ListAttribute               // texts, printed with commas between them; a glob that matches any of them matches
	NumberAttribute
	BoolAttribute
	TimeAttribute
)

// Attribute is one column of a resource: <type>.<name>.
type Attribute struct {
	Name string
	Type AttributeType
}

// attributes are the columns of each resource, in the order in which they are printed where the request names none.
var attributes = map[Resource][]Attribute{
	SeriesResource: {
		{"channel", TextAttribute}, {"subtopic", TextAttribute}, {"publisher", TextAttribute}, {"name", TextAttribute}, {"unit", TextAttribute},
		{"count", NumberAttribute}, {"firstTime", TimeAttribute}, {"lastTime", TimeAttribute}},
	ChannelResource: {
		{"id", TextAttribute}, {"subtopics", ListAttribute}, {"series", NumberAttribute},
		{"count", NumberAttribute}, {"firstTime", TimeAttribute}, {"lastTime", TimeAttribute}},
	ExportResource: {
		{"id", TextAttribute}, {"owner", TextAttribute}, {"type", TextAttribute}, {"title", TextAttribute}, {"tags", ListAttribute},
		{"enabled", BoolAttribute}, {"status", TextAttribute}, {"version", NumberAttribute}, {"nextRun", TimeAttribute},
		{"createdAt", TimeAttribute}, {"updatedAt", TimeAttribute}},
	JobResource: {
		{"id", TextAttribute}, {"exportId", TextAttribute}, {"owner", TextAttribute}, {"status", TextAttribute}, {"cause", TextAttribute},
		{"due", TimeAttribute}, {"tries", NumberAttribute}, {"createdAt", TimeAttribute}, {"startedAt", TimeAttribute}, {"finishedAt", TimeAttribute},
		{"expiresAt", TimeAttribute}, {"rows", NumberAttribute}, {"bytes", NumberAttribute}, {"error", TextAttribute}},
}

// Attributes are the attributes of a resource, in their order. The caller must not change them.
func (r Resource) Attributes() []Attribute { return attributes[r] }

// Attribute finds an attribute by its column's id, <type>.<name>; it is -1 where the resource has none of that id.
func (r Resource) Attribute(id string) int {
	name, ok := strings.CutPrefix(id, string(r)+".")
	if !ok {
		return -1
	}
	return r.named(name)
}

func (r Resource) named(name string) int {
	return slices.IndexFunc(attributes[r], func(a Attribute) bool { return a.Name == name })
}

// ids are the ids of all columns.
func (r Resource) ids() []string {
	ids := make([]string, len(attributes[r]))
	for i, a := range attributes[r] {
		ids[i] = string(r) + "." + a.Name
	}
	return ids
}

// resource reads the params of an item that lists what decant knows.
func (w *walker) resource(params place, it *Item, r *Request) {
	for _, name := range sampleFields {
		f := params.at(name)
		if name == "fill" { // where null is a value
			f = params.atOrNull(name)
		}
		if f.given() {
			f.fault("a resource item takes resource and filter only: it lists what decant knows as the job starts, and selects no samples")
		}
	}
	if !params.object(append([]string{"resource", "filter"}, sampleFields...)...) {
		return
	}
	before := len(w.faults)
	kind := Resource(params.at("resource").oneOf(string(SeriesResource), string(ChannelResource), string(ExportResource), string(JobResource)))
	it.Resource = kind
	if len(w.faults) > before {
		return // what may stand in the filter depends on it
	}
	filter := params.at("filter")
	if !filter.is(list) {
		return
	}
	if len(filter.node.items) == 0 {
		filter.fault("there is no entry, so no row would match; leave this out for all rows")
	}
	for _, entry := range filter.each() {
		it.Filter = append(it.Filter, w.rule(entry, kind, r))
	}
}

// rule reads an entry of a filter. Attributes may have the type before them, as columns do.
func (w *walker) rule(p place, kind Resource, r *Request) Rule {
	var known []string
	for _, a := range attributes[kind] {
		known = append(known, a.Name)
	}
	before := len(w.faults)
	if !p.object(append(known, kind.ids()...)...) {
		return nil
	}
	var rule Rule
	seen := map[string]string{}
	for _, f := range p.node.fields {
		at := p.at(f.name)
		name := strings.TrimPrefix(f.name, string(kind)+".")
		i := kind.named(name)
		if !at.given() || i < 0 {
			continue
		}
		if once(at, "attribute", name, seen) {
			rule = append(rule, w.match(at, attributes[kind][i], r))
		}
	}
	if len(rule) == 0 && len(w.faults) == before {
		p.fault("the entry says nothing, so every row would match; leave the filter out for all rows")
	}
	return rule
}

func (w *walker) match(p place, a Attribute, r *Request) Match {
	m := Match{Attribute: a.Name}
	switch a.Type {
	case TextAttribute, ListAttribute:
		if p.node.kind != text {
			p.fault("this is " + p.node.kind.String() + `; allowed is a text, in which * stands for any characters and ? for one (\* \? \\ are the characters themselves)`)
			return m
		}
		m.Glob = &p.node.text
		if err := CheckGlob(*m.Glob); err != nil {
			p.fault(err.Error())
		}
	case BoolAttribute:
		if p.is(boolean) {
			s := strconv.FormatBool(p.node.boolean)
			m.Glob = &s
		}
	default:
		w.bounds(p, a, &m, r)
	}
	return m
}

// bounds reads {gte, lt} of a number or a time.
func (w *walker) bounds(p place, a Attribute, m *Match, r *Request) {
	if p.node.kind != object {
		p.fault("this is " + p.node.kind.String() + `; allowed is an object such as {"gte": 1, "lt": 10}; either may be left out`)
		return
	}
	before := len(w.faults)
	if !p.object("gte", "lt") {
		return
	}
	gte, lt := p.at("gte"), p.at("lt")
	read := w.whole
	if a.Type == TimeAttribute {
		read = func(p place) *int64 { return w.unixTime(p, r) }
	}
	m.Gte, m.Lt = read(gte), read(lt)
	switch {
	case !gte.given() && !lt.given() && len(w.faults) == before:
		p.fault("there is no bound: write gte, lt or both")
	case m.Gte != nil && m.Lt != nil && *m.Gte >= *m.Lt:
		lt.fault("no number lies between: lt must be greater than gte")
	}
}

// whole reads a whole number.
func (w *walker) whole(p place) *int64 {
	if !p.is(number) {
		return nil
	}
	n, err := strconv.ParseInt(p.node.text, 10, 64)
	if err != nil {
		p.fault("allowed is a whole number within 64 bits")
		return nil
	}
	return &n
}
