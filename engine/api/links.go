package api

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"decant/engine/access"
	"decant/engine/job"
)

// zipName stands in addresses for the zip of all of a job's files. No artifact has this name: theirs end in what their format and compression
// are called, which is never zip.
const zipName = "all.zip"

// Link is an address under which a file of a job can be had without a token, until expires (ns), but no longer than the file lives. file is an
// artifact's name, or "" for the only one, or all of them as a zip. base is what the service's addresses begin with. Revoking the job's links makes it invalid.
func Link(signer *access.Signer, base string, j *job.Job, file string, expires int64) string {
	if j.ExpiresAt != nil {
		expires = min(expires, *j.ExpiresAt)
	}
	if file == "" {
		file = whole(j)
	}
	seconds := expires / int64(time.Second)
	query := url.Values{
		"expires":   {strconv.FormatInt(seconds, 10)},
		"signature": {signer.Sign(j.ID, file, j.Links, seconds)},
	}
	return base + "/artifacts/" + url.PathEscape(j.ID) + "/" + url.PathEscape(file) + "?" + query.Encode()
}

// whole names what a job made: its only file, or the zip of several with the manifest, which is the last artifact.
func whole(j *job.Job) string {
	if len(j.Artifacts) == 2 {
		return j.Artifacts[0].File
	}
	return zipName
}

// downloadURL is a link to a file of a job, or with "" to what it made, made for one reader of an answer: it is good for an hour at most.
func (a *API) downloadURL(j *job.Job, file string) string {
	return Link(a.c.Signer, a.c.URL, j, file, a.c.Clock()+int64(a.limits().Link))
}

// downloadArtifact answers a link. A signature that is wrong, was revoked, or belongs to a job that isn't there (any more) gets one and the same
// answer, so that nobody learns which jobs there are. Only who had the right link is told that it has expired.
func (a *API) downloadArtifact(w http.ResponseWriter, r *http.Request, _ access.Caller) error {
	id, file := r.PathValue("job"), r.PathValue("file")
	query := r.URL.Query()
	expires, err := strconv.ParseInt(query.Get("expires"), 10, 64)
	if err != nil {
		return errNoLink
	}
	j, err := a.c.Service.Linked(r.Context(), id)
	if isNotFound(err) {
		return errNoLink
	}
	if err != nil {
		return err
	}
	if !a.c.Signer.Verify(id, file, j.Links, expires, query.Get("signature")) {
		return errNoLink
	}
	if expires <= a.c.Clock()/int64(time.Second) {
		return refuse(linkExpired, "the link has expired; read the job again with GET /jobs/{id} for a new one")
	}
	return a.sendFile(w, r, &j, file)
}

var errNoLink = refuse(badLink, "the link is not valid: it is incomplete, was changed or was revoked; read the job again with GET /jobs/{id} for a new one")
