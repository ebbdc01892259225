package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"decant/engine/client"
)

type downloadExportCmd struct {
	remote
	ID        string `arg:"" help:"The export."`
	Output    string `short:"o" help:"Folder, which gets all files and the manifest; or the name of one file; - is stdout. Without it one file goes into the current folder." placeholder:"DIR|FILE|-"`
	Job       string `help:"Another job than the newest done one." placeholder:"JOB"`
	File      string `help:"Only this one of the job's files." placeholder:"NAME"`
	Zip       bool   `help:"All files and the manifest as one zip."`
	Overwrite bool   `help:"Replace files that are there already."`
}

func (c *downloadExportCmd) Run(a *app) error {
	if c.Zip && c.File != "" {
		return usageError{errors.New("--zip takes all files and --file one; leave one of them out")}
	}
	s, err := c.dial(a)
	if err != nil {
		return err
	}
	job, err := c.job(a, s)
	if err != nil {
		return a.about(c.ID, err)
	}
	files, err := c.files(job)
	if err != nil {
		return err
	}
	bars := a.progress("bytes")
	defer bars.finish()
	if c.Output == "-" {
		f := files[0]
		err := s.Stream(a.ctx, client.Source{Export: c.ID, Job: job.ID, File: f.File}, a.stdout, expected(f), func(n int64) { bars.update(f.File, n, f.Bytes) })
		return interrupted(a.ctx, fileError(err))
	}
	paths, err := c.paths(files)
	if err != nil {
		return err
	}
	t := table{columns: []string{"file", "rows", "bytes", "sha256"}}
	for i, f := range files {
		var got int64
		err := s.Download(a.ctx, client.Source{Export: c.ID, Job: job.ID, File: f.File}, paths[i], expected(f), c.Overwrite, func(n int64) {
			got = n
			bars.update(f.File, n, f.Bytes)
		})
		if err != nil {
			return interrupted(a.ctx, fileError(err))
		}
		if f.File == client.Zip {
			t.add(paths[i], nil, got, "")
			continue
		}
		t.add(paths[i], f.Rows, got, f.SHA256)
	}
	bars.finish()
	return t.print(a.stdout, c.JSON)
}

// job is the one whose files are wanted.
func (c *downloadExportCmd) job(a *app, s *client.Client) (client.Job, error) {
	if c.Job != "" {
		job, err := s.Job(a.ctx, c.Job)
		if isMissing(err) {
			err = notFound{fmt.Errorf("there is no job %s of yours", c.Job)}
		}
		if err == nil && job.ExportID != c.ID {
			err = usageError{fmt.Errorf("job %s is one of export %s, not of %s", job.ID, job.ExportID, c.ID)}
		}
		if err == nil && job.Status != client.Done {
			err = notFound{fmt.Errorf("job %s has no files: it is %s", job.ID, job.Status)}
		}
		return job, err
	}
	done, err := s.Newest(a.ctx, c.ID, client.Done)
	if err != nil {
		return client.Job{}, err
	}
	if done != nil {
		return *done, nil
	}
	newest, err := s.Newest(a.ctx, c.ID)
	switch {
	case err != nil:
		return client.Job{}, err
	case newest == nil:
		err = fmt.Errorf("export %s has not run yet; decant exports run %s runs it", c.ID, c.ID)
	case !newest.Ended():
		err = fmt.Errorf("export %s has no files yet; decant exports watch %s waits for them", c.ID, c.ID)
	case newest.Status == client.Failed:
		err = fmt.Errorf("export %s has no files: its newest job failed; decant exports show %s says why", c.ID, c.ID)
	case newest.Status == client.Skipped && newest.Saw != nil:
		err = fmt.Errorf("export %s has no files: the condition of its newest job did not hold, it %s; decant exports run %s looks at it again", c.ID, saw(newest.Saw), c.ID)
	default:
		err = fmt.Errorf("export %s has no files: its newest job is %s; decant exports run %s makes them", c.ID, newest.Status, c.ID)
	}
	return client.Job{}, notFound{err}
}

// files are those of the job's that are wanted, the manifest last.
func (c *downloadExportCmd) files(job client.Job) ([]client.Artifact, error) {
	if c.Zip {
		return []client.Artifact{{File: client.Zip}}, nil
	}
	var wanted, items []client.Artifact
	var names []string
	for _, f := range job.Artifacts {
		if c.File == "" || f.File == c.File {
			wanted = append(wanted, f)
		}
		if !f.Manifest() {
			items = append(items, f)
			names = append(names, f.File)
		}
	}
	switch {
	case len(wanted) == 0:
		return nil, notFound{fmt.Errorf("job %s has no file %s; it has %s", job.ID, c.File, strings.Join(names, ", "))}
	case c.File == "" && !c.folder() && len(items) == 1:
		return items, nil
	case c.File == "" && (c.Output == "-" || c.Output == "" || isFile(c.Output)):
		return nil, usageError{fmt.Errorf("job %s has %d files: %s; -o DIR puts them into a folder, --zip makes one of them, --file takes one", job.ID, len(items), strings.Join(names, ", "))}
	}
	return wanted, nil
}

// folder says whether --output is clearly a folder: there is one, or its name ends as a folder's.
func (c *downloadExportCmd) folder() bool {
	info, err := os.Stat(c.Output)
	return c.Output != "" && (err == nil && info.IsDir() || os.IsPathSeparator(c.Output[len(c.Output)-1]))
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && !info.IsDir()
}

// paths says where each file goes, makes the folder, and refuses what is there already before anything is fetched.
func (c *downloadExportCmd) paths(files []client.Artifact) ([]string, error) {
	into := c.folder() || len(files) > 1
	paths := make([]string, len(files))
	for i, f := range files {
		name := f.File
		if name == client.Zip {
			name = c.ID + ".zip"
		}
		if name != filepath.Base(name) || !filepath.IsLocal(name) {
			return nil, fmt.Errorf("the service calls a file %q, which is no name for a file here", name)
		}
		switch {
		case into:
			paths[i] = filepath.Join(c.Output, name)
		case c.Output != "":
			paths[i] = c.Output
		default:
			paths[i] = name
		}
		if _, err := os.Lstat(paths[i]); err == nil && !c.Overwrite {
			return nil, usageError{fmt.Errorf("%s is there already; choose another place, or replace it with --overwrite", paths[i])}
		}
	}
	if into {
		if err := os.MkdirAll(c.Output, 0o777); err != nil {
			return nil, usageError{fmt.Errorf("make folder: %w", err)}
		}
	}
	return paths, nil
}

func expected(f client.Artifact) client.Expected {
	return client.Expected{Bytes: f.Bytes, SHA256: f.SHA256}
}

// fileError tells a destination that can't be written, which is the user's to choose, from other faults.
func fileError(err error) error {
	if errors.Is(err, client.ErrExists) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return usageError{err}
	}
	return err
}
