package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"decant/engine/export/request"
)

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON prints the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := enc.Encode(m.name); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := enc.Encode(m.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// pick leaves the named members, in the object's order; nil names are all.
func (o object) pick(names []string) object {
	if names == nil {
		return o
	}
	return slices.DeleteFunc(slices.Clone(o), func(m member) bool { return !slices.Contains(names, m.name) })
}

// splitObject reads the members of a JSON object; each value is a json.RawMessage with the text that stood there.
func splitObject(text []byte) (object, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	if first, err := dec.Token(); err != nil || first != json.Delim('{') {
		return nil, errors.Join(errNoObject, err)
	}
	var o object
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, err
		}
		o = append(o, member{name.(string), value}) // a name is a string: the decoder sees to it
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	return o, nil
}

var errNoObject = errors.New("this is no JSON object")

// fields reads the parameter fields: names of members, separated by commas; nil is all of them.
func (q *query) fields(known []string) (names []string) {
	given, ok := q.values["fields"]
	if !ok {
		return nil
	}
	names = []string{}
	for _, name := range strings.Split(given[0], ",") {
		name = strings.TrimSpace(name)
		if slices.Contains(known, name) {
			names = append(names, name)
			continue
		}
		f := unknownName(name, "field", known)
		q.faults = append(q.faults, request.Fault{Path: "fields", Value: shown(name), Message: f.Message})
	}
	return names
}
