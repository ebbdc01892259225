package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// names are a member of a listing's rows.
func names(page map[string]any, list, member string) (all []string) {
	for _, row := range page[list].([]any) {
		all = append(all, row.(map[string]any)[member].(string))
	}
	return all
}

func TestListSeries(t *testing.T) {
	s := newService(t)
	for _, c := range []struct {
		who, query string
		want       []string
	}{
		{"alice", "", []string{"energy", "temperature"}},
		{"alice", "?channel=plant", []string{"temperature"}},
		{"alice", "?channel=pla", nil},
		{"alice", "?subtopic=events/data", []string{"energy", "temperature"}},
		{"alice", "?subtopic=/events.data/", []string{"energy", "temperature"}},
		{"alice", "?subtopic=events", nil},
		{"alice", "?name=*erg*", []string{"energy"}},
		{"alice", "?name=energ", nil},
		{"alice", "?name=%3Fnergy", []string{"energy"}},
		{"alice", "?name=", nil},
		{"alice", "?channel=meter&name=*&pageSize=1", []string{"energy"}},
		{"alice", "?page=2&pageSize=1", []string{"temperature"}},
		{"alice", "?page=3&pageSize=1", nil},
		{"limited", "", []string{"energy"}},
		{"limited", "?channel=plant", nil},
		{"reader", "?limit=1", []string{"energy"}},
	} {
		page := s.get(http.StatusOK, c.who, "GET", "/series"+c.query, "")
		if diff := cmp.Diff(c.want, names(page, "series", "name")); diff != "" {
			t.Errorf("%s: /series%s: %s", c.who, c.query, diff)
		}
	}
	page := s.get(http.StatusOK, "alice", "GET", "/series?channel=meter", "")
	want := map[string]any{
		"channel": "meter", "subtopic": "events.data", "publisher": "", "name": "energy", "unit": "kWh", "count": 60.0,
		"firstTime": "2026-11-21T11:00:00.000Z", "lastTime": "2026-11-21T11:59:00.000Z",
	}
	if diff := cmp.Diff(want, page["series"].([]any)[0]); diff != "" || page["total"] != 1.0 {
		t.Errorf("%v: %s", page, diff)
	}
}

func TestListChannels(t *testing.T) {
	s := newService(t)
	page := s.get(http.StatusOK, "alice", "GET", "/channels", "")
	want := []any{
		map[string]any{"id": "meter", "subtopics": []any{"events.data"}, "series": 1.0, "count": 60.0, "firstTime": "2026-11-21T11:00:00.000Z", "lastTime": "2026-11-21T11:59:00.000Z"},
		map[string]any{"id": "plant", "subtopics": []any{"events.data"}, "series": 1.0, "count": 60.0, "firstTime": "2026-11-21T11:00:00.000Z", "lastTime": "2026-11-21T11:59:00.000Z"},
	}
	if diff := cmp.Diff(want, page["channels"]); diff != "" {
		t.Error(diff)
	}
	if page := s.get(http.StatusOK, "limited", "GET", "/channels", ""); !cmp.Equal(names(page, "channels", "id"), []string{"meter"}) || page["total"] != 1.0 {
		t.Errorf("a token that is limited to m*: %v", page)
	}
}

// TestListSeriesByOffset walks through all pages, one row each.
func TestListSeriesByOffset(t *testing.T) {
	s := newService(t)
	var got []string
	target := "/series?limit=1"
	for range 3 {
		page := s.get(http.StatusOK, "alice", "GET", target, "")
		got = append(got, names(page, "series", "name")...)
		next, ok := page["nextPage"].(map[string]any)
		if !ok {
			break
		}
		target = next["path"].(string)
	}
	if !cmp.Equal(got, []string{"energy", "temperature"}) {
		t.Errorf("%v", got)
	}
}

func TestListSeriesFaults(t *testing.T) {
	s := newService(t)
	for query, says := range map[string]string{
		`?name=a\`:                 "backslash",
		"?nam=a":                   "did you mean name?",
		"?page=0":                  "page",
		"?pageSize=1001":           "1000",
		"?page=1&offset=x":         "limit and offset choose the page already",
		"?channel=a&channel=b":     "once",
		"?offset=bm90IGEgY3Vyc29y": "nextPage.offset",
	} {
		if w := s.call("alice", "GET", "/series"+query, ""); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), says) {
			t.Errorf("%s: %d: %s", query, w.Code, w.Body)
		}
	}
}
