package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"decant/engine/access"
)

// description is openapi.json as tests read it. It is read once.
type description struct {
	document map[string]any

	mu       sync.Mutex
	compiler *jsonschema.Compiler
	strict   *jsonschema.Compiler // in which answers have no members but those that are described
}

// operation is a method of a path.
type operation struct {
	description *description
	path        string
	method      string
	at          string // JSON pointer
	node        map[string]any
}

var readDescription = sync.OnceValue(func() *description {
	decode := func() any {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(openAPI))
		if err != nil {
			panic(fmt.Errorf("read openapi.json: %w", err))
		}
		return v
	}
	compiler := func(doc any) *jsonschema.Compiler {
		c := jsonschema.NewCompiler()
		c.DefaultDraft(jsonschema.Draft2020)
		c.AssertFormat()
		if err := c.AddResource("openapi.json", doc); err != nil {
			panic(err)
		}
		return c
	}
	strict := decode()
	closeObjects(strict.(map[string]any)["components"].(map[string]any)["schemas"])
	return &description{document: decode().(map[string]any), compiler: compiler(decode()), strict: compiler(strict)}
})

// closeObjects makes members that a schema doesn't describe a fault.
func closeObjects(schema any) {
	switch s := schema.(type) {
	case map[string]any:
		_, open := s["additionalProperties"]
		if _, described := s["properties"]; described && s["type"] == "object" && !open {
			s["additionalProperties"] = false
		}
		for _, inner := range s {
			closeObjects(inner)
		}
	case []any:
		for _, inner := range s {
			closeObjects(inner)
		}
	}
}

// resolve follows a $ref within the document.
func (d *description) resolve(t testing.TB, at string) (string, map[string]any) {
	t.Helper()
	for {
		var node any = d.document
		for _, part := range strings.Split(strings.TrimPrefix(at, "#/"), "/") {
			switch in := node.(type) {
			case map[string]any:
				node = in[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]
			case []any:
				i, err := strconv.Atoi(part)
				if err != nil || i >= len(in) {
					t.Fatalf("openapi.json has nothing at %s", at)
				}
				node = in[i]
			}
		}
		object, ok := node.(map[string]any)
		if !ok {
			t.Fatalf("openapi.json has no object at %s", at)
		}
		ref, ok := object["$ref"].(string)
		if !ok {
			return at, object
		}
		at = ref
	}
}

func escape(part string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(part) }

func (d *description) schema(t testing.TB, c *jsonschema.Compiler, at string) *jsonschema.Schema {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := c.Compile("openapi.json" + at)
	if err != nil {
		t.Fatalf("compile the schema at %s: %v", at, err)
	}
	return s
}

func (d *description) operations() (all []operation) {
	paths := d.document["paths"].(map[string]any)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		methods := paths[path].(map[string]any)
		for _, method := range slices.Sorted(maps.Keys(methods)) {
			all = append(all, operation{d, path, method, "#/paths/" + escape(path) + "/" + method, methods[method].(map[string]any)})
		}
	}
	return all
}

// answers are the statuses of an operation, each with the place of its description.
func (o operation) answers() map[string]string {
	all := map[string]string{}
	for status := range o.node["responses"].(map[string]any) {
		all[status] = o.at + "/responses/" + status
	}
	return all
}

// TestDescriptionNamesTheRoutes: path, method, scope and query parameters of every route stand in the description, and nothing else does.
func TestDescriptionNamesTheRoutes(t *testing.T) {
	d := readDescription()
	described := map[string]map[string]any{}
	for _, o := range d.operations() {
		scope := ""
		if security := o.node["security"].([]any); len(security) > 0 {
			scope = security[0].(map[string]any)["bearer"].([]any)[0].(string)
		}
		query, inPath := []string{}, []string{}
		parameters, _ := o.node["parameters"].([]any)
		for i := range parameters {
			_, p := d.resolve(t, fmt.Sprintf("%s/parameters/%d", o.at, i))
			switch p["in"] {
			case "query":
				query = append(query, p["name"].(string))
			case "path":
				inPath = append(inPath, p["name"].(string))
			}
		}
		slices.Sort(query)
		described[strings.ToUpper(o.method)+" "+o.path] = map[string]any{"scope": scope, "query": query, "path": inPath}
	}
	served := map[string]map[string]any{}
	placeholder := regexp.MustCompile(`\{(\w+)\}`)
	for _, rt := range routes() {
		query := strings.Fields(rt.query)
		slices.Sort(query)
		inPath := []string{}
		for _, m := range placeholder.FindAllStringSubmatch(rt.pattern, -1) {
			inPath = append(inPath, m[1])
		}
		served[rt.method+" "+rt.pattern] = map[string]any{"scope": string(rt.scope), "query": append([]string{}, query...), "path": inPath}
	}
	if diff := cmp.Diff(served, described); diff != "" {
		t.Errorf("routes (-) and openapi.json (+) differ:\n%s", diff)
	}
}

