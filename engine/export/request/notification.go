package request

import (
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

func (w *walker) notification(p place) []Message {
	if !p.object("messages") {
		return nil
	}
	all := p.at("messages")
	if !all.required("exactly two messages, one onSuccess and one onFailure") || !all.is(list) {
		return nil
	}
	var messages []Message
	policies := map[string]int{}
	for _, m := range all.each() {
		message := w.message(m)
		policies[message.Policy]++
		messages = append(messages, message)
	}
	if len(messages) != 2 || policies["onSuccess"] != 1 || policies["onFailure"] != 1 {
		all.fault(fmt.Sprintf("there are %d messages, %d onSuccess and %d onFailure; allowed are exactly two, one of each policy",
			len(messages), policies["onSuccess"], policies["onFailure"]))
	}
	return messages
}

func (w *walker) message(p place) Message {
	var m Message
	if !p.object("target", "policy", "medium", "title", "text", "attach") {
		return m
	}
	if f := p.at("policy"); f.required("onSuccess or onFailure") {
		m.Policy = f.oneOf("onSuccess", "onFailure")
	}
	if f := p.at("medium"); f.required("email, telegram, slack or discord") {
		m.Medium = f.oneOf("email", "telegram", "slack", "discord")
	}
	for _, t := range []struct {
		name string
		into *string
	}{{"title", &m.Title}, {"text", &m.Text}} {
		if f := p.at(t.name); f.required("a text, in which " + inBraces(Placeholders) + " are filled in") {
			*t.into, _ = f.text()
			w.placeholders(f, *t.into)
		}
	}
	attach := p.at("attach")
	if m.Attach = attach.flag(false); m.Attach && m.Medium == "slack" {
		attach.fault("a slack webhook takes no files; leave this out and write {{downloadUrl}} into the text")
	}
	if f := p.at("target"); f.given() {
		if s, ok := f.text(); ok {
			m.Target = s
			if problem := reachable(m.Medium, s); problem != "" {
				f.fault(problem)
			}
		}
	}
	return m
}

// Placeholders are the words that are filled in where they stand between {{ and }} in a message's title and text.
var Placeholders = []string{"filename", "status", "rows", "from", "to", "error", "downloadUrl"}

var placeholder = regexp.MustCompile(`\{\{([^{}]*)\}\}`)

// placeholders faults words between braces that nothing would fill in.
func (w *walker) placeholders(p place, s string) {
	reported := map[string]bool{}
	for _, match := range placeholder.FindAllStringSubmatch(s, -1) {
		if reported[match[0]] || slices.Contains(Placeholders, match[1]) {
			continue
		}
		reported[match[0]] = true
		message := match[0] + " is not filled in; allowed are " + inBraces(Placeholders)
		if near := nearest(strings.TrimSpace(match[1]), Placeholders); near != "" {
			message += "; did you mean {{" + near + "}}?"
		}
		p.fault(message)
	}
}

func inBraces(words []string) string { return "{{" + strings.Join(words, "}} {{") + "}}" }

var (
	phone        = regexp.MustCompile(`^\+?[0-9][0-9 ()/-]{5,}$`)
	telegramChat = regexp.MustCompile(`^(-?[0-9]+|@[A-Za-z0-9_]{4,})$`)
)

// reachable says why a medium can't reach a target, or nothing.
func reachable(medium, target string) string {
	switch medium {
	case "email":
		if phone.MatchString(target) {
			return "this looks like a phone number, which email can't reach; allowed is an address such as plant@example.com"
		}
		if a, err := mail.ParseAddress(target); err != nil || a.Address != target {
			return "this is no email address; allowed is one such as plant@example.com"
		}
	case "telegram":
		if !telegramChat.MatchString(target) {
			return "this is no telegram chat; allowed is a chat's number or @name"
		}
	case "slack", "discord":
		if u, err := url.Parse(target); err != nil || u.Scheme != "https" || u.Host == "" {
			return "this is no webhook of " + medium + "; allowed is its https address"
		}
	}
	return ""
}
