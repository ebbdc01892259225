package request

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a request; the deepest known field stands at 6.
const maxDepth = 32

// maxFields bounds the fields of an object; the one with the most known ones has some twenty.
const maxFields = 1000

// node is a JSON value that remembers the order of its fields, so that the manifest can print the request as it was written.
type node struct {
	kind    kind
	text    string // number: its digits; string: its value
	boolean bool
	fields  []field
	items   []*node
}

type kind uint8

const (
	null kind = iota
	boolean
	number
	text
	list
	object
)

func (k kind) String() string {
	return [...]string{"null", "true or false", "a number", "a string", "a list", "an object"}[k]
}

type field struct {
	name  string
	value *node
}

// parseNode reads exactly one JSON value: UTF-8, no field twice, nothing behind it.
func parseNode(data []byte) (*node, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("it is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	n, err := decodeNode(dec, 0)
	if err == nil {
		if _, trail := dec.Token(); trail != io.EOF {
			err = errors.New("something stands behind the end of the JSON value")
		}
	}
	if err != nil {
		line, column := position(data, dec.InputOffset())
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the text ends before the JSON value does")
		}
		return nil, fmt.Errorf("line %d, column %d: %w", line, column, err)
	}
	return n, nil
}

func decodeNode(dec *json.Decoder, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch v := tok.(type) {
	case nil:
		return &node{kind: null}, nil
	case bool:
		return &node{kind: boolean, boolean: v}, nil
	case json.Number:
		return &node{kind: number, text: v.String()}, nil
	case string:
		return &node{kind: text, text: v}, nil
	case json.Delim:
		if v == '[' {
			return decodeList(dec, depth)
		}
		return decodeObject(dec, depth)
	}
	return nil, fmt.Errorf("unexpected %v", tok)
}

func decodeList(dec *json.Decoder, depth int) (*node, error) {
	n := &node{kind: list}
	for dec.More() {
		item, err := decodeNode(dec, depth+1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
	}
	_, err := dec.Token()
	return n, err
}

func decodeObject(dec *json.Decoder, depth int) (*node, error) {
	n := &node{kind: object}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return nil, err
		}
		name, ok := tok.(string)
		if !ok {
			return nil, fmt.Errorf("unexpected %v where a field's name should stand", tok)
		}
		if len(n.fields) == maxFields {
			return nil, fmt.Errorf("an object has more than %d fields", maxFields)
		}
		if n.get(name) != nil {
			return nil, fmt.Errorf("the field %q stands twice in one object", name)
		}
		value, err := decodeNode(dec, depth+1)
		if err != nil {
			return nil, err
		}
		n.fields = append(n.fields, field{name, value})
	}
	_, err := dec.Token()
	return n, err
}

func (n *node) get(name string) *node {
	for _, f := range n.fields {
		if f.name == name {
			return f.value
		}
	}
	return nil
}

func (n *node) remove(name string) {
	for i, f := range n.fields {
		if f.name == name {
			n.fields = append(n.fields[:i], n.fields[i+1:]...)
			return
		}
	}
}

// append prints the node as compact JSON.
func (n *node) append(dst []byte) []byte {
	switch n.kind {
	case null:
		return append(dst, "null"...)
	case boolean:
		return strconv.AppendBool(dst, n.boolean)
	case number:
		return append(dst, n.text...)
	case text:
		return appendQuoted(dst, n.text)
	case list:
		dst = append(dst, '[')
		for i, item := range n.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = item.append(dst)
		}
		return append(dst, ']')
	}
	dst = append(dst, '{')
	for i, f := range n.fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendQuoted(dst, f.name)
		dst = append(dst, ':')
		dst = f.value.append(dst)
	}
	return append(dst, '}')
}

func appendQuoted(dst []byte, s string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return strconv.AppendQuote(dst, s)
	}
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}

// short prints the node for an error message.
func (n *node) short() string {
	const most = 60
	s := string(n.append(nil))
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

func position(data []byte, offset int64) (line, column int) {
	before := data[:min(int(offset), len(data))]
	line = 1 + bytes.Count(before, []byte("\n"))
	column = len(before) - bytes.LastIndexByte(before, '\n')
	return line, column
}
