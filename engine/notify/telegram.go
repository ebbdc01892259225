package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"decant/engine/export/request"
)

func telegramProblem(c Config, m request.Message) (field, problem string) {
	switch {
	case c.Telegram.TokenFile == "":
		return "medium", "the service has no telegram bot; choose another medium, or have notify.telegram configured"
	case m.Target == "" && c.Telegram.Chat == "":
		return "target", "there is none, and the service has no chat to fall back on; name a chat's number or @name"
	}
	return "", ""
}

// sendTelegram writes to a chat as the bot; with a file, the message is its caption.
func sendTelegram(ctx context.Context, s *sender, l letter) error {
	t := s.Telegram
	if t.TokenFile == "" {
		return &failure{text: "the service has no telegram bot any more", permanent: true}
	}
	token, err := secret("notify.telegram.token_file", t.TokenFile)
	if err != nil {
		return err
	}
	to, err := url.Parse(t.APIURL)
	if err != nil {
		return &failure{text: "the service's notify.telegram.api_url is no address", cause: errors.New("parse notify.telegram.api_url")}
	}
	chat := l.target
	if chat == "" {
		chat = t.Chat
	}
	call := func(method string) *url.URL {
		u := *to
		u.Path, u.RawPath = strings.TrimSuffix(to.Path, "/")+"/bot"+token+"/"+method, ""
		return &u
	}
	if l.file == nil {
		text := telegramMarkup.messageOf(l)
		if text == "" {
			return errEmpty
		}
		body, err := json.Marshal(map[string]any{
			"chat_id":              chat,
			"text":                 text,
			"parse_mode":           "HTML",
			"link_preview_options": map[string]any{"is_disabled": true},
		})
		if err != nil {
			return err
		}
		answer, err := s.post(ctx, call("sendMessage"), jsonType, bytes.NewReader(body), int64(len(body)))
		return telegramAnswer(to.Hostname(), answer, err)
	}
	form := newForm()
	form.field("chat_id", chat)
	form.field("caption", captionMarkup.messageOf(l))
	form.field("parse_mode", "HTML")
	answer, err := form.post(ctx, s, call("sendDocument"), "document", l.file)
	return telegramAnswer(to.Hostname(), answer, err)
}

// telegramAnswer reads what the Bot API says beside the status. Its host is the operator's choice, not a requester's, so its description may be shown.
func telegramAnswer(host string, answer []byte, err error) error {
	var said struct {
		OK          bool   `json:"ok"`
		Description string `json:"description"`
		Parameters  struct {
			RetryAfter float64 `json:"retry_after"` // seconds
		} `json:"parameters"`
	}
	unread := json.Unmarshal(answer, &said) != nil
	var f *failure
	switch {
	case errors.As(err, &f):
		if said.Description != "" {
			f.text += ": " + clip(clean(said.Description), 200)
		}
		f.after = max(f.after, seconds(said.Parameters.RetryAfter))
		return f
	case err != nil:
		return err
	case unread || !said.OK:
		return &failure{text: host + " answered as no Bot API does"}
	}
	return nil
}
