package ingest

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// The payload formats that a pattern, or a file's extension, may pin. Without a pin the content decides.
const (
	FormatSenMLJSON = "senml-json"
	FormatSenMLCBOR = "senml-cbor"
	FormatConnhex   = "connhex"
	FormatJSON      = "json"
	FormatScalar    = "scalar"
)

// Formats lists what a pattern may pin.
var Formats = []string{FormatSenMLJSON, FormatSenMLCBOR, FormatConnhex, FormatJSON, FormatScalar}

// Route is what a topic says about the samples of its payload.
type Route struct {
	Channel   string
	Subtopic  string // dotted
	Publisher string // empty where the pattern has no {publisher}
	Name      string // valid where HasName
	HasName   bool
	Format    string // the pinned payload format, or empty: the content decides
}

// Pattern says which part of a topic is what. ParsePattern makes one.
type Pattern struct {
	text     string
	segments []segment
	format   string
}

// segment is one level of a pattern.
type segment struct {
	kind    segmentKind
	literal string
}

type segmentKind uint8

const (
	literal segmentKind = iota
	anything
	channel
	publisher
	name
	subtopic // the rest of the topic, which may be nothing
)

// placeholders names the levels that are not literal. {domain} is matched and dropped, as + is: it reads better.
var placeholders = map[string]segmentKind{
	"+":             anything,
	"{domain}":      anything,
	"{channel}":     channel,
	"{publisher}":   publisher,
	"{name}":        name,
	"{subtopic...}": subtopic,
}

// ParsePattern reads a topic pattern: levels separated by slashes, each either literal, one of the placeholders {channel}, {publisher},
// {name}, {domain} and +, or at the end {subtopic...}. A leading slash makes no difference, neither here nor in the topic. After
// a blank, format=NAME pins the payload format, as in "plant/{channel}/{name} format=scalar".
func ParsePattern(s string) (Pattern, error) {
	text, pin, pinned := strings.Cut(s, " format=")
	p := Pattern{text: text, format: pin}
	if pinned && !slices.Contains(Formats, pin) {
		return Pattern{}, fmt.Errorf("topic pattern %q: unknown format %q; allowed are %s", s, pin, strings.Join(Formats, ", "))
	}
	levels := strings.Split(strings.TrimPrefix(text, "/"), "/")
	seen := map[segmentKind]bool{}
	for i, level := range levels {
		kind, ok := placeholders[level]
		switch {
		case !ok && strings.ContainsAny(level, "{}+#"):
			return Pattern{}, fmt.Errorf("topic pattern %q: level %q is neither literal nor a placeholder; allowed are {channel}, {publisher}, "+
				"{name}, {domain}, + and, at the end, {subtopic...}, each filling a whole level", s, level)
		case !ok:
			kind = literal
		case kind == subtopic && i != len(levels)-1:
			return Pattern{}, fmt.Errorf("topic pattern %q: {subtopic...} takes the rest of a topic and must stand at the end", s)
		case kind != anything && seen[kind]:
			return Pattern{}, fmt.Errorf("topic pattern %q: %s stands twice", s, level)
		}
		seen[kind] = true
		p.segments = append(p.segments, segment{kind: kind, literal: level})
	}
	if !seen[channel] {
		return Pattern{}, fmt.Errorf("topic pattern %q: no level is {channel}, so its samples would have none", s)
	}
	return p, nil
}

// String is the pattern as it was written.
func (p Pattern) String() string {
	if p.format != "" {
		return p.text + " format=" + p.format
	}
	return p.text
}

// Filter is the MQTT subscription filter that covers the pattern's topics without a leading slash.
func (p Pattern) Filter() string {
	levels := make([]string, len(p.segments))
	for i, s := range p.segments {
		switch s.kind {
		case literal:
			levels[i] = s.literal
		case subtopic:
			levels[i] = "#"
		default:
			levels[i] = "+"
		}
	}
	return strings.Join(levels, "/")
}

// match fills a route from the topic's levels. ok is false where the pattern is another's.
func (p Pattern) match(topic string) (r Route, ok bool, err error) {
	r.Format = p.format
	rest, more := topic, true
	for _, s := range p.segments {
		if s.kind == subtopic {
			if more {
				r.Subtopic, err = decodeSubtopic(rest)
			}
			return r, true, err
		}
		if !more {
			return r, false, nil
		}
		var level string
		level, rest, more = strings.Cut(rest, "/")
		switch s.kind {
		case literal:
			if level != s.literal {
				return r, false, nil
			}
		case channel:
			r.Channel = level
		case publisher:
			r.Publisher = level
		case name:
			r.Name, r.HasName = level, true
		}
	}
	return r, !more, nil
}

// decodeSubtopic turns the levels of a topic into a dotted subtopic.
func decodeSubtopic(levels string) (string, error) {
	if strings.Contains(levels, "%") {
		decoded, err := url.PathUnescape(levels)
		if err != nil {
			return "", fmt.Errorf("subtopic %q: %w; a literal percent sign is written %%25", levels, err)
		}
		levels = decoded
	}
	return Subtopic(levels), nil
}

// Patterns are tried in order; the first that matches a topic decides.
type Patterns []Pattern

// BuiltIn are the patterns that hold without any configuration.
func BuiltIn() Patterns {
	patterns := make(Patterns, 0, 2)
	for _, s := range []string{"channels/{channel}/messages/{subtopic...}", "m/{domain}/c/{channel}/{subtopic...}"} {
		p, err := ParsePattern(s)
		if err != nil {
			panic(err) // constant patterns: a test parses them
		}
		patterns = append(patterns, p)
	}
	return patterns
}

// Filters are the subscription filters that cover all topics of the patterns, with and without a leading slash, each once.
func (ps Patterns) Filters() []string {
	var filters []string
	for _, p := range ps {
		for _, f := range []string{p.Filter(), "/" + p.Filter()} {
			if !slices.Contains(filters, f) {
				filters = append(filters, f)
			}
		}
	}
	return filters
}

// Match finds the route of a topic. The error says which patterns there are, or which id can't be taken.
func (ps Patterns) Match(topic string) (Route, error) {
	trimmed := strings.TrimPrefix(topic, "/")
	for _, p := range ps {
		r, ok, err := p.match(trimmed)
		if !ok {
			continue
		}
		if err == nil {
			err = r.check()
		}
		if err != nil {
			return Route{}, fmt.Errorf("topic %.300q: %w", topic, err)
		}
		return r, nil
	}
	known := make([]string, len(ps))
	for i, p := range ps {
		known[i] = p.text
	}
	return Route{}, fmt.Errorf("topic %.300q matches no pattern; known are %s", topic, strings.Join(known, ", "))
}

// check refuses ids that break the rules for ids.
func (r Route) check() error {
	if err := CheckID("channel", r.Channel); err != nil {
		return err
	}
	if r.HasName {
		if err := CheckID("name", r.Name); err != nil {
			return err
		}
	}
	for _, id := range []struct{ what, text string }{{"subtopic", r.Subtopic}, {"publisher", r.Publisher}} {
		if id.text == "" {
			continue
		}
		if err := CheckID(id.what, id.text); err != nil {
			return err
		}
	}
	return nil
}
