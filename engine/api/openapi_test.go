package api

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
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

// TestAllow: a path has the methods that the description gives it, whatever other path it looks like.
func TestAllow(t *testing.T) {
	s := newService(t)
	methods := map[string][]string{}
	for _, o := range readDescription().operations() {
		methods[o.path] = append(methods[o.path], strings.ToUpper(o.method))
		if o.method == "get" {
			methods[o.path] = append(methods[o.path], "HEAD")
		}
	}
	for path, want := range methods {
		slices.Sort(want)
		target := strings.NewReplacer("{id}", "x", "{job}", "x", "{file}", "x").Replace(path)
		for _, method := range []string{"OPTIONS", "TRACE", "PATCH", "GET", "HEAD", "PUT", "DELETE", "POST"} {
			if slices.Contains(want, method) {
				continue
			}
			w := s.call("root", method, target, "")
			got := strings.Split(w.Header().Get("Allow"), ", ")
			slices.Sort(got)
			if w.Code != http.StatusMethodNotAllowed || !slices.Equal(got, want) {
				t.Errorf("%s %s: %d, Allow %v, want %v", method, target, w.Code, got, want)
			}
		}
	}
}
