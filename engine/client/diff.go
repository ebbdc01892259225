package client

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Difference is a place at which two requests differ. Old and New are JSON; empty is nothing.
type Difference struct {
	Path string `json:"path"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

// defaults of the fields that only the service knows: a request that leaves one out and one that says it ask for the same.
var defaults = map[string]string{"run": `"auto"`, "enabled": `true`, "grace": `"PT1M"`, "backfill": `0`, "tags": `[]`, "title": `""`}

// Diff says how two requests differ in what they ask for: the order of fields, null in place of nothing, and how a number is written are no
// difference. Where a message goes is compared whole and shown without what makes an address a secret.
func Diff(old, new Request) []Difference {
	d := &differ{}
	d.objects("", old.meaning(), new.meaning())
	return d.found
}

// meaning is the request as Go values, without what says nothing.
func (r Request) meaning() map[string]any {
	m := map[string]any{}
	for _, f := range r.fields {
		v := decoded(f.value)
		if v == nil || jsonText(v) == defaults[f.name] {
			continue
		}
		m[f.name] = v
	}
	return m
}

func decoded(text []byte) (v any) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	_ = d.Decode(&v) // it was parsed before
	return v
}

func jsonText(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // decoded JSON can be encoded
	return strings.TrimSuffix(b.String(), "\n")
}

type differ struct{ found []Difference }

func (d *differ) add(path string, old, new any) {
	diff := Difference{Path: path}
	if old != nil {
		diff.Old = jsonText(shown(path, old))
	}
	if new != nil {
		diff.New = jsonText(shown(path, new))
	}
	d.found = append(d.found, diff)
}

func (d *differ) values(path string, old, new any) {
	switch o := old.(type) {
	case map[string]any:
		if n, ok := new.(map[string]any); ok {
			d.objects(path+".", o, n)
			return
		}
	case []any:
		if n, ok := new.([]any); ok {
			d.lists(path, o, n)
			return
		}
	case json.Number:
		if n, ok := new.(json.Number); ok && equalNumbers(o, n) {
			return
		}
	case string:
		if n, ok := new.(string); ok {
			if o != n {
				d.texts(path, o, n)
			}
			return
		}
	case bool:
		if o == new {
			return
		}
	case nil:
		if new == nil {
			return
		}
	}
	d.add(path, old, new)
}

// texts shows that a text is another, where what may be shown of both is the same too.
func (d *differ) texts(path, old, new string) {
	d.add(path, old, new)
	if last := &d.found[len(d.found)-1]; last.Old == last.New {
		last.New += " (another)"
	}
}

func (d *differ) objects(prefix string, old, new map[string]any) {
	names := maps.Clone(old)
	maps.Copy(names, new)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		o, was := old[name]
		n, is := new[name]
		if name == "fill" && was != is { // null is a value of this one
			o, n = shownNull(o, was), shownNull(n, is)
		}
		d.values(prefix+name, o, n)
	}
}

func shownNull(v any, there bool) any {
	if there && v == nil {
		return json.RawMessage("null")
	}
	return v
}

func (d *differ) lists(path string, old, new []any) {
	for i := range max(len(old), len(new)) {
		var o, n any
		if i < len(old) {
			o = old[i]
		}
		if i < len(new) {
			n = new[i]
		}
		d.values(path+"["+strconv.Itoa(i)+"]", o, n)
	}
}

// equalNumbers compares as the service reads them, without regard to how they are written.
func equalNumbers(a, b json.Number) bool {
	if a == b {
		return true
	}
	x, errX := a.Float64()
	y, errY := b.Float64()
	return errX == nil && errY == nil && x == y && !wholeAndLong(a) && !wholeAndLong(b)
}

// wholeAndLong is a number of more digits than a float64 holds: it equals only itself.
func wholeAndLong(n json.Number) bool {
	digits := strings.Trim(strings.NewReplacer(".", "", "-", "").Replace(string(n)), "0")
	return len(digits) > 15
}

// mask ends an address of which no more than scheme and host is shown: the rest lets whoever has it send messages.
const mask = "/***"

// shown is a value without what makes the addresses in it secrets.
func shown(path string, v any) any {
	switch w := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for name, value := range w {
			m[name] = shown(path+"."+name, value)
		}
		return m
	case []any:
		list := make([]any, len(w))
		for i, value := range w {
			list[i] = shown(path+"[]", value)
		}
		return list
	case string:
		if strings.HasPrefix(path, "notification") && strings.HasSuffix(path, ".target") {
			return masked(w)
		}
	}
	return v
}

// masked is an address as it may be shown.
func masked(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host[strings.LastIndexByte(host, '@')+1:] + mask
}

// Masked are the places of a request at which the service shows an address in part alone: in listings, and to callers who may not change it.
func (r Request) Masked() (paths []string) {
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				walk(strings.TrimPrefix(path+"."+name, "."), v[name])
			}
		case []any:
			for i := range v {
				walk(path+"["+strconv.Itoa(i)+"]", v[i])
			}
		case string:
			if strings.HasSuffix(v, mask) && strings.Contains(v, "://") {
				paths = append(paths, path)
			}
		}
	}
	walk("notification", r.meaning()["notification"])
	return paths
}
