package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/textproto"
	"net/url"

	"decant/engine/export/request"
)

// hook finds the webhook of a letter: its target, or the configured one. Webhook addresses are secrets.
func (s *sender) hook(key string, w Webhook, target string) (*url.URL, error) {
	mayBePlain := false
	if target == "" {
		if w.WebhookFile == "" {
			return nil, &failure{text: "the message names no target, and the service has none any more", permanent: true}
		}
		address, err := secret(key, w.WebhookFile)
		if err != nil {
			return nil, err
		}
		target, mayBePlain = address, true // the operator's own choice
	}
	u, err := url.Parse(target)
	if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && mayBePlain) {
		f := &failure{text: "the target is no webhook's https address", permanent: true}
		if mayBePlain {
			f.text, f.permanent, f.cause = "the service's webhook is no address", false, errors.New(key+" holds no https address")
		}
		return nil, f
	}
	return u, nil
}

func hookHost(_ Config, target string) string { return hostOf(target) }

func hookProblem(c Config, w Webhook, m request.Message) (field, problem string) {
	if m.Target == "" {
		if w.WebhookFile == "" {
			return "target", "there is none, and the service has no " + m.Medium + " webhook to fall back on; name one"
		}
		return "", ""
	}
	u, err := url.Parse(m.Target)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return "target", "this is no webhook of " + m.Medium + "; allowed is its https address"
	}
	if problem := c.literalProblem(u); problem != "" {
		return "target", problem
	}
	return "", ""
}

// sendSlack posts a section of mrkdwn. The text beside it is for what has no blocks: push notifications, and services that speak Slack's webhooks.
func sendSlack(ctx context.Context, s *sender, l letter) error {
	to, err := s.hook("notify.slack.webhook_file", s.Slack, l.target)
	if err != nil {
		return err
	}
	text := slackMarkup.messageOf(l)
	if text == "" {
		return errEmpty
	}
	body, err := json.Marshal(map[string]any{
		"text":         text,
		"parse":        "none",
		"link_names":   false,
		"unfurl_links": false,
		"unfurl_media": false,
		"blocks":       []any{map[string]any{"type": "section", "text": map[string]any{"type": "mrkdwn", "text": text, "verbatim": true}}},
	})
	if err != nil {
		return err
	}
	_, err = s.post(ctx, to, jsonType, bytes.NewReader(body), int64(len(body)))
	return err
}

const suppressEmbeds = 1 << 2 // a Discord message flag: no previews of links

// sendDiscord posts to a webhook, with the file where there is one, and waits for Discord to say that the message was stored.
func sendDiscord(ctx context.Context, s *sender, l letter) error {
	to, err := s.hook("notify.discord.webhook_file", s.Discord, l.target)
	if err != nil {
		return err
	}
	query := to.Query()
	query.Set("wait", "true")
	to.RawQuery = query.Encode()
	text := discordMarkup.messageOf(l)
	if text == "" && l.file == nil {
		return errEmpty
	}
	message, err := json.Marshal(map[string]any{
		"content":          text,
		"flags":            suppressEmbeds,
		"allowed_mentions": map[string]any{"parse": []string{}},
	})
	if err != nil {
		return err
	}
	if l.file == nil {
		_, err = s.post(ctx, to, jsonType, bytes.NewReader(message), int64(len(message)))
		return err
	}
	form := newForm()
	form.field("payload_json", string(message))
	_, err = form.post(ctx, s, to, "files[0]", l.file)
	return err
}

const jsonType = "application/json"

// errEmpty is a message of which nothing is left: no medium but email takes it.
var errEmpty = &failure{text: "the message is empty: neither title nor text say anything", permanent: true}

// form is a multipart body whose file is streamed.
type form struct {
	buffer bytes.Buffer
	w      *multipart.Writer
}

func newForm() *form {
	f := &form{}
	f.w = multipart.NewWriter(&f.buffer)
	return f
}

// Writing to a buffer doesn't fail.
func (f *form) field(name, value string) { _ = f.w.WriteField(name, value) }

func (f *form) post(ctx context.Context, s *sender, to *url.URL, name string, file *attachment) ([]byte, error) {
	_, _ = f.w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition(name, file.name)},
		"Content-Type":        {file.mediaType},
	})
	before := f.buffer.Len()
	_ = f.w.Close()
	all := f.buffer.Bytes()
	body := io.MultiReader(bytes.NewReader(all[:before]), io.LimitReader(file, file.size), bytes.NewReader(all[before:]))
	return s.post(ctx, to, f.w.FormDataContentType(), body, int64(len(all))+file.size)
}
