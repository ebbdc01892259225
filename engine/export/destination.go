package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A destination is the folder that a job's files go to. The job writes into a temporary folder on the same file system:
//
//	out absent:   .out-3f9c.tmp/{a.csv, b.csv, manifest.json}  ──rename──▶  out/
//
//	out there:    out/.decant-3f9c.tmp/{a.csv, b.csv, manifest.json}
//	              1. out/manifest.replacing.json   lists what may be replaced: the old files and the new ones
//	              2. out/manifest.json             is removed: no manifest, no export
//	              3. a.csv, b.csv                  are renamed into out; files that only the old manifest lists are removed
//	              4. manifest.json                 is renamed into out
//	              5. out/manifest.replacing.json   is removed
//
// Each step is synced before the next. Until step 2 the old export is whole; from step 4 the new one is. A job that is killed between
// leaves a folder without a manifest, and the list of step 1 lets the next job with Overwrite clear it up.
type destination struct {
	dir     string
	temp    string
	present bool     // dir was there
	names   []string // of the files to come, without the manifest
	owned   []string // files in dir that may be replaced
}

const replacingName = "manifest.replacing.json"

// replacing is the content of manifest.replacing.json.
type replacing struct {
	Files []string `json:"files"`
}

// openDestination checks that dir can take the files and makes the temporary folder.
func openDestination(dir string, names []string, overwrite bool) (*destination, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open destination: %w", err)
	}
	d := &destination{dir: dir, names: names}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, &ExistsError{fmt.Sprintf("%s is a file; an export goes into a folder, or with -o - to standard output", dir)}
	}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("open destination: %w", err)
	default:
		d.present = true
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return isTemp(e.Name()) })
	if len(entries) > 0 {
		if err := d.mayReplace(entries, overwrite); err != nil {
			return nil, err
		}
	}
	parent, prefix := filepath.Dir(dir), "."+filepath.Base(dir)
	if d.present {
		parent, prefix = dir, tempPrefix
	}
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return nil, fmt.Errorf("open destination: %w", err)
	}
	for range 100 {
		d.temp = filepath.Join(parent, fmt.Sprintf("%s-%08x%s", prefix, rand.Uint32(), tempSuffix))
		if err = os.Mkdir(d.temp, 0o777); !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("make temporary folder: %w", err)
	}
	return d, nil
}

const (
	tempPrefix = ".decant"
	tempSuffix = ".tmp"
)

// isTemp recognises what a killed job may have left in a destination.
func isTemp(name string) bool {
	return strings.HasPrefix(name, tempPrefix+"-") && strings.HasSuffix(name, tempSuffix)
}

// mayReplace finds what an earlier job left in dir, and refuses to touch anything else.
func (d *destination) mayReplace(entries []fs.DirEntry, overwrite bool) error {
	if !overwrite {
		return &ExistsError{fmt.Sprintf("%s is not empty; choose another folder, or replace an earlier export there with --overwrite", d.dir)}
	}
	var m Manifest
	var r replacing
	known := false
	for _, list := range []struct {
		name string
		into any
	}{{manifestName, &m}, {replacingName, &r}} {
		data, err := os.ReadFile(filepath.Join(d.dir, list.name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = json.Unmarshal(data, list.into)
		}
		if err != nil {
			return &ExistsError{fmt.Sprintf("read %s in %s: %v; it doesn't tell which files may be replaced: choose another folder", list.name, d.dir, err)}
		}
		known = true
	}
	if !known {
		return &ExistsError{fmt.Sprintf("%s is not empty and holds no %s, so nothing there may be replaced; choose another folder", d.dir, manifestName)}
	}
	for _, f := range m.Files {
		d.owned = append(d.owned, f.File)
	}
	d.owned = append(d.owned, r.Files...)
	for _, name := range d.owned {
		if filepath.Base(name) != name {
			return &ExistsError{fmt.Sprintf("the manifest in %s lists %q, which is no file of that folder; choose another folder", d.dir, name)}
		}
	}
	for _, name := range d.names {
		taken := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return folded(e.Name()) == folded(name) })
		owned := slices.ContainsFunc(d.owned, func(o string) bool { return folded(o) == folded(name) })
		if taken && !owned {
			return &ExistsError{fmt.Sprintf("%s holds %s, which its manifest doesn't list, so it is not replaced; choose another folder or filename", d.dir, name)}
		}
	}
	return nil
}

// commit makes the finished set the destination's. After it, abandon does nothing.
func (d *destination) commit() error {
	if err := syncFolder(d.temp); err != nil {
		return err
	}
	if !d.present {
		if err := os.Rename(d.temp, d.dir); err != nil {
			return fmt.Errorf("finish export: %w", err)
		}
		d.temp = ""
		return syncFolder(filepath.Dir(d.dir))
	}
	for _, step := range d.steps() {
		if err := step(); err != nil {
			return fmt.Errorf("finish export: %w", err)
		}
		if err := syncFolder(d.dir); err != nil {
			return fmt.Errorf("finish export: %w", err)
		}
	}
	return nil
}

// steps are what the picture above numbers. After each the folder is synced.
func (d *destination) steps() []func() error {
	return []func() error{d.announce, d.withdraw, d.move, d.publish, d.clear}
}

func (d *destination) announce() error {
	list := slices.Concat(d.owned, d.names)
	slices.Sort(list)
	scratch := filepath.Join(d.temp, replacingName)
	if err := writeJSON(scratch, replacing{slices.Compact(list)}); err != nil {
		return err
	}
	return os.Rename(scratch, filepath.Join(d.dir, replacingName))
}

func (d *destination) withdraw() error { return d.remove(manifestName) }

func (d *destination) move() error {
	for _, old := range d.owned {
		if slices.Contains(d.names, old) {
			continue
		}
		if err := d.remove(old); err != nil {
			return err
		}
	}
	for _, name := range d.names {
		if err := os.Rename(filepath.Join(d.temp, name), filepath.Join(d.dir, name)); err != nil {
			return err
		}
	}
	return nil
}

func (d *destination) publish() error {
	return os.Rename(filepath.Join(d.temp, manifestName), filepath.Join(d.dir, manifestName))
}

func (d *destination) clear() error {
	if err := d.remove(replacingName); err != nil {
		return err
	}
	return os.RemoveAll(d.temp)
}

func (d *destination) remove(name string) error {
	err := os.Remove(filepath.Join(d.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// abandon removes what is not finished.
func (d *destination) abandon() {
	if d.temp != "" {
		os.RemoveAll(d.temp)
	}
}
