package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Request is the JSON of an export request. Its fields keep their order and their text, so that the service judges what the user wrote.
type Request struct{ fields []field }

type field struct {
	name  string
	value json.RawMessage
}

// requestFields are the fields of a request. What else stands in an Export is the service's.
var requestFields = []string{
	"id", "title", "tags", "type", "format", "items", "periodicity", "periodStart", "notification",
	"run", "enabled", "grace", "condition", "backfill",
}

// ParseRequest reads one JSON object.
func ParseRequest(data []byte) (Request, error) {
	all, _, err := ParseRequests(data)
	if err == nil && len(all) != 1 {
		err = fmt.Errorf("there are %d requests in place of one", len(all))
	}
	if err != nil {
		return Request{}, err
	}
	return all[0], nil
}

// ParseRequests reads one JSON object, an array of them, or one after the other (JSON Lines). several says that it was not a single object.
func ParseRequests(data []byte) (all []Request, several bool, err error) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	for {
		var value json.RawMessage
		if err := d.Decode(&value); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, false, fmt.Errorf("it is not JSON: %w", err)
		}
		if value[0] == '[' {
			if len(all) > 0 || d.More() {
				return nil, false, errors.New("an array of requests stands beside others; write one array, or a request a line")
			}
			var list []json.RawMessage
			if err := json.Unmarshal(value, &list); err != nil {
				return nil, false, fmt.Errorf("it is not JSON: %w", err)
			}
			for i, value := range list {
				r, err := object(value)
				if err != nil {
					return nil, false, fmt.Errorf("request %d: %w", i+1, err)
				}
				all = append(all, r)
			}
			return all, true, nil
		}
		r, err := object(value)
		if err != nil {
			return nil, false, err
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		return nil, false, errors.New("there is no request in it")
	}
	return all, len(all) > 1, nil
}

// object takes valid JSON apart into its fields.
func object(value json.RawMessage) (Request, error) {
	if value[0] != '{' {
		return Request{}, errors.New("a request is a JSON object such as {\"format\": …, \"type\": \"oneTime\", \"items\": […]}")
	}
	var r Request
	d := json.NewDecoder(bytes.NewReader(value))
	if _, err := d.Token(); err != nil {
		return r, err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return r, err
		}
		f := field{name: name.(string)}
		if err := d.Decode(&f.value); err != nil {
			return r, err
		}
		r.fields = append(r.fields, f)
	}
	return r, nil
}

// Text gives a field that is a string; "" where there is none.
func (r Request) Text(name string) string {
	var s string
	_ = json.Unmarshal(r.get(name), &s)
	return s
}

func (r Request) get(name string) json.RawMessage {
	for _, f := range r.fields {
		if f.name == name {
			return f.value
		}
	}
	return json.RawMessage("null")
}

// With gives the request with a field of another value, at its place or, where there is none, in front.
func (r Request) With(name string, value any) Request {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("client: field %s of a request: %v", name, err)) // what callers set are strings and lists of them
	}
	fields := slices.Clone(r.fields)
	for i := range fields {
		if fields[i].name == name {
			fields[i].value = text
			return Request{fields}
		}
	}
	return Request{slices.Insert(fields, 0, field{name, text})}
}

// Without gives the request without some fields.
func (r Request) Without(names ...string) Request {
	return Request{slices.DeleteFunc(slices.Clone(r.fields), func(f field) bool { return slices.Contains(names, f.name) })}
}

// only gives the request with no other fields than these.
func (r Request) only(names []string) Request {
	return Request{slices.DeleteFunc(slices.Clone(r.fields), func(f field) bool { return !slices.Contains(names, f.name) })}
}

// MarshalJSON writes the fields in their order.
func (r Request) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, f := range r.fields {
		if i > 0 {
			b = append(b, ',')
		}
		name, err := json.Marshal(f.name)
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, name...), ':'), f.value...)
	}
	return append(b, '}'), nil
}

// JSON is the request on one line.
func (r Request) JSON() []byte {
	text, err := r.MarshalJSON()
	var b bytes.Buffer
	if err == nil {
		err = json.Compact(&b, text)
	}
	if err != nil {
		panic(fmt.Sprintf("client: a request that was parsed can't be written: %v", err))
	}
	return b.Bytes()
}

// Indented is the request as people read it, with a line end.
func (r Request) Indented() []byte {
	var b bytes.Buffer
	if err := json.Indent(&b, r.JSON(), "", "  "); err != nil {
		panic(fmt.Sprintf("client: a request that was parsed can't be written: %v", err))
	}
	b.WriteByte('\n')
	return b.Bytes()
}
