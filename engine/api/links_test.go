package api

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"decant/engine/access"
	"decant/engine/job"
)

// path is a link without what the service's addresses begin with.
func (s *service) path(link any) string {
	s.t.Helper()
	text, ok := link.(string)
	path, ours := strings.CutPrefix(text, s.api.c.URL)
	if !ok || !ours {
		s.t.Fatalf("the link is %v", link)
	}
	return path
}

// expiry is until when a link is good.
func expiry(t *testing.T, link string) time.Time {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	var seconds int64
	if _, err := fmt.Sscan(u.Query().Get("expires"), &seconds); err != nil {
		t.Fatalf("%s: %v", link, err)
	}
	return time.Unix(seconds, 0)
}

func TestLinks(t *testing.T) {
	s := newService(t)
	s.create("alice", "x")
	j := s.finishWith("Zähler 1.csv", csvText, "manifest.json", "{}")
	shown := s.get(http.StatusOK, "alice", "GET", "/jobs/"+j.ID, "")
	whole := s.path(shown["downloadUrl"])
	if w := s.call("", "GET", whole, ""); w.Code != http.StatusOK || w.Body.String() != csvText {
		t.Fatalf("%s: %d: %s", whole, w.Code, w.Body)
	}
	if w := s.call("", "GET", whole, "", "Range: bytes=0-3"); w.Code != http.StatusPartialContent || w.Body.String() != csvText[:4] {
		t.Errorf("a part: %d: %s", w.Code, w.Body)
	}
	manifest := shown["artifacts"].([]any)[1].(map[string]any)["downloadUrl"]
	if w := s.call("", "GET", s.path(manifest), ""); w.Code != http.StatusOK || w.Body.String() != "{}" {
		t.Errorf("the manifest: %d: %s", w.Code, w.Body)
	}
	if left := time.Duration(expiry(t, whole).UnixNano() - s.clock.Load()); left > time.Hour || left < 59*time.Minute {
		t.Errorf("the link is good for %v", left)
	}
	s.clock.Add(int64(10 * time.Minute))
	again := s.path(s.get(http.StatusOK, "alice", "GET", "/jobs/"+j.ID, "")["downloadUrl"])
	if d := expiry(t, again).Sub(expiry(t, whole)); d < 10*time.Minute || d > 11*time.Minute {
		t.Errorf("a link that was made ten minutes later is good for %v longer", d)
	}
	if reader := s.get(http.StatusOK, "reader", "GET", "/jobs/"+j.ID, ""); reader["downloadUrl"] != nil {
		t.Error("who may not download gets a link")
	}
}

// TestLinkLivesNoLongerThanItsFile: neither the API's nor a notification's.
func TestLinkLivesNoLongerThanItsFile(t *testing.T) {
	s := newService(t)
	s.create("alice", "x")
	j := s.finishWith("a.csv", csvText, "b.csv", "", "manifest.json", "{}")
	if link := Link(s.api.c.Signer, "", &j, "", begin+365*24*int64(time.Hour)); expiry(t, link).UnixNano() != *j.ExpiresAt || !strings.Contains(link, "/all.zip?") {
		t.Errorf("%s is good until %v", link, expiry(t, link))
	}
	s.clock.Store(*j.ExpiresAt - int64(time.Minute))
	link := s.api.downloadURL(&j, "a.csv")
	if expiry(t, link).UnixNano() != *j.ExpiresAt {
		t.Errorf("%s is good until %v", link, expiry(t, link))
	}
	if w := s.call("", "GET", s.path(link), ""); w.Code != http.StatusOK {
		t.Errorf("a minute before: %d: %s", w.Code, w.Body)
	}
	s.clock.Store(*j.ExpiresAt)
	if w := s.call("", "GET", s.path(link), ""); w.Code != http.StatusGone {
		t.Errorf("then: %d: %s", w.Code, w.Body)
	}
}