// TestDescriptionNamesTheStatuses: what the server itself may answer to a route stands there; what handlers answer is held to the description by
// conform.
func TestDescriptionNamesTheStatuses(t *testing.T) {
	d := readDescription()
	for _, o := range d.operations() {
		i := slices.IndexFunc(routes(), func(rt route) bool { return strings.EqualFold(rt.method, o.method) && rt.pattern == o.path })
		if i < 0 {
			continue // the test above tells
		}
		want := []string{"400", "500"}
		if routes()[i].scope != "" {
			want = append(want, "401", "403")
		}
		if o.node["requestBody"] != nil {
			want = append(want, "413", "415", "422")
		}
		answers := o.answers()
		for _, status := range want {
			if answers[status] == "" {
				t.Errorf("%s %s: %s is not described", o.method, o.path, status)
			}
		}
		for status, at := range answers {
			_, node := d.resolve(t, at)
			content, _ := node["content"].(map[string]any)
			if _, isProblem := content["application/problem+json"]; isProblem != (status >= "400") {
				t.Errorf("%s %s: %s is a problem: %v", o.method, o.path, status, isProblem)
			}
		}
	}
}

// TestDescriptionExamples: every example is what it is an example of, and every schema can be read.
func TestDescriptionExamples(t *testing.T) {
	d := readDescription()
	for name := range d.document["components"].(map[string]any)["schemas"].(map[string]any) {
		at := "#/components/schemas/" + name
		s := d.schema(t, d.compiler, at)
		_, node := d.resolve(t, at)
		examples, _ := node["examples"].([]any)
		for i, example := range examples {
			if err := s.Validate(example); err != nil {
				t.Errorf("example %d of %s: %v", i, name, err)
			}
		}
	}
	seen := 0
	check := func(at string, media map[string]any) {
		var examples []any
		if example, ok := media["example"]; ok {
			examples = append(examples, example)
		}
		named, _ := media["examples"].(map[string]any)
		for name := range named {
			_, node := d.resolve(t, at+"/examples/"+name)
			examples = append(examples, node["value"])
		}
		for _, example := range examples {
			seen++
			if err := d.schema(t, d.strict, at+"/schema").Validate(example); err != nil {
				t.Errorf("the example at %s: %v", at, err)
			}
		}
	}
	contents := func(at string) {
		at, node := d.resolve(t, at)
		content, _ := node["content"].(map[string]any)
		for media, value := range content {
			check(at+"/content/"+escape(media), value.(map[string]any))
		}
	}
	for _, o := range d.operations() {
		if o.node["requestBody"] != nil {
			contents(o.at + "/requestBody")
		}
		for _, at := range o.answers() {
			contents(at)
		}
	}
	if seen < 20 {
		t.Errorf("only %d examples were found", seen)
	}
}

// TestDescriptionRefs: each $ref leads somewhere, each component is used, and operations have names of their own.
func TestDescriptionRefs(t *testing.T) {
	d := readDescription()
	used := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				used[ref] = true
				d.resolve(t, ref)
			}
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(d.document)
	for kind, named := range d.document["components"].(map[string]any) {
		for name := range named.(map[string]any) {
			if ref := "#/components/" + kind + "/" + name; kind != "securitySchemes" && !used[ref] {
				t.Errorf("%s is used nowhere", ref)
			}
		}
	}
	ids := map[string]bool{}
	for _, o := range d.operations() {
		id := o.node["operationId"].(string)
		if ids[id] {
			t.Errorf("two operations are called %s", id)
		}
		ids[id] = true
	}
}

// TestDescriptionScopes: the words of the description are those of package access.
func TestDescriptionScopes(t *testing.T) {
	for _, scope := range access.Scopes {
		if !bytes.Contains(openAPI, []byte(`"`+string(scope)+`"`)) {
			t.Errorf("no operation takes the scope %s", scope)
		}
	}
}

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
		o.check(t, r, copied)
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
