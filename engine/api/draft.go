package api

import (
	"encoding/json"
	"fmt"
	"strings"

	"decant/engine/export/request"
	"decant/engine/job"
)

// draftFaults finds targets of messages that are what listings show in place of an address. Sent back, they would take the address's place.
func draftFaults(text []byte) (faults request.Faults) {
	var r struct {
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
	return faults
}