// TestWrongLinks: a link that was changed in any part, or is for a job that isn't there, gets the same answer as any other; only one that has
// expired may say so.
func TestWrongLinks(t *testing.T) {
	s := newService(t)
	s.create("alice", "x")
	j := s.finishWith("a.csv", csvText, "manifest.json", "{}")
	s.create("alice", "y")
	other := s.finishWith("a.csv", "other", "manifest.json", "{}")
	link := s.path(s.api.downloadURL(&j, "a.csv"))
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	with := func(name, value string) string {
		q := u.Query()
		q.Set(name, value)
		return u.Path + "?" + q.Encode()
	}
	without := func(name string) string {
		q := u.Query()
		q.Del(name)
		return u.Path + "?" + q.Encode()
	}
	later := fmt.Sprint(expiry(t, link).Unix() + 1)
	strange := access.NewSigner([]byte("another secret"))
	answers := map[string]bool{}
	for name, target := range map[string]string{
		"another file":      strings.Replace(link, "a.csv", "manifest.json", 1),
		"no such file":      strings.Replace(link, "a.csv", "b.csv", 1),
		"another job":       strings.Replace(link, j.ID, other.ID, 1),
		"no such job":       strings.Replace(link, j.ID, "019a3f5e-7c1b-7d04-9b8e-3f1f6f3f1d11", 1),
		"no job's id":       strings.Replace(link, j.ID, "%2e%2e%2fx", 1),
		"longer":            with("expires", later),
		"no time":           with("expires", "soon"),
		"a time and more":   with("expires", later+"x"),
		"without a time":    without("expires"),
		"no signature":      without("signature"),
		"empty signature":   with("signature", ""),
		"padded signature":  with("signature", u.Query().Get("signature")+"="),
		"a letter less":     with("signature", u.Query().Get("signature")[:42]),
		"of another secret": Link(strange, "", &j, "a.csv", begin+int64(time.Hour)),
	} {
		w := s.call("", "GET", target, "")
		if w.Code != http.StatusForbidden {
			t.Errorf("%s: %s: %d: %s", name, target, w.Code, w.Body)
		}
		answers[w.Body.String()] = true
	}
	if len(answers) != 1 {
		t.Errorf("the answers differ: %v", answers)
	}
	if w := s.call("", "GET", link, ""); w.Code != http.StatusOK {
		t.Fatalf("the right link: %d: %s", w.Code, w.Body)
	}
	s.clock.Store(expiry(t, link).UnixNano())
	if w := s.call("", "GET", link, ""); w.Code != http.StatusGone || !strings.Contains(w.Body.String(), "link has expired") {
		t.Errorf("expired: %d: %s", w.Code, w.Body)
	}
}

func TestRevokedLinks(t *testing.T) {
	s := newService(t)
	s.create("alice", "x")
	j := s.finishWith("a.csv", csvText, "manifest.json", "{}")
	link := s.path(s.api.downloadURL(&j, ""))
	s.get(http.StatusNoContent, "alice", "DELETE", "/jobs/"+j.ID+"/links", "")
	if w := s.call("", "GET", link, ""); w.Code != http.StatusForbidden {
		t.Errorf("a revoked link: %d: %s", w.Code, w.Body)
	}
	again := s.path(s.get(http.StatusOK, "alice", "GET", "/jobs/"+j.ID, "")["downloadUrl"])
	if w := s.call("", "GET", again, ""); w.Code != http.StatusOK {
		t.Errorf("one that was made since: %d: %s", w.Code, w.Body)
	}
	s.get(http.StatusNoContent, "alice", "DELETE", "/exports/x", "")
	if w := s.call("", "GET", again, ""); w.Code != http.StatusForbidden {
		t.Errorf("of an export that was deleted: %d: %s", w.Code, w.Body)
	}
}

// FuzzArtifacts: no address that wasn't signed gives a file, and none is a fault of the service.
func FuzzArtifacts(f *testing.F) {
	s := newService(f)
	s.create("alice", "x")
	j := s.finishWith("a.csv", csvText, "manifest.json", "{}")
	right := s.path(s.api.downloadURL(&j, "a.csv"))
	path, query, _ := strings.Cut(right, "?")
	f.Add(path, query)
	f.Add(path, "")
	f.Add("/artifacts/"+j.ID+"/all.zip", query)
	f.Add("/artifacts/"+j.ID+"/..%2fa.csv", query)
	f.Add(path, "expires=-1&signature=%00")
	f.Add(path, "expires=99999999999999999999&signature=x")
	f.Fuzz(func(t *testing.T, path, query string) {
		u, err := url.Parse(path)
		if err != nil || u.Host != "" || !strings.HasPrefix(path, "/artifacts/") || strings.Contains(path, "?") {
			return
		}
		r := newRequest("GET", "/")
		u.RawQuery = query
		r.URL = u
		w := httptest.NewRecorder()
		conform(t, s.api.Handler()).ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%d: %s", w.Code, w.Body)
		}
		if w.Code < 300 && (u.Path != strings.Split(right, "?")[0] || !sameQuery(u.RawQuery, right)) {
			t.Errorf("%s?%s is answered", path, query)
		}
	})
}

func sameQuery(query, link string) bool {
	got, err := url.ParseQuery(query)
	want, _ := url.Parse(link)
	return err == nil && got.Get("expires") != "" && got.Get("signature") == want.Query().Get("signature")
}

// TestLinkOfAJobWithoutFiles: a link that was signed for a job that has none (any more) says which.
func TestLinkOfAJobWithoutFiles(t *testing.T) {
	s := newService(t)
	s.create("alice", "x")
	j := s.finishWith("a.csv", csvText, "manifest.json", "{}")
	link := s.path(s.api.downloadURL(&j, "a.csv"))
	if err := s.queue.Expired(context.Background(), j.ID, s.clock.Load()); err != nil {
		t.Fatal(err)
	}
	if w := s.call("", "GET", link, ""); w.Code != http.StatusGone || !strings.Contains(w.Body.String(), "files have expired") {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
	waiting := job.Job{ID: j.ID, Links: j.Links}
	if whole(&waiting) != zipName {
		t.Errorf("a job without files has %s", whole(&waiting))
	}
}
