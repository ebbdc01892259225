package job

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Open opens an artifact of a job; the caller closes it. ErrNotFound where the job has no such file, or has it no more. Only names of the job's
// list are opened, so that no path can lead elsewhere.
func (s *Service) Open(j Job, file string) (*os.File, error) {
	if !s.hasFiles(j) || !slices.ContainsFunc(j.Artifacts, func(a Artifact) bool { return a.File == file }) {
		return nil, ErrNotFound
	}
	return s.openIn(j.Folder, file)
}

// hasFiles says whether a job's artifacts are there for the taking.
func (s *Service) hasFiles(j Job) bool {
	return j.Status == Done && j.Folder != "" && (j.ExpiresAt == nil || s.c.Clock() < *j.ExpiresAt)
}

// openIn opens a file of a job's folder, and nothing outside of the folder of all artifacts, whatever link stands there.
func (s *Service) openIn(folder, file string) (*os.File, error) {
	f, err := os.OpenInRoot(s.c.Artifacts, filepath.Join(folder, file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	return f, err
}
