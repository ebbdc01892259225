package notify

import (
	"encoding/json"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"decant/engine/export/request"
)

// hookServer records what is posted to it, and answers as a test wants.
type hookServer struct {
	*httptest.Server
	status  int
	header  map[string]string
	answer  string
	paths   []string
	headers []http.Header
	bodies  []string
	targets atomic.Int32 // requests
}

func newHookServer(t *testing.T, status int, answer string) *hookServer {
	t.Helper()
	h := &hookServer{status: status, answer: answer, header: map[string]string{}}
	h.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.ContentLength != int64(len(body)) {
			t.Errorf("body of %d bytes, said to be %d: %v", len(body), r.ContentLength, err)
		}
		h.targets.Add(1)
		h.paths = append(h.paths, r.URL.RequestURI())
		h.headers = append(h.headers, r.Header)
		h.bodies = append(h.bodies, string(body))
		for k, v := range h.header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(h.status)
		_, _ = io.WriteString(w, h.answer)
	}))
	h.Config.ErrorLog = log.New(io.Discard, "", 0)
	h.TLS = serverTLS(t)
	h.StartTLS()
	t.Cleanup(h.Close)
	return h
}

// body is the only request's.
func (h *hookServer) body(t *testing.T) map[string]any {
	t.Helper()
	if len(h.bodies) != 1 {
		t.Fatalf("%d requests came", len(h.bodies))
	}
	return object(t, h.bodies[0])
}

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return o
}

const hookSecret = "T00-B00-XXXXsecret"

func TestSlack(t *testing.T) {
	h := newHookServer(t, 200, "ok")
	m := request.Message{Medium: "slack", Target: h.URL + "/services/" + hookSecret, Title: "{{filename}}", Text: "{{status}} <!here> {{downloadUrl}}"}
	if err := newDesk(t, config(), "").send(t, m); err != nil {
		t.Fatal(err)
	}
	got := h.body(t)
	want := "*meter.csv*\n\ndone &lt;!here&gt; <https://decant.example.com/artifacts/0199c5a2-0b1e-7c4e-8a55-000000000001/meter.csv?expires=20260928&amp;signature=a_b_c>"
	if got["text"] != want || got["parse"] != "none" || got["link_names"] != false || got["unfurl_links"] != false {
		t.Errorf("got %v", got)
	}
	block := got["blocks"].([]any)[0].(map[string]any)
	if text := block["text"].(map[string]any); text["type"] != "mrkdwn" || text["verbatim"] != true || text["text"] != want {
		t.Errorf("block %v", block)
	}
	if h.paths[0] != "/services/"+hookSecret || h.headers[0].Get("Content-Type") != "application/json" {
		t.Errorf("%s %v", h.paths[0], h.headers[0])
	}
}

func TestWebhookFromTheConfiguration(t *testing.T) {
	h := newHookServer(t, 204, "")
	c := config()
	c.Discord.WebhookFile = file(t, "webhook", h.URL+"/api/webhooks/"+hookSecret+"\n")
	if err := newDesk(t, c, "").send(t, request.Message{Medium: "discord", Text: "x"}); err != nil {
		t.Fatal(err)
	}
	if h.paths[0] != "/api/webhooks/"+hookSecret+"?wait=true" {
		t.Errorf("posted to %s", h.paths[0])
	}
}

func TestDiscord(t *testing.T) {
	h := newHookServer(t, 200, "{}")
	m := request.Message{Medium: "discord", Target: h.URL + "/api/webhooks/1/x?thread_id=7", Title: "*", Text: "@everyone {{downloadUrl}}"}
	if err := newDesk(t, config(), "").send(t, m); err != nil {
		t.Fatal(err)
	}
	got := h.body(t)
	if want := "**\\***\n\n\\@everyone <https://decant.example.com/artifacts/0199c5a2-0b1e-7c4e-8a55-000000000001/meter.csv?expires=20260928&signature=a_b_c>"; got["content"] != want {
		t.Errorf("content %q", got["content"])
	}
	if mentions := got["allowed_mentions"].(map[string]any); len(mentions) != 1 || len(mentions["parse"].([]any)) != 0 {
		t.Errorf("mentions %v", mentions)
	}
	if h.paths[0] != "/api/webhooks/1/x?thread_id=7&wait=true" {
		t.Errorf("posted to %s", h.paths[0])
	}
}

