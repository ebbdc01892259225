package api

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"

	"decant/engine/export/request"
)

// mask stands in an address for what makes it a secret.
const mask = "***"

// address matches web addresses, whose paths and queries may let whoever has them send messages.
var address = regexp.MustCompile(`(?i)\b(https?:)?//[^\s"'<>\\]+|\bhooks\.slack\.com/[^\s"'<>\\]*|\bdiscord(app)?\.com/api/[^\s"'<>\\]*`)

// maskAddresses leaves of each web address in a text its scheme and host.
func maskAddresses(text string) string {
	return address.ReplaceAllStringFunc(text, maskTarget)
}

// maskTarget leaves of a webhook's address its scheme and host. Other targets, an email address or a chat, stay as they are.
func maskTarget(target string) string {
	scheme, rest, ok := strings.Cut(target, "://")
	if !ok {
		host, _, isPath := strings.Cut(strings.TrimPrefix(target, "//"), "/")
		if !isPath {
			return target
		}
		return host + "/" + mask
	}
	u, err := url.Parse(target)
	if err != nil || u.Host == "" {
		return scheme + "://" + mask
	}
	if u.User == nil && strings.Trim(rest[len(u.Host):], "/") == "" {
		return target
	}
	return scheme + "://" + u.Host + "/" + mask
}

// scrub takes secrets out of faults: what stands in a notification is not repeated where it may be an address, and addresses elsewhere are
// masked.
func scrub(faults request.Faults) request.Faults {
	scrubbed := make(request.Faults, len(faults))
	for i, f := range faults {
		if strings.Contains(f.Path, "notification") && strings.ContainsAny(f.Value, `/\`) {
			f.Value = ""
		}
		f.Value, f.Message = maskAddresses(f.Value), maskAddresses(f.Message)
		scrubbed[i] = f
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
			message[i].value = maskTarget(target)
		}
	}
	return message
}
