package job

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"

	"decant/engine/export/request"
)

// Mask stands in an address for what makes it a secret.
const Mask = "***"

// MaskTarget leaves of a webhook's address its scheme and host. Other targets, an email address or a chat, stay as they are.
func MaskTarget(target string) string {
	scheme, rest, hasScheme := strings.Cut(target, "://")
	if !hasScheme {
		host, _, hasPath := strings.Cut(target, "/")
		if !hasPath {
			return target
		}
		return host + "/" + Mask
	}
	u, err := url.Parse(target)
	switch {
	case err != nil || u.Host == "":
		return scheme + "://" + Mask
	case rest == u.Host || rest == u.Host+"/":
		return target
	}
	return scheme + "://" + u.Host + "/" + Mask
}

// forReaders is the text of a request as files may show it, which go to people who may not write the export: without the addresses of webhooks.
func forReaders(r *request.Request) json.RawMessage {
	text := []byte(r.Raw)
	var stored struct {
		Notification struct {
			Messages []struct {
				Target json.RawMessage `json:"target"`
			} `json:"messages"`
		} `json:"notification"`
	}
	if len(r.Notification) == 0 || json.Unmarshal(text, &stored) != nil {
		return r.Raw
	}
	for _, m := range stored.Notification.Messages {
		var target string
		if json.Unmarshal(m.Target, &target) != nil || MaskTarget(target) == target {
			continue
		}
		masked, err := json.Marshal(MaskTarget(target))
		if err != nil { // of a string: can't be
			masked = []byte(`"` + Mask + `"`)
		}
		text = bytes.ReplaceAll(text, m.Target, masked) // all else stays as it was written
	}
	return text
}
