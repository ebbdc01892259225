package api

import (
	"encoding/json"
	"fmt"
	"strings"

	"decant/engine/export/request"
	"decant/engine/job"
)

// draftFaults finds what a request may say by its own rules and the service can't keep.
//
//   - A target that is what listings show in place of an address. Sent back, it would take the address's place.
//   - A NUL in what is looked for, the title and the tags: PostgreSQL's texts hold none.
func draftFaults(text []byte) (faults request.Faults) {
	var r struct {
		Title        string
		Tags         []struct{ Label, Value string }
		Notification struct {
			Messages []struct{ Target string }
		}
	}
	if json.Unmarshal(text, &r) != nil {
		return nil // its faults are found where the request is read
	}
	for i, m := range r.Notification.Messages {
		if strings.HasSuffix(m.Target, "/"+job.Mask) {
			faults = append(faults, request.Fault{
				Path:    fmt.Sprintf("notification.messages[%d].target", i),
				Message: "this stands in listings for an address that is not shown; write the address itself, which GET /exports/{id} shows to who may write the export",
			})
		}
	}
	kept := func(path, s string) {
		if strings.ContainsRune(s, 0) {
			faults = append(faults, request.Fault{Path: path, Message: "there is a NUL in it, which can't be kept; leave it out"})
		}
	}
	kept("title", r.Title)
	for i, tag := range r.Tags {
		kept(fmt.Sprintf("tags[%d].label", i), tag.Label)
		kept(fmt.Sprintf("tags[%d].value", i), tag.Value)
	}
	return faults
}
