package client

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"
)

func folder(files map[string]string) fstest.MapFS {
	fs := fstest.MapFS{}
	for name, text := range files {
		fs[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fs
}

func TestReadFolder(t *testing.T) {
	files, err := ReadFolder(folder(map[string]string{
		"b.json": `{"title": "by its name"}`, "a.json": `{"id": "own"}`, "notes.txt": "x", ".hidden.json": "x", "sub/c.json": "x",
	}))
	if err != nil || len(files) != 2 || files[0].ID != "own" || files[1].ID != "b" || files[1].Request.Text("id") != "b" {
		t.Errorf("%+v %v", files, err)
	}
	_, err = ReadFolder(folder(map[string]string{"a.json": `{}`, "b.json": `{"id": "a"}`, "c.json": `[`, "d.json": `{} {}`}))
	var bad *FolderError
	if !errors.As(err, &bad) || len(bad.Files) != 3 || !strings.Contains(err.Error(), "nothing was changed") {
		t.Errorf("every file's fault is told: %v", err)
	}
	var input *InputError
	if !errors.As(err, &input) {
		t.Errorf("they are the user's: %v", err)
	}
}

// TestApply: whatever the service held, after Apply it holds what the folder says and what was not the folder's, and a second time there is nothing
// to do.
func TestApply(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		service := newFakeService()
		c := clientOf(t, service.ServeHTTP)
		ids := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})
		titles := rapid.SampledFrom([]string{"", "x", "y"})
		prune := rapid.Bool().Draw(rt, "prune")
		strangers := rapid.MapOfN(ids, titles, 0, 4).Draw(rt, "strangers")
		for id, title := range strangers {
			service.exports[id] = &fakeExport{Request{}.With("title", title).With("id", id), 1}
		}
		owned := map[string]bool{}
		for round := range 3 {
			wanted := rapid.MapOfN(ids, titles, 0, 4).Draw(rt, fmt.Sprint("folder ", round))
			texts := map[string]string{}
			for id, title := range wanted {
				texts[id+".json"] = fmt.Sprintf(`{"title": %q}`, title)
			}
			files, err := ReadFolder(folder(texts))
			if err != nil {
				rt.Fatal(err)
			}
			changes := Reconcile(files, collect(t, c.Exports(background, Filter{})), "plant", prune)
			before := len(service.calls)
			if err := c.Validate(background, changes); err != nil {
				rt.Fatal(err)
			}
			if len(service.calls) != before {
				rt.Fatalf("validating changes something: %v", service.calls[before:])
			}
			done := 0
			if err := c.Apply(background, changes, func(string, Export) { done++ }); err != nil {
				rt.Fatal(err)
			}
			if done != len(changes.Create)+len(changes.Change)+len(changes.Delete) {
				rt.Fatalf("%d of %+v were told", done, changes)
			}
			for id := range owned {
				if _, ok := wanted[id]; !ok {
					delete(strangers, id) // it was taken over, and went
				}
			}
			owned = map[string]bool{}
			for id := range wanted {
				owned[id] = true
			}
			for id := range service.exports {
				_, mine := wanted[id]
				_, stranger := strangers[id]
				if !mine && (prune || !stranger) {
					rt.Fatalf("%s is still there", id)
				}
			}
			for id, title := range wanted {
				if e := service.exports[id]; e == nil || e.request.Text("title") != title {
					rt.Fatalf("%s: %+v, want the title %q", id, e, title)
				}
			}
			if !prune {
				for id := range strangers {
					if service.exports[id] == nil {
						rt.Fatalf("%s was not the folder's and is gone", id)
					}
				}
			}
			if again := Reconcile(files, collect(t, c.Exports(background, Filter{})), "plant", prune); !again.None() {
				rt.Fatalf("a second time: %+v", again)
			}
		}
	})
}

