package api

import (
	"encoding/json"
	"slices"

	"decant/engine/access"
	"decant/engine/job"
)

// requestFields are the members of an export that its request gives; full is that of a full export.
var requestFields = []string{"title", "tags", "type", "run", "format", "items", "periodicity", "periodStart", "grace", "backfill", "condition", "notification", "full"}

// serviceFields are the members of an export that the service adds. A PUT may carry them, so that what a GET gave can be sent back; they
// change nothing.
var serviceFields = []string{"owner", "createdAt", "updatedAt", "deletedAt", "version", "etag", "nextRun", "lastJob"}

// remarks are members that the answer to a POST or PUT has besides.
var remarks = []string{"ignoredParameters", "warnings"}

// exportFields are all members of an export.
var exportFields = slices.Concat([]string{"id", "enabled"}, requestFields, serviceFields)

// exportView is an export as answers have it: its request's members as they were written, and the service's. Where secrets is false, webhook
// addresses of its notification are masked.
func (a *API) exportView(e *job.Export, secrets bool) object {
	v := object{{"id", e.ID}}
	stored, err := splitObject(e.Request)
	if err != nil {
		a.c.Log.Error("a stored request can't be read", "export", e.Key, "error", err)
	}
	for _, m := range stored {
		if !slices.Contains(requestFields, m.name) {
			continue // id and enabled are the export's own
		}
		if m.name == "notification" && !secrets {
			m.value = maskNotification(m.value.(json.RawMessage))
		}
		v = append(v, m)
	}
	if e.Type == job.Full {
		v = append(v, member{"type", e.Type})
	}
	return append(v,
		member{"enabled", e.Enabled},
		member{"owner", e.Owner},
		member{"createdAt", isoTime(e.CreatedAt)},
		member{"updatedAt", isoTime(e.UpdatedAt)},
		member{"deletedAt", isoTimeOrNull(e.DeletedAt)},
		member{"version", e.Version},
		member{"etag", etag(e)},
		member{"nextRun", nextRun(e)},
		member{"lastJob", jobInShort(e.Last)},
	)
}

func nextRun(e *job.Export) *string {
	if e.Next == nil {
		return nil
	}
	return isoTimeOrNull(&e.Next.Due)
}

// jobInShort is the newest job of an export; null where there is none.
func jobInShort(j *job.Job) any {
	if j == nil {
		return nil
	}
	return object{
		{"id", j.ID},
		{"status", j.Status},
		{"cause", j.Cause},
		{"due", isoTime(j.Due)},
		{"progress", j.Progress},
		{"createdAt", isoTime(j.CreatedAt)},
		{"startedAt", isoTimeOrNull(j.StartedAt)},
		{"finishedAt", isoTimeOrNull(j.EndedAt)},
	}
}

// jobFields are all members of a job.
var jobFields = []string{"id", "exportId", "exportVersion", "owner", "type", "cause", "due", "run", "ranges", "skipping", "status", "cancelling", "tries", "notBefore",
	"createdAt", "startedAt", "finishedAt", "progress", "error", "condition", "notification", "artifacts", "bytes", "downloadUrl", "expiresAt"}

// jobView is a job as answers have it. Links are signed anew each time, and only for callers who may download.
func (a *API) jobView(j *job.Job, who access.Caller) object {
	links := who.May(access.Download) && j.Status == job.Done
	url := func(file string) any {
		if !links {
			return nil
		}
		return a.downloadURL(j, file)
	}
	artifacts := []object{}
	for _, f := range j.Artifacts {
		artifacts = append(artifacts, object{
			{"file", f.File},
			{"mediaType", f.MediaType},
			{"item", f.Item},
			{"rows", f.Rows},
			{"bytes", f.Bytes},
			{"sha256", f.SHA256},
			{"downloadUrl", url(f.File)},
		})
	}
	var all any
	if len(j.Artifacts) > 0 {
		all = url("")
	}
	return object{
		{"id", j.ID},
		{"exportId", j.ExportID},
		{"exportVersion", j.Version},
		{"owner", j.Owner},
		{"type", j.Type},
		{"cause", j.Cause},
		{"due", isoTime(j.Due)},
		{"run", j.K},
		{"ranges", a.rangesView(j)},
		{"skipping", j.Skipping},
		{"status", j.Status},
		{"cancelling", j.Cancel && !j.Status.Ended()},
		{"tries", j.Tries},
		{"notBefore", isoTime(j.NotBefore)},
		{"createdAt", isoTime(j.CreatedAt)},
		{"startedAt", isoTimeOrNull(j.StartedAt)},
		{"finishedAt", isoTimeOrNull(j.EndedAt)},
		{"progress", j.Progress},
		{"error", jobError(j.Error)},
		{"condition", j.Saw},
		{"notification", messageView(j.Message)},
		{"artifacts", artifacts},
		{"bytes", j.Bytes},
		{"downloadUrl", all},
		{"expiresAt", isoTimeOrNull(j.ExpiresAt)},
	}
}

// rangesView are the ranges of a job's items, in the order of the items; null is an open end.
func (a *API) rangesView(j *job.Job) []object {
	ranges, err := j.Ranges()
	if err != nil {
		a.c.Log.Error("the ranges of a job can't be told", "job", j.ID, "error", err)
	}
	views := make([]object, len(ranges))
	for i, x := range ranges {
		views[i] = object{{"from", isoTimeOrNull(x.From)}, {"to", isoTimeOrNull(x.To)}}
	}
	return views
}

// jobError is why a job failed, without what must not be told.
func jobError(f *job.Fault) any {
	if f == nil {
		return nil
	}
	return job.Fault{Kind: f.Kind, Message: maskAddresses(f.Message), Faults: scrub(f.Faults)}
}

// messageView is how far a job's message is. Where it goes is the export's to tell.
func messageView(m *job.Message) any {
	if m == nil {
		return nil
	}
	var problem any // null where there is none
	if m.Error != "" {
		problem = maskAddresses(m.Error)
	}
	return object{
		{"policy", m.Policy},
		{"medium", m.Medium},
		{"state", m.State},
		{"tries", m.Tries},
		{"sentAt", isoTimeOrNull(m.SentAt)},
		{"error", problem},
	}
}
