package api

import (
	"net/http"
	"strings"
	"testing"

	"decant/engine/job"
)

func TestMaskAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"":  "",
		"x": "x",
		"POST https://hooks.slack.com/services/T0/B0/secret: 404": "POST https://hooks.slack.com/***: 404",
		`Post "https://discord.com/api/webhooks/1/tok?wait=true"`: `Post "https://discord.com/***"`,
		"https://user:password@example.com":                       "https://example.com/***",
		"https://example.com/":                                    "https://example.com/",
		"HTTPS://EXAMPLE.COM/A":                                   "HTTPS://EXAMPLE.COM/***",
		"hooks.slack.com/services/T0 is no address":               "hooks.slack.com/*** is no address",
		"(see https://example.com/secret).":                       "(see https://example.com/***).",
		"https://%zz/secret":                                      "https://***",
		"plant@example.com":                                       "plant@example.com",
		"items[0].params: 1/2":                                    "items[0].params: 1/2",
	} {
		if got := maskAddresses(text); got != want {
			t.Errorf("%q becomes %q, not %q", text, got, want)
		}
	}
}

// A webhook's address is seen by who may write the export, where they ask for that one, and nowhere else.
func TestWebhooksAreMasked(t *testing.T) {
	s := newService(t)
	const secret = "SECRETSECRET"
	s.create("alice", "x", notification)
	s.finish(job.Outcome{Status: job.Failed, Error: &job.Fault{Kind: job.ServiceFault, Message: "post " + webhook + ": refused"},
		Message: &job.Message{Policy: "onFailure", Medium: "slack"}})
	s.call("alice", "PUT", "/exports/x", oneTime(`"enabled": false`, notification))

	for who, calls := range map[string]map[string]bool{
		"alice":  {"/exports/x": true, "/exports": false, "/jobs": false, "/exports/x/jobs": false, "/exports/x/status": false},
		"reader": {"/exports/x": false, "/exports": false, "/jobs": false},
		"root":   {"/exports/x": true, "/exports": false},
	} {
		for path, seen := range calls {
			w := s.call(who, "GET", path, "")
			if w.Code != http.StatusOK || strings.Contains(w.Body.String(), secret) != seen {
				t.Errorf("%s, GET %s: %d: %s", who, path, w.Code, w.Body)
			}
		}
	}
	if body := s.call("reader", "GET", "/exports/x", "").Body.String(); !strings.Contains(body, `"https://hooks.slack.com/***"`) || !strings.Contains(body, "plant@example.com") {
		t.Errorf("masked: %s", body)
	}
	// What a listing shows can't take the place of the address.
	maskedBody := strings.ReplaceAll(oneTime(notification), webhook, "https://hooks.slack.com/***")
	for path, body := range map[string]string{"/exports": maskedBody, "/exports/bulk": "[" + oneTime() + "," + maskedBody + "]"} {
		if w := s.call("alice", "POST", path, body); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "notification.messages[0].target") {
			t.Errorf("POST %s with a masked target: %d: %s", path, w.Code, w.Body)
		}
	}
	for _, body := range []string{
		strings.Replace(oneTime(notification), `"slack"`, `"email"`, 1),
		strings.Replace(oneTime(notification), `"target": "https`, `"tarjet": "https`, 1),
		strings.Replace(oneTime(notification), `"https://hooks`, `"http://hooks`, 1),
		oneTime(`"webhook": "` + webhook + `"`),
		oneTime(`"title": ["` + webhook + `"]`),
		`{"` + webhook + `": 1}`,
		`"` + webhook + `"`,
	} {
		for path, body := range map[string]string{"/exports": body, "/exports/bulk": "[" + body + "]", "/exports/plan": body} {
			w := s.call("alice", "POST", path, body)
			if w.Code != http.StatusUnprocessableEntity || strings.Contains(w.Body.String(), secret) {
				t.Errorf("POST %s %s: %d: %s", path, body, w.Code, w.Body)
			}
		}
	}
}