// form reads a multipart body: fields, and the one file.
func formOf(t *testing.T, h *hookServer) (fields map[string]string, name, mediaType, content string) {
	t.Helper()
	_, parameters, err := mime.ParseMediaType(h.headers[len(h.headers)-1].Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	fields = map[string]string{}
	r := multipart.NewReader(strings.NewReader(h.bodies[len(h.bodies)-1]), parameters["boundary"])
	for {
		p, err := r.NextPart()
		if err == io.EOF {
			return fields, name, mediaType, content
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.FileName() == "" {
			fields[p.FormName()] = readAll(t, p)
			continue
		}
		name, mediaType, content = p.FormName()+" "+p.FileName(), p.Header.Get("Content-Type"), readAll(t, p)
	}
}

func TestDiscordAttachment(t *testing.T) {
	h := newHookServer(t, 200, "{}")
	m := request.Message{Medium: "discord", Target: h.URL, Title: "t", Text: "x", Attach: true}
	if err := newDesk(t, config(), "a,b\n1,2\n").send(t, m); err != nil {
		t.Fatal(err)
	}
	fields, name, mediaType, content := formOf(t, h)
	if name != "files[0] meter.csv" || mediaType != "text/csv; charset=utf-8" || content != "a,b\n1,2\n" {
		t.Errorf("file %q of %s: %q", name, mediaType, content)
	}
	if got := object(t, fields["payload_json"]); got["content"] != "**t**\n\nx" {
		t.Errorf("payload %v", got)
	}
}

func TestSeveralFilesAreAttachedAsAZip(t *testing.T) {
	h := newHookServer(t, 200, "{}")
	j := doneJob(t, request.Message{Medium: "discord", Target: h.URL, Title: "{{filename}}", Text: "{{rows}} {{downloadUrl}}", Attach: true})
	second := j.Artifacts[0]
	second.File, second.Item = "other.csv", 1
	j.Artifacts = append(j.Artifacts, second)
	if err := newDesk(t, config(), "PK").sendOf(t, j, "onSuccess"); err != nil {
		t.Fatal(err)
	}
	fields, name, mediaType, content := formOf(t, h)
	if name != "files[0] meter-monthly.zip" || mediaType != "application/zip" || content != "PK" {
		t.Errorf("file %q of %s: %q", name, mediaType, content)
	}
	text := object(t, fields["payload_json"])["content"].(string)
	if !strings.HasPrefix(text, "**meter.csv, other.csv**\n\n8642 <https://") || !strings.Contains(text, "/all.zip?") {
		t.Errorf("content %q", text)
	}
}

func TestDiscordRefusesTheFile(t *testing.T) {
	h := newHookServer(t, 413, "{}")
	m := request.Message{Medium: "discord", Target: h.URL, Text: "x", Attach: true}
	wantFailure(t, newDesk(t, config(), "content").send(t, m), true, "413")
	if len(h.bodies) != 2 || !strings.Contains(h.bodies[1], "is too large for discord") {
		t.Errorf("requests %q", h.bodies)
	}
}

const botToken = "123456:ABC-secret"

func telegramConfig(t *testing.T, h *hookServer) Config {
	c := config()
	c.Telegram.APIURL = h.URL
	c.Telegram.TokenFile = file(t, "token", botToken)
	c.Telegram.Chat = "-100"
	return c
}

func TestTelegram(t *testing.T) {
	h := newHookServer(t, 200, `{"ok":true,"result":{}}`)
	m := request.Message{Medium: "telegram", Target: "@plant", Title: "<b>", Text: "a & {{status}} {{downloadUrl}}"}
	if err := newDesk(t, telegramConfig(t, h), "").send(t, m); err != nil {
		t.Fatal(err)
	}
	got := h.body(t)
	want := "<b>&lt;b&gt;</b>\n\na &amp; done https://decant.example.com/artifacts/0199c5a2-0b1e-7c4e-8a55-000000000001/meter.csv?expires=20260928&amp;signature=a_b_c"
	if got["text"] != want || got["chat_id"] != "@plant" || got["parse_mode"] != "HTML" {
		t.Errorf("got %v", got)
	}
	if h.paths[0] != "/bot"+botToken+"/sendMessage" {
		t.Errorf("posted to %s", h.paths[0])
	}
}

func TestTelegramAttachment(t *testing.T) {
	h := newHookServer(t, 200, `{"ok":true,"result":{}}`)
	m := request.Message{Medium: "telegram", Title: "t", Text: strings.Repeat("x", 2000), Attach: true}
	if err := newDesk(t, telegramConfig(t, h), "content").send(t, m); err != nil {
		t.Fatal(err)
	}
	fields, name, _, content := formOf(t, h)
	if name != "document meter.csv" || content != "content" || fields["chat_id"] != "-100" {
		t.Errorf("file %q: %q to %q", name, content, fields["chat_id"])
	}
	if n := units(fields["caption"]); n > 1024 || n < 1000 {
		t.Errorf("the caption is %d long", n)
	}
	if h.paths[0] != "/bot"+botToken+"/sendDocument" {
		t.Errorf("posted to %s", h.paths[0])
	}
}

func TestHTTPFailures(t *testing.T) {
	for _, c := range []struct {
		status    int
		header    string // Retry-After
		permanent bool
		after     time.Duration
		words     string
	}{
		{400, "", true, 0, "status 400"},
		{404, "", true, 0, "status 404"},
		{429, "17", false, 17 * time.Second, "too many"},
		{429, "1.5", false, 1500 * time.Millisecond, "too many"},
		{429, "Mon, 21 Sep 2026 14:14:21 GMT", false, time.Minute, "too many"},
		{429, "", false, 0, "too many"},
		{429, "-4", false, 0, "too many"},
		{429, "9999999999999", false, 24 * time.Hour, "too many"},
		{429, "NaN", false, 0, "too many"},
		{302, "", true, 0, "redirect"},
		{500, "", false, 0, "status 500"},
		{503, "5", false, 5 * time.Second, "status 503"},
	} {
		h := newHookServer(t, c.status, "inner secret of the host")
		h.header["Retry-After"] = c.header
		h.header["Location"] = h.URL + "/elsewhere"
		m := request.Message{Medium: "slack", Target: h.URL + "/" + hookSecret, Text: "x"}
		f := wantFailure(t, newDesk(t, config(), "").send(t, m), c.permanent, c.words, hookSecret, "inner secret")
		if f.after != c.after {
			t.Errorf("%d, %q: after %v", c.status, c.header, f.after)
		}
		if h.targets.Load() != 1 {
			t.Errorf("%d: %d requests came", c.status, h.targets.Load())
		}
	}
}

func TestTelegramFailures(t *testing.T) {
	h := newHookServer(t, 429, `{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 35","parameters":{"retry_after":35}}`)
	f := wantFailure(t, newDesk(t, telegramConfig(t, h), "").send(t, request.Message{Medium: "telegram", Text: "x"}), false, "retry after 35", botToken)
	if f.after != 35*time.Second {
		t.Errorf("after %v", f.after)
	}
	h = newHookServer(t, 400, `{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}`)
	wantFailure(t, newDesk(t, telegramConfig(t, h), "").send(t, request.Message{Medium: "telegram", Text: "x"}), true, "chat not found", botToken)
	h = newHookServer(t, 200, `<html>a portal</html>`)
	wantFailure(t, newDesk(t, telegramConfig(t, h), "").send(t, request.Message{Medium: "telegram", Text: "x"}), false, "no Bot API", botToken)
}

func TestNothingToSay(t *testing.T) {
	h := newHookServer(t, 200, "")
	c := telegramConfig(t, h)
	for _, m := range []request.Message{{Medium: "slack", Target: h.URL}, {Medium: "discord", Target: h.URL}, {Medium: "telegram"}} {
		m.Text = "{{error}}"
		wantFailure(t, newDesk(t, c, "").send(t, m), true, "empty")
	}
	if h.targets.Load() != 0 {
		t.Errorf("%d requests came", h.targets.Load())
	}
}

// A secret of any kind shows neither in errors nor in the log, whatever goes wrong.
func TestSecretsStayAway(t *testing.T) {
	h := newHookServer(t, 200, "")
	address := h.URL
	h.Close() // nobody listens
	c := config()
	c.Telegram.APIURL = address
	c.Telegram.TokenFile = file(t, "token", botToken)
	c.Slack.WebhookFile = file(t, "slack", address+"/"+hookSecret)
	c.Discord.WebhookFile = file(t, "discord", "ht tp://"+hookSecret)
	for _, m := range []request.Message{
		{Medium: "telegram", Target: "1", Text: "x"},
		{Medium: "slack", Text: "x"},
		{Medium: "discord", Text: "x"},
		{Medium: "discord", Target: "https://" + hookSecret + ".invalid:1/\x7f", Text: "x"},
	} {
		d := newDesk(t, c, "")
		j := doneJob(t, m)
		if err := d.deliver(t.Context(), d.present(), j, mustParse(t, j), m, messageID); err == nil {
			t.Errorf("%v: no error", m)
		} else if f := wantFailure(t, err, strings.Contains(m.Target, "invalid"), "", hookSecret, botToken); f.text == "" {
			t.Error("no text")
		}
		if strings.Contains(d.log.String(), "secret") {
			t.Errorf("the log tells: %s", d.log.String())
		}
	}
}

func TestProxiesOfTheEnvironmentAreNotAsked(t *testing.T) {
	proxy := newHookServer(t, 200, "")
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("HTTP_PROXY", proxy.URL)
	h := newHookServer(t, 200, "")
	if err := newDesk(t, config(), "").send(t, request.Message{Medium: "slack", Target: h.URL, Text: "x"}); err != nil {
		t.Fatal(err)
	}
	if h.targets.Load() != 1 || proxy.targets.Load() != 0 {
		t.Errorf("%d came, %d through the proxy", h.targets.Load(), proxy.targets.Load())
	}
	// Loopback is never asked for through a proxy, so the setting itself is looked at, too.
	if transport := newDesk(t, config(), "").present().client.Transport.(*http.Transport); transport.Proxy != nil {
		t.Error("the transport asks for a proxy")
	}
}
