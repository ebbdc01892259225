package request

import (
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
)

// walker collects what it finds wrong while the parser walks through a request.
type walker struct {
	options Options
	faults  Faults
	ignored []string // paths of the service's fields
	unknown []string // paths of unknown fields, where the caller is lenient
}

// place is a value and where it stands.
type place struct {
	w    *walker
	path string
	node *node // nil: nothing stands there
}

func (p place) given() bool { return p.node != nil }

// copied is the place with what stands there now.
func (p place) copied() place {
	if p.node != nil {
		n := *p.node
		p.node = &n
	}
	return p
}

// fault reports what stands here.
func (p place) fault(message string) {
	value := ""
	if p.node != nil {
		value = p.node.short()
	}
	p.w.faults = append(p.w.faults, Fault{p.path, value, message})
}

// at is a field of an object. A field that is JSON null counts as not given, but for atOrNull.
func (p place) at(name string) place {
	f := p.atOrNull(name)
	if f.node != nil && f.node.kind == null {
		f.node = nil
	}
	return f
}

func (p place) atOrNull(name string) place {
	path := name
	if p.path != "" {
		path = p.path + "." + name
	}
	f := place{w: p.w, path: path}
	if p.node != nil && p.node.kind == object {
		f.node = p.node.get(name)
	}
	return f
}

// is checks the kind of what stands here. Nothing is not a fault.
func (p place) is(k kind) bool {
	if p.node == nil {
		return false
	}
	if p.node.kind != k {
		p.fault("this is " + p.node.kind.String() + "; allowed is " + k.String())
		return false
	}
	if k == text && strings.ContainsRune(p.node.text, 0) {
		p.fault("there is a NUL character in it, which neither files' names nor databases hold; leave it out")
		return false
	}
	return true
}

// object checks that an object stands here and that it has known fields only.
func (p place) object(known ...string) bool {
	if !p.is(object) {
		return false
	}
	for _, f := range slices.Clone(p.node.fields) {
		if slices.Contains(known, f.name) {
			continue
		}
		at := p.atOrNull(f.name)
		if p.w.options.Lenient {
			p.w.unknown = append(p.w.unknown, at.path)
			p.node.remove(f.name)
			continue
		}
		message := "there is no such field here"
		if near := nearest(f.name, known); near != "" {
			message += "; did you mean " + near + "?"
		} else {
			message += "; known are " + strings.Join(known, ", ")
		}
		at.fault(message)
	}
	return true
}

func (p place) each() []place {
	places := make([]place, len(p.node.items))
	for i, item := range p.node.items {
		places[i] = place{p.w, p.path + "[" + strconv.Itoa(i) + "]", item}
	}
	return places
}

// required says that something must stand here.
func (p place) required(what string) bool {
	if p.node == nil {
		p.fault("this is missing: " + what)
		return false
	}
	return true
}

// text is a string that stands here; ok is false where none does, or another kind.
func (p place) text() (string, bool) {
	if !p.is(text) {
		return "", false
	}
	return p.node.text, true
}

// oneOf is a string out of a few; the first is the default.
func (p place) oneOf(allowed ...string) string {
	s, ok := p.text()
	if !ok {
		return allowed[0]
	}
	if slices.Contains(allowed, s) {
		return s
	}
	message := "allowed are " + strings.Join(allowed, ", ")
	if near := nearest(s, allowed); near != "" {
		message += "; did you mean " + near + "?"
	}
	p.fault(message)
	return allowed[0]
}

// flag is a bool; otherwise is the default.
func (p place) flag(otherwise bool) bool {
	if !p.is(boolean) {
		return otherwise
	}
	return p.node.boolean
}

// nearest is the known name that is a typing error or two away from s, or "".
func nearest(s string, known []string) string {
	best, distance := "", 1+len(s)/3
	for _, k := range known {
		if strings.EqualFold(k, s) {
			return k
		}
		if d := levenshtein.ComputeDistance(strings.ToLower(s), strings.ToLower(k)); d <= distance {
			if d < distance || best == "" {
				best, distance = k, d
			}
		}
	}
	return best
}
