package export_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"decant/engine/export/exporttest"
)

// refValue is an attribute as a reference knows it: a text, texts, or a number that may be missing.
type refValue struct {
	texts  []string
	number *int64
}

func word(s ...string) refValue { return refValue{texts: s} }
func count64(n int64) refValue  { return refValue{number: &n} }

// referenceResource lists rows of a resource by attribute, in their order.
func referenceResource(src *exporttest.Memory, s *service, kind string) (rows []map[string]refValue) {
	switch kind {
	case "export":
		for _, e := range s.exports {
			enabled := "false"
			if e.Enabled {
				enabled = "true"
			}
			rows = append(rows, map[string]refValue{"id": word(e.ID), "owner": word(e.Owner), "title": word(e.Title), "tags": word(e.Tags...), "enabled": word(enabled),
				"version": count64(e.Version), "nextRun": {number: e.NextDue}})
		}
		return rows
	case "job":
		for _, j := range s.jobs {
			rows = append(rows, map[string]refValue{"id": word(j.ID), "status": word(j.Status), "error": word(j.Error), "tries": count64(j.Tries), "due": count64(j.Due), "finishedAt": {number: j.EndedAt}})
		}
		return rows
	}
	channels := map[string]map[string]refValue{}
	for key, samples := range src.Settled() {
		first, last, n := samples[0].Time, samples[len(samples)-1].Time, int64(len(samples))
		rows = append(rows, map[string]refValue{"channel": word(key.Channel), "subtopic": word(key.Subtopic), "publisher": word(key.Publisher), "name": word(key.Name), "unit": word(key.Unit),
			"count": count64(n), "firstTime": count64(first), "lastTime": count64(last)})
		c, ok := channels[key.Channel]
		if !ok {
			c = map[string]refValue{"id": word(key.Channel), "series": count64(0), "count": count64(0), "firstTime": count64(first), "lastTime": count64(last)}
			channels[key.Channel] = c
		}
		if !slices.Contains(c["subtopics"].texts, key.Subtopic) {
			subtopics := append(slices.Clone(c["subtopics"].texts), key.Subtopic)
			slices.Sort(subtopics)
			c["subtopics"] = word(subtopics...)
		}
		*c["series"].number++
		*c["count"].number += n
		*c["firstTime"].number = min(*c["firstTime"].number, first)
		*c["lastTime"].number = max(*c["lastTime"].number, last)
	}
	by := []string{"channel", "subtopic", "name", "unit", "publisher"}
	if kind == "channel" {
		rows, by = nil, []string{"id"}
		for _, c := range channels {
			rows = append(rows, c)
		}
	}
	slices.SortFunc(rows, func(a, b map[string]refValue) int {
		for _, k := range by {
			if d := strings.Compare(a[k].texts[0], b[k].texts[0]); d != 0 {
				return d
			}
		}
		return 0
	})
	return rows
}

// drawFilter is a filter as JSON values, with attributes and values that rows may have.
func drawFilter(t *rapid.T, rows []map[string]refValue) (filter []map[string]any) {
	for range rapid.IntRange(0, 3).Draw(t, "entries") {
		entry := map[string]any{}
		for range rapid.IntRange(1, 3).Draw(t, "attributes") {
			row := rapid.SampledFrom(rows).Draw(t, "row")
			var names []string
			for name := range row {
				names = append(names, name)
			}
			slices.Sort(names)
			name := rapid.SampledFrom(names).Draw(t, "attribute")
			v := row[name]
			switch {
			case name == "enabled":
				entry[name] = v.texts[0] == "true"
			case v.number == nil && (name == "nextRun" || name == "finishedAt"):
				entry[name] = map[string]any{"gte": 0}
			case v.number != nil:
				bounds := map[string]any{}
				unit := int64(1)
				if strings.HasSuffix(name, "Time") || strings.HasSuffix(name, "At") || name == "nextRun" || name == "due" {
					unit = 1e9
				}
				at := *v.number / unit
				if rapid.Bool().Draw(t, "gte") {
					bounds["gte"] = at + rapid.Int64Range(-1, 1).Draw(t, "off")
				}
				if len(bounds) == 0 || rapid.Bool().Draw(t, "lt") {
					bounds["lt"] = at + rapid.Int64Range(2, 4).Draw(t, "off")
				}
				entry[name] = bounds
			case len(v.texts) == 0:
				entry[name] = ""
			default:
				s := []rune(rapid.SampledFrom(v.texts).Draw(t, "text"))
				cut := rapid.IntRange(0, len(s)).Draw(t, "cut")
				entry[name] = rapid.SampledFrom([]string{string(s), string(s[:cut]) + "*", "*" + string(s[cut:]), strings.Repeat("?", len(s))}).Draw(t, "glob")
			}
		}
		filter = append(filter, entry)
	}
	return filter
}

func referenceMatches(v refValue, cond any, unit int64) bool {
	switch c := cond.(type) {
	case bool:
		return v.texts[0] == fmt.Sprint(c)
	case string:
		pattern := regexp.MustCompile(`(?s)^` + strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(c)) + `$`)
		return slices.ContainsFunc(v.texts, pattern.MatchString) || len(v.texts) == 0 && pattern.MatchString("")
	case map[string]any:
		number := func(x any) int64 {
			switch n := x.(type) {
			case int:
				return int64(n) * unit
			case int64:
				return n * unit
			}
			panic(x)
		}
		return v.number != nil && (c["gte"] == nil || *v.number >= number(c["gte"])) && (c["lt"] == nil || *v.number < number(c["lt"]))
	}
	panic(cond)
}
