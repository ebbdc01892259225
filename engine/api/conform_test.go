package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// conform wraps an API in what holds every answer to the description: status, media type, headers, and the body to the last member.
func conform(t testing.TB, next http.Handler) http.Handler {
	mux := http.NewServeMux()
	operations := map[string]operation{}
	for _, o := range readDescription().operations() {
		pattern := strings.ToUpper(o.method) + " " + o.path
		mux.Handle(pattern, http.NotFoundHandler())
		operations[pattern] = o
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, pattern := mux.Handler(r)
		o, described := operations[pattern]
		if !described || path.Clean(r.URL.EscapedPath()) != r.URL.EscapedPath() {
			next.ServeHTTP(w, r)
			return
		}
		copied := &copied{ResponseWriter: w}
		next.ServeHTTP(copied, r)
		if copied.status != http.StatusMethodNotAllowed { // then it is no call of this operation
			o.check(t, r, copied)
		}
	})
}

func (o operation) check(t testing.TB, r *http.Request, got *copied) {
	t.Helper()
	called := r.Method + " " + r.URL.Path
	if got.status == 0 {
		got.status = http.StatusOK
	}
	at := o.answers()[fmt.Sprint(got.status)]
	if at == "" {
		t.Errorf("%s: %d is not described at %s", called, got.status, o.at)
		return
	}
	at, node := o.description.resolve(t, at)
	headers, _ := node["headers"].(map[string]any)
	for name := range headers {
		value := got.Header().Get(name)
		if value == "" {
			continue
		}
		headerAt, _ := o.description.resolve(t, at+"/headers/"+escape(name))
		var v any = value
		if n, err := jsonschema.UnmarshalJSON(strings.NewReader(value)); err == nil && !strings.HasPrefix(value, `"`) && value != "true" {
			v = n
		}
		if err := o.description.schema(t, o.description.compiler, headerAt+"/schema").Validate(v); err != nil {
			t.Errorf("%s: header %s: %v", called, name, err)
		}
	}
	content, _ := node["content"].(map[string]any)
	media, _, _ := strings.Cut(got.Header().Get("Content-Type"), ";")
	if len(content) == 0 {
		if got.body.Len() > 0 {
			t.Errorf("%s: %d has a body: %s", called, got.status, got.body.Bytes())
		}
		return
	}
	described, ok := content[media].(map[string]any)
	if !ok {
		t.Errorf("%s: %d is %s, which is not described", called, got.status, media)
		return
	}
	if described["schema"] == nil || r.Method == http.MethodHead || !strings.HasSuffix(media, "json") {
		return
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(got.body.Bytes()))
	if err != nil {
		t.Errorf("%s: the answer is no JSON: %v", called, err)
		return
	}
	if err := o.description.schema(t, o.description.strict, at+"/content/"+escape(media)+"/schema").Validate(v); err != nil {
		shown, _ := json.Marshal(v)
		t.Errorf("%s: %d: %v\n%s", called, got.status, err, shown)
	}
}

// copied keeps what was answered.
type copied struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (c *copied) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *copied) Write(b []byte) (int, error) {
	c.body.Write(b)
	return c.ResponseWriter.Write(b)
}

func (c *copied) Unwrap() http.ResponseWriter { return c.ResponseWriter }
