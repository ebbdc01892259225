package export

import (
	"slices"

	"decant/engine/export/request"
)

// ruleTest says which rows a filter lets pass: those that any rule matches, or without a filter all.
func ruleTest(kind request.Resource, filter []request.Rule) func(attributes) bool {
	if filter == nil {
		return func(attributes) bool { return true }
	}
	known := kind.Attributes()
	return func(row attributes) bool {
		return slices.ContainsFunc(filter, func(rule request.Rule) bool {
			return !slices.ContainsFunc(rule, func(m request.Match) bool {
				i := kind.Attribute(string(kind) + "." + m.Attribute)
				return !matches(known[i].Type, &row[i], &m)
			})
		})
	}
}

func matches(t request.AttributeType, v *attribute, m *request.Match) bool {
	switch t {
	case request.TextAttribute:
		return request.MatchGlob(*m.Glob, v.text)
	case request.ListAttribute:
		if len(v.list) == 0 {
			return request.MatchGlob(*m.Glob, "")
		}
		return slices.ContainsFunc(v.list, func(s string) bool { return request.MatchGlob(*m.Glob, s) })
	case request.BoolAttribute:
		return *m.Glob == "true" == (v.number != 0)
	}
	return !v.missing && (m.Gte == nil || v.number >= *m.Gte) && (m.Lt == nil || v.number < *m.Lt)
}
