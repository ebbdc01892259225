package request

import (
	"fmt"
	"strings"
)

func (w *walker) target(p place) []Name {
	if !p.object("value", "label") {
		return nil
	}
	value := p.at("value")
	if !value.required("the series' names, separated by commas; * at the end of one matches a prefix") {
		return nil
	}
	s, ok := value.text()
	if !ok {
		return nil
	}
	names, problem := splitTarget(s)
	if problem != "" {
		value.fault(problem)
		return nil
	}
	if label := p.at("label"); label.given() {
		w.labels(label, names)
	}
	return names
}

// splitTarget reads target.value: names separated by commas, blanks around them trimmed, a star at the end of one for a prefix, and
// \, \* \\ for the characters themselves.
func splitTarget(s string) (names []Name, problem string) {
	for _, part := range split(s) {
		name, prefix, problem := unescape(part, true)
		if problem != "" {
			return nil, problem
		}
		if name == "" && !prefix {
			return nil, "there is an empty name; names are separated by one comma"
		}
		names = append(names, Name{Name: name, Prefix: prefix})
	}
	return names, ""
}

// labels gives each name its label. A prefix takes none.
func (w *walker) labels(p place, names []Name) {
	s, ok := p.text()
	if !ok {
		return
	}
	parts := split(s)
	takers := 0
	for _, n := range names {
		if !n.Prefix {
			takers++
		}
	}
	if len(parts) != takers {
		p.fault(fmt.Sprintf("there are %d labels for %d names; allowed is one each (a prefix takes none), \\, is a comma inside of one", len(parts), takers))
		return
	}
	for i := range names {
		if names[i].Prefix {
			continue
		}
		label, _, problem := unescape(parts[0], false)
		if problem == "" && label == "" {
			problem = "there is an empty label"
		}
		if problem != "" {
			p.fault(problem)
			return
		}
		names[i].Label = label
		parts = parts[1:]
	}
}

// split cuts at commas that no backslash precedes and trims blanks.
func split(s string) []string {
	var parts []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ',':
			parts = append(parts, strings.Trim(s[start:i], " \t"))
			start = i + 1
		}
	}
	return append(parts, strings.Trim(s[start:], " \t"))
}

// unescape resolves \, \* \\. Where stars count, one at the end makes a prefix.
func unescape(s string, stars bool) (name string, prefix bool, problem string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			if i+1 == len(s) || !strings.ContainsRune(`,*\`, rune(s[i+1])) {
				return "", false, `a backslash stands alone; allowed are \, \* and \\`
			}
			i++
			b.WriteByte(s[i])
		case s[i] == '*' && stars:
			if i+1 != len(s) {
				return "", false, `a * may stand at the end of a name only; \* is the character itself`
			}
			prefix = true
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), prefix, ""
}