// TestApplyAfterChange: what somebody else changed meanwhile is left as it is.
func TestApplyAfterChange(t *testing.T) {
	service := newFakeService()
	service.exports["a"] = &fakeExport{Request{}.With("title", "old"), 1}
	c := clientOf(t, service.ServeHTTP)
	files, err := ReadFolder(folder(map[string]string{"a.json": `{"title": "new"}`}))
	if err != nil {
		t.Fatal(err)
	}
	changes := Reconcile(files, collect(t, c.Exports(background, Filter{})), "plant", false)
	service.exports["a"] = &fakeExport{Request{}.With("title", "theirs"), 2}
	var no *Error
	if err := c.Apply(background, changes, func(string, Export) {}); !errors.As(err, &no) || no.Status != 412 {
		t.Errorf("%v", err)
	}
	if got := service.exports["a"].request.Text("title"); got != "theirs" {
		t.Errorf("it is %q", got)
	}
}

// TestValidate: every file's faults are told, and nothing is made. What was never seen is no fault of what runs later.
func TestValidate(t *testing.T) {
	service := newFakeService()
	service.refuse = func(r Request) *Error {
		switch r.Text("title") {
		case "unseen":
			return &Error{Status: 422, Kind: UnknownSeries, Detail: "the channel was never seen"}
		case "wrong":
			return &Error{Status: 422, Detail: "type is missing", Faults: []Fault{{Path: "type", Message: "missing"}}}
		}
		return nil
	}
	c := clientOf(t, service.ServeHTTP)
	files, err := ReadFolder(folder(map[string]string{
		"a.json": `{"title": "wrong"}`, "b.json": `{"title": "unseen"}`, "c.json": `{"title": "unseen", "type": "recurring"}`, "d.json": `{"title": "unseen", "run": "manual"}`, "e.json": `{}`,
	}))
	if err != nil {
		t.Fatal(err)
	}
	err = c.Validate(background, Reconcile(files, nil, "plant", false))
	var bad *FolderError
	if !errors.As(err, &bad) || len(bad.Files) != 2 || bad.Files[0].Name != "a.json" || bad.Files[1].Name != "b.json" {
		t.Errorf("%v", err)
	}
	if len(service.calls) > 0 {
		t.Errorf("%v", service.calls)
	}
	service.refuse = func(Request) *Error { return &Error{Status: 401} }
	var no *Error
	if err := c.Validate(background, Reconcile(files, nil, "plant", false)); !errors.As(err, &no) || errors.As(err, &bad) {
		t.Errorf("a token that isn't valid is no fault of a file: %v", err)
	}
}

func TestReconcileTakesOver(t *testing.T) {
	theirs := Export{ID: "a", Request: request(t, `{"tags": [{"label": "managed-by", "value": "apply:other"}, {"label": "x", "value": "y"}]}`)}
	files, err := ReadFolder(folder(map[string]string{"a.json": `{"tags": [{"label": "x", "value": "y"}]}`}))
	if err != nil {
		t.Fatal(err)
	}
	c := Reconcile(files, []Export{theirs, {ID: "all", Type: "full"}}, "mine", true)
	if len(c.Change) != 1 || len(c.Delete) != 0 {
		t.Fatalf("%+v", c)
	}
	if got := string(c.Change[0].File.Request.get("tags")); got != `[{"label":"x","value":"y"},{"label":"managed-by","value":"apply:mine"}]` {
		t.Errorf("%s", got)
	}
	if got := string(c.Change[0].File.Request.Unmanaged().get("tags")); got != `[{"label":"x","value":"y"}]` {
		t.Errorf("%s", got)
	}
	if got := string(request(t, `{"tags": [{"label": "managed-by", "value": "apply:other"}]}`).Unmanaged().JSON()); got != "{}" {
		t.Errorf("%s", got)
	}
}

func TestBatches(t *testing.T) {
	var files []File
	for i := range 2*batchSize + 1 {
		files = append(files, File{ID: fmt.Sprint(i), Request: Request{}.With("title", strings.Repeat("x", i%7*1000))})
	}
	files[5].Request = Request{}.With("title", strings.Repeat("x", batchBytes+1))
	next := 0
	for batch := range batches(files) {
		size := 0
		for _, f := range batch {
			if f.ID != files[next].ID {
				t.Fatalf("%s comes as number %d", f.ID, next)
			}
			size += len(f.Request.JSON())
			next++
		}
		if len(batch) > batchSize || len(batch) > 1 && size > batchBytes {
			t.Errorf("a batch of %d requests, %d bytes", len(batch), size)
		}
	}
	if next != len(files) {
		t.Errorf("%d of %d", next, len(files))
	}
}
