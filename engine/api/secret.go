package api

import (
	"encoding/json"
	"regexp"
	"strings"

	"decant/engine/export/request"
	"decant/engine/job"
)

// address matches web addresses, whose paths and queries may let whoever has them send messages, and those of two services without their scheme.
var address = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://[^\s"'<>\\]+|\b(hooks\.slack\.com|discord(app)?\.com/api)/[^\s"'<>\\]*`)

// maskAddresses leaves of each web address in a text its scheme and host.
func maskAddresses(text string) string {
	return address.ReplaceAllStringFunc(text, func(found string) string {
		bare := strings.TrimRight(found, ".,:;!?)]")
		return job.MaskTarget(bare) + found[len(bare):]
	})
}

// Bounds of what is told of faults. A request can have as many as it has bytes.
const (
	maxFaults = 1000
	maxPath   = 200 // characters
)

// scrub takes secrets out of faults: what stands in a notification is not repeated where it may be an address, and addresses elsewhere are
// masked. It keeps the first maxFaults.
func scrub(faults request.Faults) request.Faults {
	scrubbed := make(request.Faults, 0, min(len(faults), maxFaults))
	for _, f := range faults[:min(len(faults), maxFaults)] {
		if strings.Contains(f.Path, "notification") && strings.ContainsAny(f.Value, `/\`) {
			f.Value = ""
		}
		f.Path, f.Value, f.Message = shorten(maskAddresses(f.Path), maxPath), maskAddresses(f.Value), maskAddresses(f.Message)
		scrubbed = append(scrubbed, f)
	}
	if len(scrubbed) == 0 {
		return nil
	}
	return scrubbed
}

// maskNotification masks the targets of a request's messages.
func maskNotification(text json.RawMessage) any {
	notification, err := splitObject(text)
	if err != nil {
		return nil
	}
	for i, m := range notification {
		var messages []json.RawMessage
		if m.name != "messages" || json.Unmarshal(m.value.(json.RawMessage), &messages) != nil {
			continue
		}
		masked := make([]any, len(messages))
		for j, message := range messages {
			masked[j] = maskMessage(message)
		}
		notification[i].value = masked
	}
	return notification
}

func maskMessage(text json.RawMessage) any {
	message, err := splitObject(text)
	if err != nil {
		return nil
	}
	for i, m := range message {
		var target string
		if m.name != "target" {
			continue
		}
		message[i].value = nil
		if json.Unmarshal(m.value.(json.RawMessage), &target) == nil {
			message[i].value = job.MaskTarget(target)
		}
	}
	return message
}
