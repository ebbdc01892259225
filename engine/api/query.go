package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"

	"decant/decimation"
	"decant/engine/export/request"
)

// lenient says whether the caller wants what is unknown ignored and named, in place of refused (RFC 7240, Prefer: handling=lenient).
func lenient(r *http.Request) bool {
	for _, line := range r.Header.Values("Prefer") {
		for _, preference := range strings.Split(line, ",") {
			preference, _, _ = strings.Cut(preference, ";")
			name, value, _ := strings.Cut(preference, "=")
			if strings.EqualFold(strings.TrimSpace(name), "handling") {
				return strings.EqualFold(strings.Trim(strings.TrimSpace(value), `"`), "lenient") // the first one counts
			}
		}
	}
	return false
}

// checkQuery refuses a query that can't be read, parameters that the route doesn't know, and those that stand twice. ids[] and ids are one
// parameter, and the only kind that may be repeated.
func checkQuery(rt route, r *http.Request) error {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return refuse(badRequest, "the query can't be read: %v; percent-encode what is no letter or digit", err)
	}
	known := strings.Fields(rt.query)
	var faults request.Faults
	for _, name := range sortedNames(values) {
		if unprintable(name) || slices.ContainsFunc(values[name], unprintable) {
			return refuse(badRequest, "the query parameter %s is not UTF-8, or has control characters in it", shown(name))
		}
	}
	for _, name := range sortedNames(values) {
		list := slices.Contains(known, strings.TrimSuffix(name, "[]")+"[]")
		switch {
		case !list && !slices.Contains(known, name):
			if !lenient(r) {
				faults = append(faults, unknownName(name, "query parameter", known))
			}
		case !list && len(values[name]) > 1:
			faults = append(faults, request.Fault{Path: name, Message: fmt.Sprintf("the parameter stands %d times; allowed is once", len(values[name]))})
		}
	}
	q := query{values: values, faults: faults}
	q.flag("pretty") // every route that prints JSON knows it
	return q.err()
}

// pretty says whether a caller wants to read the answer.
func pretty(r *http.Request) bool { return readQuery(r).flag("pretty") }

// ignored adds to what was left out of a body the query parameters that a route with this query doesn't know, for an answer to a lenient caller.
func ignored(query string, r *http.Request, names []string) []string {
	names = append([]string{}, names...)
	known := strings.Fields(query)
	for _, name := range sortedNames(r.URL.Query()) {
		if !slices.Contains(known, name) && !slices.Contains(known, strings.TrimSuffix(name, "[]")+"[]") {
			names = append(names, name)
		}
	}
	return names
}

// unprintable says of what a caller sent that nothing kept here has such a name.
func unprintable(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl)
}

func sortedNames(values url.Values) []string {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// unknownName is the fault of a name that is not one of the known ones, with the nearest that is.
func unknownName(name, what string, known []string) request.Fault {
	f := request.Fault{Path: name, Message: "there is no such " + what}
	switch near := nearestName(name, known); {
	case near != "":
		f.Message += "; did you mean " + near + "?"
	case len(known) == 0:
		f.Message += "; none is known here"
	default:
		f.Message += "; known are " + strings.Join(known, ", ")
	}
	return f
}

// nearestName is the known name that is a typing error or two away, or "".
func nearestName(name string, known []string) string {
	if len(name) > 80 {
		return ""
	}
	best, least := "", 1+len(name)/3
	for _, k := range known {
		d := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(k))
		if d < least || d == least && best == "" {
			best, least = k, d
		}
	}
	return best
}

// query reads the parameters of a call and gathers what is wrong with them.
type query struct {
	values url.Values
	faults request.Faults
}

func readQuery(r *http.Request) *query { return &query{values: r.URL.Query()} }

func (q *query) fault(name, value, format string, args ...any) {
	q.faults = append(q.faults, request.Fault{Path: name, Value: shown(value), Message: fmt.Sprintf(format, args...)})
}

// err is everything that was wrong so far.
func (q *query) err() error {
	if len(q.faults) == 0 {
		return nil
	}
	return refuseFaults(badRequest, q.faults...)
}

// text is a parameter's value; "" where it isn't given.
func (q *query) text(name string) string { return q.values.Get(name) }

// list is all values of a parameter such as ids[].
func (q *query) list(name string) []string {
	return slices.Concat(q.values[name], q.values[strings.TrimSuffix(name, "[]")])
}

// oneOf is a parameter's value out of a few; "" where it isn't given.
func (q *query) oneOf(name string, allowed ...string) string {
	v, given := q.values[name]
	if !given || slices.Contains(allowed, v[0]) {
		return q.values.Get(name)
	}
	message := "allowed are " + strings.Join(allowed, ", ")
	if near := nearestName(v[0], allowed); near != "" {
		message += "; did you mean " + near + "?"
	}
	q.fault(name, v[0], "%s", message)
	return ""
}

// flag is a parameter that is true or false; alone, as in ?pretty, it is true.
func (q *query) flag(name string) bool {
	v, given := q.values[name]
	if !given {
		return false
	}
	switch v[0] {
	case "", "true", "1":
		return true
	case "false", "0":
		return false
	}
	q.fault(name, v[0], "allowed are true and false")
	return false
}

// number is an integer parameter between least and most; otherwise where it isn't given.
func (q *query) number(name string, least, most, otherwise int) int {
	v, given := q.values[name]
	if !given {
		return otherwise
	}
	n, ok := parseDigits(v[0])
	if !ok || n < least || n > most {
		q.fault(name, v[0], "allowed is a whole number from %d to %d", least, most)
		return otherwise
	}
	return n
}

// parseDigits reads a number of at most nine digits.
func parseDigits(s string) (n int, ok bool) {
	if s == "" || len(s) > 9 {
		return 0, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}

// time is a moment (ns): Unix seconds or ISO 8601, without an offset in UTC; nil where it isn't given.
func (q *query) time(name string) *int64 {
	v, given := q.values[name]
	if !given {
		return nil
	}
	utc, err := decimation.LoadZone("UTC")
	if err != nil {
		q.fault(name, v[0], "%v", err)
		return nil
	}
	t, err := request.ParseTime(v[0], utc)
	if err != nil {
		q.fault(name, v[0], "%v", err)
		return nil
	}
	return &t
}
