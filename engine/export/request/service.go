package request

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"decant/decimation"
)

// serviceFields only mean something to the export service.
var serviceFields = []string{"title", "id", "tags", "run", "enabled", "grace", "condition", "backfill"}

// defaultGrace delays the start of a scheduled run where the request says nothing, for devices that buffer.
var defaultGrace = decimation.Period{Clock: 60e9}

// maxBackfill is how many runs before its creation an export may ask for.
const maxBackfill = 1000

// service reads what only the export service heeds. It is checked whoever reads the request.
func (w *walker) service(p place, r *Request) Service {
	var s Service
	s.Title, _ = p.at("title").text()
	s.ID = w.exportID(p.at("id"))
	s.Tags = w.tags(p.at("tags"))
	s.Manual = p.at("run").oneOf("auto", "manual") == "manual"
	s.Paused = !p.at("enabled").flag(true)
	s.Grace = w.grace(p.at("grace"))
	s.Backfill = w.backfill(p.at("backfill"), r.Recurring)
	if c := p.at("condition"); c.given() {
		s.Condition = w.condition(c)
	}
	if !w.options.Service {
		for _, name := range serviceFields {
			if p.at(name).given() {
				w.ignored = append(w.ignored, name)
			}
		}
	}
	return s
}

var (
	idForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)
	// apiWords stand in the API's addresses where else an export's id does.
	apiWords = []string{"preview", "bulk", "full", "plan"}
)

func (w *walker) exportID(p place) string {
	s, ok := p.text()
	switch {
	case !ok:
	case !idForm.MatchString(s):
		p.fault("this is no id; allowed are up to 128 letters, digits, dots, underscores and hyphens, the first a letter or digit")
	case slices.Contains(apiWords, s):
		p.fault("this is a word of the API; choose another id than " + strings.Join(apiWords, ", "))
	}
	return s
}

func (w *walker) tags(p place) []Tag {
	if !p.is(list) {
		return nil
	}
	var tags []Tag
	seen := map[Tag]string{}
	for _, entry := range p.each() {
		if !entry.object("label", "value") {
			continue
		}
		var tag Tag
		tag.Label = w.id(entry.at("label"), "the tag's label")
		if value := entry.at("value"); value.required("the tag's value") {
			tag.Value, _ = value.text()
		}
		if first, twice := seen[tag]; twice && tag.Label != "" {
			entry.fault("this tag is listed already at " + first)
		}
		seen[tag] = entry.path
		tags = append(tags, tag)
	}
	return tags
}

// grace reads a duration that, unlike all others, may be zero.
func (w *walker) grace(p place) decimation.Period {
	if !p.given() {
		return defaultGrace
	}
	if p.node.kind == text && p.node.text == "PT0S" {
		return decimation.Period{}
	}
	d, _ := w.period(p)
	return d
}

func (w *walker) backfill(p place, recurring bool) int {
	if !p.is(number) {
		return 0
	}
	n, err := strconv.Atoi(p.node.text)
	if err != nil || n < 0 || n > maxBackfill {
		p.fault(fmt.Sprintf("allowed is a whole number from 0 to %d: how many runs before the creation are made too", maxBackfill))
		return 0
	}
	if n > 0 && !recurring {
		p.fault("a oneTime export has no runs before its creation; leave this out, or make the type recurring")
	}
	return n
}

// operators are a condition's comparisons by what may be written.
var operators = map[string]string{
	">": ">", ">=": ">=", "<": "<", "<=": "<=", "=": "=", "!=": "!=",
	"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "=", "ne": "!=",
}

func (w *walker) condition(p place) *Condition {
	c := &Condition{}
	if !p.object("target", "channelId", "subtopic", "publisher", "unit", "period", "dsf", "op", "value") {
		return c
	}
	c.Target = w.conditionTarget(p.at("target"))
	c.Channel = w.id(p.at("channelId"), "the id of the channel that the devices publish to")
	c.Subtopic = w.subtopic(p.at("subtopic"))
	c.Publisher = w.filter(p.at("publisher"))
	c.Unit = w.filter(p.at("unit"))
	if period := p.at("period"); period.required("the ISO 8601 duration before the run is due that is looked at, such as PT1H") {
		c.Period, _ = w.period(period)
	}
	if dsf := p.at("dsf"); dsf.is(text) {
		var err error
		if c.Function, err = decimation.ParseFunction(dsf.node.text); err != nil {
			dsf.fault(err.Error())
		}
	}
	if op := p.at("op"); op.required("how to compare: > >= < <= = !=") {
		if s, ok := op.text(); ok {
			if c.Op, ok = operators[s]; !ok {
				op.fault("allowed are > >= < <= = !=, or gt gte lt lte eq ne")
			}
		}
	}
	if value := p.at("value"); value.required("the number to compare with") && value.is(number) {
		var err error
		if c.Operand, err = parseFloat(value.node.text); err != nil {
			value.fault(err.Error())
		}
	}
	return c
}

// conditionTarget reads the name of exactly one series, from a text or from an object's value as items have it.
func (w *walker) conditionTarget(p place) string {
	const one = "a condition looks at one series: write exactly one name"
	if !p.required(one) {
		return ""
	}
	if p.node.kind == object {
		if !p.object("value") {
			return ""
		}
		if p = p.at("value"); !p.required(one) {
			return ""
		}
	}
	s, ok := p.text()
	if !ok {
		return ""
	}
	names, problem := splitTarget(s)
	switch {
	case problem != "":
		p.fault(problem)
	case len(names) != 1:
		p.fault(fmt.Sprintf(`there are %d names; %s (\, is a comma inside of it)`, len(names), one))
	case names[0].Prefix:
		p.fault(`a prefix may match many series; ` + one + ` (\* is the character itself)`)
	default:
		return names[0].Name
	}
	return ""
}
