package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"decant/engine/client"
)

type applyExportsCmd struct {
	remote
	File   string `short:"f" required:"" help:"Folder of requests (*.json). A file's id is its request's, or its name without extension." placeholder:"DIR"`
	Set    string `help:"Name by which the folder's exports are known, in their tag managed-by; the folder's own name where none is given." placeholder:"NAME"`
	Prune  bool   `help:"Delete all exports that have no file, not only those that apply made from this folder."`
	DryRun bool   `help:"Show the difference and change nothing."`
	Yes    bool   `short:"y" help:"Don't ask."`
}

func (c *applyExportsCmd) Run(a *app) error {
	files, set, err := c.read()
	if err != nil {
		return err
	}
	s, err := c.dial(a)
	if err != nil {
		return err
	}
	changes, err := c.compare(a, s, files, set)
	if err != nil {
		return interrupted(a.ctx, err)
	}
	if !c.JSON {
		printChanges(a.stdout, changes)
	}
	// Before anything is changed, so that a fault in one file leaves all as it was.
	if err := s.Validate(a.ctx, changes); err != nil {
		return interrupted(a.ctx, err)
	}
	switch {
	case changes.None() || c.DryRun:
		return c.result(a, changes, nil)
	case c.Yes:
	case !a.asks():
		return usageError{errors.New("nobody is at a terminal to be asked; --yes makes the changes, --dry-run only shows them")}
	default:
		yes, err := a.confirm("Make these changes?")
		if err != nil || !yes {
			return err
		}
	}
	made := table{columns: []string{"id", "done"}}
	err = s.Apply(a.ctx, changes, func(verb string, e client.Export) {
		made.add(e.ID, verb)
		remark(a, e)
	})
	if printing := c.result(a, changes, &made); err == nil {
		err = printing
	}
	return interrupted(a.ctx, err)
}

// read takes the folder's files and its name.
func (c *applyExportsCmd) read() ([]client.File, string, error) {
	dir, err := filepath.Abs(c.File)
	if err != nil {
		return nil, "", usageError{err}
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		if err == nil {
			err = fmt.Errorf("%s is a file; apply takes a folder, and decant exports create a file", c.File)
		}
		return nil, "", usageError{err}
	}
	set := c.Set
	if set == "" {
		set = filepath.Base(dir)
	}
	files, err := client.ReadFolder(os.DirFS(dir))
	return files, set, err
}

// compare reads the service's exports and says what differs.
func (c *applyExportsCmd) compare(a *app, s *client.Client, files []client.File, set string) (client.Changes, error) {
	wanted := map[string]bool{}
	for _, f := range files {
		wanted[f.ID] = true
	}
	var exports []client.Export
	for e, err := range s.Exports(a.ctx, client.Filter{}) {
		if err != nil {
			return client.Changes{}, err
		}
		if len(exports) > 0 && e.Owner != exports[0].Owner {
			return client.Changes{}, usageError{fmt.Errorf("the token sees exports of %s, %s and maybe others; --owner says whose are to equal the folder", exports[0].Owner, e.Owner)}
		}
		// A listing masks the addresses of webhooks; whether they changed only the export itself tells.
		if wanted[e.ID] && len(e.Request.Masked()) > 0 {
			if e, err = s.Export(a.ctx, e.ID); err != nil {
				return client.Changes{}, err
			}
		}
		exports = append(exports, e)
	}
	return client.Reconcile(files, exports, set, c.Prune), nil
}

// printChanges shows the difference: + is new, ~ changes, - goes.
func printChanges(w io.Writer, changes client.Changes) {
	for _, f := range changes.Create {
		fmt.Fprintf(w, "+ %s  (%s)\n", visible(f.ID), visible(f.Name))
	}
	for _, ch := range changes.Change {
		fmt.Fprintf(w, "~ %s  (%s)\n", visible(ch.From.ID), visible(ch.File.Name))
		for _, d := range ch.Differences {
			switch {
			case d.Old == "":
				fmt.Fprintf(w, "    + %s: %s\n", d.Path, visible(d.New))
			case d.New == "":
				fmt.Fprintf(w, "    - %s: %s\n", d.Path, visible(d.Old))
			default:
				fmt.Fprintf(w, "    ~ %s: %s → %s\n", d.Path, visible(d.Old), visible(d.New))
			}
		}
	}
	for _, e := range changes.Delete {
		fmt.Fprintln(w, strings.TrimRight("- "+visible(e.ID)+"  "+visible(e.Title), " "))
	}
	if changes.None() {
		fmt.Fprintf(w, "nothing to do: all is as the files say (%d %s)\n", changes.Same, plural(changes.Same, "export"))
	} else {
		fmt.Fprintf(w, "%d to create, %d to change, %d to delete, %d as they are\n", len(changes.Create), len(changes.Change), len(changes.Delete), changes.Same)
	}
	if n := len(changes.Others); n > 0 {
		var ids []string
		for _, e := range changes.Others[:min(n, 5)] {
			ids = append(ids, visible(e.ID))
		}
		if n > 5 {
			ids = append(ids, fmt.Sprintf("and %d more", n-5))
		}
		fmt.Fprintf(w, "left alone, since they have no file and were not made from this folder (--prune deletes them): %s\n", strings.Join(ids, ", "))
	}
}

// result prints what was done; made is nil where nothing was to be.
func (c *applyExportsCmd) result(a *app, changes client.Changes, made *table) error {
	if !c.JSON {
		if made == nil || len(made.rows) == 0 {
			return nil
		}
		return made.print(a.stdout, false)
	}
	type changed struct {
		ID          string              `json:"id"`
		File        string              `json:"file"`
		Differences []client.Difference `json:"differences"`
	}
	answer := struct {
		Create []string  `json:"create"`
		Change []changed `json:"change"`
		Delete []string  `json:"delete"`
		Same   int       `json:"same"`
		Others []string  `json:"others"`
		Done   []string  `json:"done"`
	}{Create: []string{}, Change: []changed{}, Delete: []string{}, Same: changes.Same, Others: []string{}, Done: []string{}}
	for _, f := range changes.Create {
		answer.Create = append(answer.Create, f.ID)
	}
	for _, ch := range changes.Change {
		answer.Change = append(answer.Change, changed{ch.From.ID, ch.File.Name, ch.Differences})
	}
	for _, e := range changes.Delete {
		answer.Delete = append(answer.Delete, e.ID)
	}
	for _, e := range changes.Others {
		answer.Others = append(answer.Others, e.ID)
	}
	if made != nil {
		for _, row := range made.rows {
			answer.Done = append(answer.Done, fmt.Sprint(row[0]))
		}
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return printJSON(a.stdout, text)
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}
