package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// put writes a job's files and manifest into a destination's temporary folder. Every file holds the job's name.
func put(t *testing.T, d *destination, job string) {
	t.Helper()
	m := &Manifest{Decant: job}
	for _, name := range d.names {
		if err := os.WriteFile(filepath.Join(d.temp, name), []byte(job), 0o666); err != nil {
			t.Fatal(err)
		}
		m.Files = append(m.Files, File{File: name})
	}
	if err := writeManifest(d.temp, m); err != nil {
		t.Fatal(err)
	}
}

// ownerOf is the job whose manifest is in dir, after checking that all its files are there and its own. "" is no export.
func ownerOf(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	var m Manifest
	if err != nil || json.Unmarshal(data, &m) != nil {
		t.Fatalf("the manifest does not read: %v", err)
	}
	for _, f := range m.Files {
		if content, err := os.ReadFile(filepath.Join(dir, f.File)); err != nil || string(content) != m.Decant {
			t.Fatalf("the manifest is of job %s, and its file %s holds %q, %v", m.Decant, f.File, content, err)
		}
	}
	return m.Decant
}

func namesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// A job that replaces another is killed after each step, and in the middle of the renames. The folder then holds the old export, the new
// one or none; and the next job clears it up, and leaves alone what is nobody's.
func TestReplacingSurvivesACrash(t *testing.T) {
	for crash := range 7 {
		t.Run(fmt.Sprint(crash), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			first, err := openDestination(dir, []string{"both.csv", "old.csv"}, false)
			if err != nil {
				t.Fatal(err)
			}
			put(t, first, "first")
			if err := first.commit(); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "mine.txt"), []byte("mine"), 0o666); err != nil {
				t.Fatal(err)
			}

			second, err := openDestination(dir, []string{"both.csv", "new.csv"}, true)
			if err != nil {
				t.Fatal(err)
			}
			put(t, second, "second")
			steps := second.steps()
			for i := range min(crash, len(steps)) {
				if err := steps[i](); err != nil {
					t.Fatal(err)
				}
			}
			if crash == 6 { // all steps, and a crash between two renames besides
				dir = filepath.Join(t.TempDir(), "out")
				halfway(t, dir)
			}
			want := []string{"first", "first", "", "", "second", "second", ""}[crash]
			if got := ownerOf(t, dir); got != want {
				t.Errorf("after a crash at step %d the folder holds the export %q, want %q", crash, got, want)
			}

			third, err := openDestination(dir, []string{"both.csv", "third.csv"}, true)
			if err != nil {
				t.Fatal(err)
			}
			put(t, third, "third")
			if err := third.commit(); err != nil {
				t.Fatal(err)
			}
			if got := ownerOf(t, dir); got != "third" {
				t.Errorf("the next job's export is %q", got)
			}
			names := slices.DeleteFunc(namesIn(t, dir), isTemp)
			if want := []string{"both.csv", "manifest.json", "mine.txt", "third.csv"}; !slices.Equal(names, want) {
				t.Errorf("the folder holds %v, want %v", names, want)
			}
		})
	}
}

// halfway leaves a destination whose job was killed between two renames.
func halfway(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	d, err := openDestination(dir, []string{"both.csv", "new.csv"}, true)
	if err != nil {
		t.Fatal(err)
	}
	put(t, d, "second")
	steps := d.steps()
	for i := range 2 {
		if err := steps[i](); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(filepath.Join(d.temp, "both.csv"), filepath.Join(dir, "both.csv")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "mine.txt"), []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestDestinationRefuses(t *testing.T) {
	write := func(t *testing.T, dir, name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name      string
		prepare   func(t *testing.T, dir string)
		overwrite bool
		want      string // part of the error; empty: taken
	}{
		{"an empty folder is taken", func(*testing.T, string) {}, false, ""},
		{"a file there", func(t *testing.T, dir string) { write(t, dir, "x", "") }, false, "is not empty"},
		{"no manifest", func(t *testing.T, dir string) { write(t, dir, "x", "") }, true, "holds no manifest.json"},
		{"a broken manifest", func(t *testing.T, dir string) { write(t, dir, manifestName, "{") }, true, "doesn't tell which files"},
		{"a manifest that reaches out", func(t *testing.T, dir string) { write(t, dir, manifestName, `{"files": [{"file": "../x"}]}`) }, true, "no file of that folder"},
		{"a foreign file of the same name", func(t *testing.T, dir string) {
			write(t, dir, manifestName, `{"files": [{"file": "a.csv"}]}`)
			write(t, dir, "NEW.csv", "")
		}, true, "doesn't list"},
		{"what a killed job left is no obstacle", func(t *testing.T, dir string) {
			if err := os.Mkdir(filepath.Join(dir, ".decant-0000.tmp"), 0o777); err != nil {
				t.Fatal(err)
			}
		}, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.prepare(t, dir)
			before := namesIn(t, dir)
			d, err := openDestination(dir, []string{"new.csv"}, c.overwrite)
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				d.abandon()
			} else {
				var exists *ExistsError
				if !errors.As(err, &exists) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("the error is %v, want an ExistsError with %q", err, c.want)
				}
			}
			if after := namesIn(t, dir); !slices.Equal(before, after) {
				t.Errorf("the folder held %v and holds %v", before, after)
			}
		})
	}
}

func TestDestinationIsAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	if err := os.WriteFile(path, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	var exists *ExistsError
	if _, err := openDestination(path, []string{"new.csv"}, true); !errors.As(err, &exists) || !strings.Contains(err.Error(), "is a file") {
		t.Errorf("a file as destination: %v", err)
	}
}
