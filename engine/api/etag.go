package api

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"decant/engine/access"
	"decant/engine/job"
)

// etag is the entity tag of an export: its version, and a part of the hash of its key, since an export that is deleted and made again under its id begins at
// version 1 again. It changes with the request, not with the export's jobs.
func etag(e *job.Export) string {
	which := sha256.Sum256([]byte(e.Key))
	return fmt.Sprintf(`"%d-%x"`, e.Version, which[:4])
}

// exampleTag is what one looks like, for people who read an error.
const exampleTag = `"3-6f3a9c1e"`

// setExportHeaders says which version of an export an answer has.
func setExportHeaders(w http.ResponseWriter, e *job.Export) { w.Header().Set("ETag", etag(e)) }

// ifMatch is what the export must be for a change to be made; nil is any, because the call names none, or *. A call may name several;
// weak ones never match (RFC 9110 section 13.1.1). An If-None-Match that the export meets refuses the change, too.
func (a *API) ifMatch(r *http.Request, who access.Caller, owner, id string) (*job.Revision, error) {
	if none := strings.Join(r.Header.Values("If-None-Match"), ","); none != "" {
		e, err := a.c.Service.Export(r.Context(), who, owner, id)
		if err != nil {
			return nil, err
		}
		if tags, _ := parseTags(strings.ReplaceAll(none, "W/", "")); strings.TrimSpace(none) == "*" || slices.Contains(tags, etag(&e)) {
			return nil, refuse(changed, "If-None-Match doesn't hold: the export is there, with the ETag %s; leave the header out, or take If-Match", etag(&e))
		}
	}
	lines := r.Header.Values("If-Match")
	if len(lines) == 0 {
		return nil, nil
	}
	given := strings.Join(lines, ",")
	if strings.TrimSpace(given) == "*" {
		return nil, nil
	}
	tags, ok := parseTags(given)
	if !ok {
		return nil, refuse(badRequest, "If-Match can't be read: %s; allowed is * or an ETag in its quotes, such as %s", shown(given), exampleTag)
	}
	e, err := a.c.Service.Export(r.Context(), who, owner, id)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(tags, etag(&e)) {
		return nil, job.ErrVersion
	}
	wanted := e.Revision()
	return &wanted, nil
}

// parseTags reads a list of entity tags, quotes and W/ included.
func parseTags(text string) (tags []string, ok bool) {
	for {
		text = strings.TrimLeft(text, " \t,")
		if text == "" {
			return tags, len(tags) > 0
		}
		weak := strings.HasPrefix(text, "W/")
		body := strings.TrimPrefix(text, "W/")
		end := -1
		if strings.HasPrefix(body, `"`) {
			end = strings.IndexByte(body[1:], '"')
		}
		if end < 0 {
			return nil, false
		}
		tag := body[:end+2]
		if weak {
			tag = "W/" + tag
		}
		tags = append(tags, tag)
		text = strings.TrimLeft(body[end+2:], " \t")
		if text != "" && text[0] != ',' {
			return nil, false
		}
	}
}
