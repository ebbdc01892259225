package client

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// File is a request in a folder. Its id is the request's own, or the file's name without extension.
type File struct {
	Name    string
	ID      string
	Request Request // with its id
}

const maxFile = 16 << 20 // bytes

// FolderError is what is wrong with the files of a folder, all of it; nothing was changed.
type FolderError struct{ Files []FileError }

// FileError is what is wrong with one file.
type FileError struct {
	Name string
	Err  error
}

func (e *FolderError) Error() string {
	lines := make([]string, len(e.Files))
	for i, f := range e.Files {
		lines[i] = f.Name + ": " + f.Err.Error()
	}
	return strings.Join(lines, "\n") + "\nnothing was changed"
}

// Unwrap gives the files' errors.
func (e *FolderError) Unwrap() []error {
	errs := make([]error, len(e.Files))
	for i, f := range e.Files {
		errs[i] = f.Err
	}
	return errs
}

// InputError is a file that can't be read or is no request.
type InputError struct{ Err error }

func (e *InputError) Error() string { return e.Err.Error() }
func (e *InputError) Unwrap() error { return e.Err }

// ReadFolder reads the files *.json of a folder, in the order of their names. Other files and folders are left alone.
func ReadFolder(folder fs.FS) ([]File, error) {
	names, err := fs.Glob(folder, "*.json")
	if err != nil {
		return nil, err
	}
	var files []File
	bad := &FolderError{}
	named := map[string]string{} // id: file
	for _, name := range names {
		if strings.HasPrefix(name, ".") {
			continue
		}
		f, err := readFile(folder, name)
		if err == nil && named[f.ID] != "" {
			err = fmt.Errorf("its id %q is that of %s too; ids differ in a folder", f.ID, named[f.ID])
		}
		if err != nil {
			bad.Files = append(bad.Files, FileError{name, &InputError{err}})
			continue
		}
		named[f.ID] = name
		files = append(files, f)
	}
	if len(bad.Files) > 0 {
		return nil, bad
	}
	return files, nil
}

func readFile(folder fs.FS, name string) (File, error) {
	info, err := fs.Stat(folder, name)
	if err != nil {
		return File{}, err
	}
	if info.Size() > maxFile {
		return File{}, fmt.Errorf("it is longer than %d bytes", maxFile)
	}
	data, err := fs.ReadFile(folder, name)
	if err != nil {
		return File{}, err
	}
	r, err := ParseRequest(data)
	if err != nil {
		return File{}, err
	}
	f := File{Name: name, ID: r.Text("id")}
	if f.ID == "" {
		f.ID = strings.TrimSuffix(name, path.Ext(name))
	}
	f.Request = r.With("id", f.ID)
	return f, nil
}
