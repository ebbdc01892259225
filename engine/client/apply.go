package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Bounds of a call that creates several.
const (
	batchBytes = 4 << 20
	batchSize  = 500
)

// managedBy is the label of the tag that says which folder an export comes from.
const managedBy = "managed-by"

// Changes are what makes the service's exports equal a folder.
type Changes struct {
	Create []File
	Change []Change
	Delete []Export
	Same   int      // exports that are as their files say
	Others []Export // in no file, and not of this folder: left alone
}

// Change is an export that differs from its file.
type Change struct {
	File        File
	From        Export
	Differences []Difference
}

// None says whether there is nothing to do.
func (c Changes) None() bool { return len(c.Create)+len(c.Change)+len(c.Delete) == 0 }

// Reconcile compares files with the exports of one owner. What it creates and changes gets the tag managed-by = apply:set, and what carries that tag
// without a file is deleted; with prune, everything that has no file is. Full exports are nobody's files, and left alone.
func Reconcile(files []File, exports []Export, set string, prune bool) Changes {
	tag := Tag{Label: managedBy, Value: "apply:" + set}
	there := map[string]Export{}
	for _, e := range exports {
		there[e.ID] = e
	}
	var c Changes
	wanted := map[string]bool{}
	for _, f := range files {
		f.Request = tagged(f.Request, tag)
		wanted[f.ID] = true
		e, known := there[f.ID]
		if !known {
			c.Create = append(c.Create, f)
			continue
		}
		if d := Diff(e.Request, f.Request); len(d) > 0 {
			c.Change = append(c.Change, Change{File: f, From: e, Differences: d})
		} else {
			c.Same++
		}
	}
	for _, e := range exports {
		switch {
		case wanted[e.ID] || e.Type == "full":
		case prune || slices.Contains(e.Tags, tag):
			c.Delete = append(c.Delete, e)
		default:
			c.Others = append(c.Others, e)
		}
	}
	slices.SortFunc(c.Delete, func(a, b Export) int { return strings.Compare(a.ID, b.ID) })
	return c
}

// Unmanaged is the request without the tag of a folder: a copy of an export is none of the folder's.
func (r Request) Unmanaged() Request {
	var tags []json.RawMessage
	if json.Unmarshal(r.get("tags"), &tags) != nil || len(tags) == 0 {
		return r
	}
	if tags = notFromFolders(tags); len(tags) == 0 {
		return r.Without("tags")
	}
	return r.With("tags", tags)
}

func notFromFolders(tags []json.RawMessage) []json.RawMessage {
	return slices.DeleteFunc(tags, func(text json.RawMessage) bool {
		var t Tag
		return json.Unmarshal(text, &t) == nil && t.Label == managedBy && strings.HasPrefix(t.Value, "apply:")
	})
}

// tagged adds a tag behind the request's own, in place of another folder's. Tags that are no list are left for the service to refuse.
func tagged(r Request, tag Tag) Request {
	var tags []json.RawMessage
	if json.Unmarshal(r.get("tags"), &tags) != nil {
		return r
	}
	text, err := json.Marshal(tag)
	if err != nil {
		return r
	}
	return r.With("tags", append(notFromFolders(tags), text))
}

// Validate asks the service about every request that is to be created or changed. The error is a *FolderError with all that it refuses, and one of
// another kind where it could not be asked. That series were never seen is no fault of what runs later.
func (c *Client) Validate(ctx context.Context, changes Changes) error {
	bad := &FolderError{}
	check := func(f File, later bool) error {
		err := c.Check(ctx, f.Request)
		var no *Error
		if !errors.As(err, &no) || no.Status >= 500 || no.Status == 401 || no.Status == 429 {
			return err
		}
		if no.Kind == UnknownSeries && later {
			return nil
		}
		bad.Files = append(bad.Files, FileError{f.Name, err})
		return nil
	}
	for _, f := range changes.Create {
		if err := check(f, f.Request.Text("type") == "recurring" || f.Request.Text("run") == "manual"); err != nil {
			return err
		}
	}
	for _, ch := range changes.Change {
		if err := check(ch.File, true); err != nil {
			return err
		}
	}
	if len(bad.Files) > 0 {
		return bad
	}
	return nil
}

// Apply makes the changes: what is new first, then what differs, then what goes. done is told of each as it is made, with the export as it then is. An
// export that somebody else changed since it was read is left as it is and ends the call: the *Error has status 412, and applying again starts from how things are now.
func (c *Client) Apply(ctx context.Context, changes Changes, done func(verb string, e Export)) error {
	for batch := range batches(changes.Create) {
		requests := make([]Request, len(batch))
		for i, f := range batch {
			requests[i] = f.Request
		}
		made, err := c.CreateAll(ctx, requests, CreateOptions{Key: NewKey()})
		if err != nil {
			return fmt.Errorf("create %s: %w", fileNames(batch), err)
		}
		for _, e := range made {
			done("created", e)
		}
	}
	for _, ch := range changes.Change {
		e, err := c.Change(ctx, ch.From.ID, ch.File.Request, ch.From.ETag)
		if err != nil {
			return fmt.Errorf("change %s: %w", ch.From.ID, err)
		}
		done("changed", e)
	}
	for _, e := range changes.Delete {
		if err := c.Delete(ctx, e.ID, e.ETag); err != nil {
			return fmt.Errorf("delete %s: %w", e.ID, err)
		}
		done("deleted", e)
	}
	return nil
}

// batches cuts files into runs that fit a call.
func batches(files []File) func(yield func([]File) bool) {
	return func(yield func([]File) bool) {
		for len(files) > 0 {
			n, size := 0, 0
			for n < len(files) && n < batchSize {
				size += len(files[n].Request.JSON())
				if n > 0 && size > batchBytes {
					break
				}
				n++
			}
			if !yield(files[:n]) {
				return
			}
			files = files[n:]
		}
	}
}

func fileNames(files []File) string {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Name
	}
	if len(names) > 5 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:5], ", "), len(names)-5)
	}
	return strings.Join(names, ", ")
}
