package api

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"decant/engine/access"
	"decant/engine/job"
)

// downloadExport answers with what an export's newest done job made, or with ?job= another one.
func (a *API) downloadExport(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	e, err := a.findExport(r, who)
	if err != nil {
		return err
	}
	q := readQuery(r)
	var j job.Job
	if id := q.text("job"); id != "" {
		if j, err = a.c.Service.Job(r.Context(), who, id); err == nil && j.ExportKey != e.Key {
			err = job.ErrNotFound
		}
	} else {
		j, err = a.newestDone(r, who, &e)
	}
	if err != nil {
		return err
	}
	return a.sendAny(w, r, &j, q.text("file"))
}

// downloadJob answers with what a job made.
func (a *API) downloadJob(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	j, err := a.c.Service.Job(r.Context(), who, r.PathValue("id"))
	if err != nil {
		return err
	}
	return a.sendAny(w, r, &j, readQuery(r).text("file"))
}

// newestDone is an export's newest done job; where none is, the newest of all, which says why.
func (a *API) newestDone(r *http.Request, who access.Caller, e *job.Export) (job.Job, error) {
	for _, status := range [][]job.Status{{job.Done}, nil} {
		jobs, _, err := a.c.Service.Jobs(r.Context(), who, job.Filter{Owner: e.Owner, Export: e.Key, Status: status, Limit: 1})
		if err != nil {
			return job.Job{}, err
		}
		if len(jobs) > 0 {
			return jobs[0], nil
		}
	}
	return job.Job{}, refuse(notFound, "the export has not run yet; POST /exports/{id}/run runs it now")
}

// sendAny sends the file that was asked for; where none was, what the job made.
func (a *API) sendAny(w http.ResponseWriter, r *http.Request, j *job.Job, file string) error {
	if file == "" {
		file = whole(j)
	}
	return a.sendFile(w, r, j, file)
}

// sendFile sends an artifact, or the zip of all.
func (a *API) sendFile(w http.ResponseWriter, r *http.Request, j *job.Job, file string) error {
	if err := hasFiles(j, a.c.Clock()); err != nil {
		return err
	}
	// The time that a server gives a request to arrive ends the context of whoever is still answering it. A GET has arrived, and a zip may
	// take longer to make, also than other answers may take to be read. A writer without deadlines, as in tests, has no such times.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{})
	_ = control.SetWriteDeadline(time.Time{})
	if file == zipName {
		f, err := a.c.Service.Zip(r.Context(), *j)
		if err != nil {
			return fmt.Errorf("make the zip of job %s: %w", j.ID, err)
		}
		defer f.Close()
		return serve(w, r, f, sending{name: j.ExportID + ".zip", mediaType: "application/zip", tag: zipTag(j), modified: j.EndedAt})
	}
	for _, artifact := range j.Artifacts {
		if artifact.File != file {
			continue
		}
		f, err := a.c.Service.Open(*j, file)
		if err != nil {
			return fmt.Errorf("open artifact %s of job %s: %w", file, j.ID, err)
		}
		defer f.Close()
		if info, err := f.Stat(); err != nil || info.Size() != artifact.Bytes {
			return errors.Join(fmt.Errorf("artifact %s of job %s has not the %d bytes that were written", file, j.ID, artifact.Bytes), err)
		}
		return serve(w, r, f, sending{name: file, mediaType: artifact.MediaType, tag: artifact.SHA256, modified: j.EndedAt})
	}
	return refuse(notFound, "the job has no file %s; its artifacts are listed by GET /jobs/{id}", shown(file))
}

// hasFiles says why a job has no files to send at a moment (ns).
func hasFiles(j *job.Job, now int64) error {
	switch {
	case j.Status == job.Expired, j.Status == job.Done && j.ExpiresAt != nil && *j.ExpiresAt <= now:
		return refuse(gone, "the job's files have expired; POST /exports/{id}/run makes them anew")
	case j.Status == job.Done:
		return nil
	case !j.Status.Ended():
		return refuse(conflict, "the job has no files yet: it is %s; try again when it is done", j.Status)
	case j.Error != nil:
		return refuse(notFound, "the job has no files: it is %s: %s", j.Status, j.Error.Message)
	}
	return refuse(notFound, "the job has no files: it is %s", j.Status)
}

// isNotFound also covers an artifact that was removed between the look at its job and its opening.
func isNotFound(err error) bool {
	return errors.Is(err, job.ErrNotFound) || errors.Is(err, os.ErrNotExist)
}

// zipTag stands for a zip's bytes: the same artifacts give the same ones.
func zipTag(j *job.Job) string {
	h := sha256.New()
	for _, artifact := range j.Artifacts {
		fmt.Fprintf(h, "%s %q\n", artifact.SHA256, artifact.File)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// sending is what a client is told about a file.
type sending struct {
	name      string
	mediaType string
	tag       string // hex; its bytes and no others have it
	modified  *int64 // ns
}

// knownRange leaves Range to http.ServeContent where its unit is bytes, in whatever letters, and takes others away, which are to be ignored (RFC 9110
// section 14.2).
func knownRange(h http.Header) {
	unit, ranges, ok := strings.Cut(h.Get("Range"), "=")
	if !ok || !strings.EqualFold(unit, "bytes") {
		h.Del("Range")
		return
	}
	h.Set("Range", "bytes="+ranges)
}

// serve sends a file, or the part that the call asks for (Range, If-Range, If-None-Match, …). A compressed one goes out as it is on disk, without
// Content-Encoding, so that its bytes, length and checksum are those of the manifest.
func serve(w http.ResponseWriter, r *http.Request, f *os.File, s sending) error {
	h := w.Header()
	h.Set("Content-Type", s.mediaType)
	h.Set("Content-Disposition", contentDisposition(s.name))
	h.Set("ETag", `"`+s.tag+`"`)
	h.Set("Cache-Control", "private, no-cache") // a browser may keep it, and asks with its ETag whether it may still use it
	var modified time.Time
	if s.modified != nil {
		modified = time.Unix(0, *s.modified)
	}
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("look at %s: %w", s.name, err)
	}
	knownRange(r.Header)
	out := &sender{ResponseWriter: w, pace: newPace(time.Now()), size: info.Size()}
	http.ServeContent(out, r, "", modified, f)
	return out.refused
}
