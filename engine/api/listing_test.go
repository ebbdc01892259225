package api

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"decant/engine/access"
	"decant/engine/job"
)

// ids are the ids of a listing's rows.
func ids(list map[string]any, name string) []string {
	found := []string{}
	for _, row := range list[name].([]any) {
		found = append(found, row.(map[string]any)["id"].(string))
	}
	return found
}

func TestListFilters(t *testing.T) {
	s := newService(t)
	s.create("alice", "a", `"tags": [{"label": "site", "value": "north"}, {"label": "kind", "value": "a,b"}]`)
	s.finish(done())
	s.create("alice", "b", `"tags": [{"label": "site", "value": "south"}]`)
	s.finish(job.Outcome{Status: job.Failed, Error: &job.Fault{Kind: job.LimitFault, Message: "too many rows"}})
	s.get(http.StatusCreated, "alice", "POST", "/exports", recurring(`"id": "c"`))
	s.create("bob", "z")
	created := s.get(http.StatusOK, "alice", "GET", "/exports/b", "")["createdAt"].(string)

	for query, want := range map[string][]string{
		"":                              {"c", "b", "a"},
		"sort=createdAt:asc":            {"a", "b", "c"},
		"sort=id:desc":                  {"c", "b", "a"},
		"ids[]=a&ids[]=c":               {"c", "a"},
		"ids=a,c":                       {"c", "a"},
		"ids[]=z":                       {},
		"status[]=failed":               {"b"},
		"status[]=failed&status[]=done": {"b", "a"},
		"type=recurring":                {"c"},
		"tagLabels[]=site":              {"b", "a"},
		"tagLabelValues[]=north":        {"a"},
		"tagLabelValues[]=a,b":          {"a"},
		"tagLabels[]=site&tagLabelValues[]=south": {"b"},
		"tagLabels[]=kind&tagLabelValues[]=south": {},
		"from=" + created:                         {"c", "b"},
		"to=" + created:                           {"a"},
		"page=2&pageSize=2":                       {"a"},
		"page=9":                                  {},
		"owner=alice&limit=1":                     {"c"},
	} {
		if diff := cmp.Diff(want, ids(s.get(http.StatusOK, "alice", "GET", "/exports?"+query, ""), "exports")); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	for query, want := range map[string][]string{"": {"z", "c", "b", "a"}, "owner=bob": {"z"}, "owner=nobody": {}} {
		if diff := cmp.Diff(want, ids(s.get(http.StatusOK, "root", "GET", "/exports?"+query, ""), "exports")); diff != "" {
			t.Errorf("root, %s: %s", query, diff)
		}
	}
	// A token that is limited to channels sees none of these.
	if list := s.get(http.StatusOK, "limited", "GET", "/exports", ""); len(ids(list, "exports")) != 0 || list["total"] != 0.0 {
		t.Errorf("limited sees %v", list)
	}

	for query, want := range map[string]int{"": 2, "status[]=done": 1, "ids[]=none": 0, "type=recurring": 0, "stale=true": 0, "stale=false&limit=1": 1, "sort=createdAt:asc": 2} {
		for _, path := range []string{"/jobs?", "/exports/a/jobs?"} {
			list := s.get(http.StatusOK, "alice", "GET", path+query, "")
			if got := len(ids(list, "jobs")); path == "/jobs?" && got != want || got > want {
				t.Errorf("%s%s: %d jobs", path, query, got)
			}
		}
	}
}

func TestFields(t *testing.T) {
	s := newService(t)
	s.create("alice", "a")
	list := s.get(http.StatusOK, "alice", "GET", "/exports?fields=id,owner,%20nextRun", "")
	if diff := cmp.Diff([]any{map[string]any{"id": "a", "owner": "alice", "nextRun": nil}}, list["exports"]); diff != "" {
		t.Error(diff)
	}
	if w := s.call("alice", "GET", "/exports/a?fields=id&pretty", ""); w.Body.String() != "{\n  \"id\": \"a\"\n}\n" {
		t.Errorf("%q", w.Body)
	}
	p := s.get(http.StatusBadRequest, "alice", "GET", "/jobs?fields=state,id", "")
	if f := p["faults"].([]any)[0].(map[string]any); f["path"] != "fields" || !strings.Contains(f["message"].(string), "status") {
		t.Errorf("%v", p)
	}
}

// A page of large requests ends where it takes too much memory: by offset the next one has the rest, and by number it is refused, since what it leaves
// out would be on no page.
func TestLargePages(t *testing.T) {
	s := newService(t)
	title := `"title": "` + strings.Repeat("x", 1<<20) + `"`
	var drafts []job.Draft
	for i := range 12 {
		drafts = append(drafts, job.Draft{Text: []byte(oneTime(fmt.Sprintf(`"id": "e%02d", "run": "manual"`, i), title))})
	}
	owner := access.Caller{Owner: "alice"}
	if _, _, err := s.jobs.Create(t.Context(), owner, drafts, nil); err != nil {
		t.Fatal(err)
	}
	s.token("plants", "alice", []string{"p*"}, access.List)
	for _, who := range []string{"alice", "plants"} {
		p := s.get(http.StatusBadRequest, who, "GET", "/exports?fields=id", "")
		if f := p["faults"].([]any)[0].(map[string]any); f["path"] != "pageSize" {
			t.Errorf("%s: %v", who, p)
		}
		if list := s.get(http.StatusOK, who, "GET", "/exports?fields=id&page=6&pageSize=2", ""); len(ids(list, "exports")) != 2 {
			t.Errorf("%s: the last page has %v", who, list)
		}
		found, pages, query := map[string]bool{}, 0, ""
		for more := true; more; pages++ {
			list := s.get(http.StatusOK, who, "GET", "/exports?fields=id&limit=1000"+query, "")
			for _, id := range ids(list, "exports") {
				found[id] = true
			}
			next, ok := list["nextPage"].(map[string]any)
			if more = ok; more {
				query = "&offset=" + url.QueryEscape(next["offset"].(string))
			}
		}
		if len(found) != len(drafts) || pages < 2 || pages > 4 {
			t.Errorf("%s: %d pages have %d of %d exports", who, pages, len(found), len(drafts))
		}
	}
}

// However many exports are added between two pages, walking the pages by offset gives each export once that there was at the first.
func TestOffsetPages(t *testing.T) {
	s := newService(t)
	walkers := 0
	rapid.Check(t, func(rt *rapid.T) {
		walkers++
		who := fmt.Sprintf("walker%d", walkers)
		s.token(who, who, nil, access.Create, access.List)
		want := []string{}
		for i := range rapid.IntRange(0, 5).Draw(rt, "exports") {
			id := fmt.Sprintf("e%d", i)
			s.create(who, id, `"run": "manual"`)
			want = append([]string{id}, want...)
		}
		limit := rapid.IntRange(1, 4).Draw(rt, "limit")
		got := []string{}
		path := fmt.Sprintf("/exports?limit=%d&fields=id", limit)
		for n := 0; path != ""; n++ {
			list := s.get(http.StatusOK, who, "GET", path, "")
			got = append(got, ids(list, "exports")...)
			path = ""
			if next, ok := list["nextPage"].(map[string]any); ok {
				path = next["path"].(string)
			}
			for i := range rapid.IntRange(0, 1).Draw(rt, "added") {
				s.create(who, fmt.Sprintf("later%d.%d", n, i), `"run": "manual"`)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatal(diff)
		}
	})
}

func TestOffsetBelongsToItsFilter(t *testing.T) {
	s := newService(t)
	for _, id := range []string{"a", "b", "c"} {
		s.create("alice", id)
	}
	next := s.get(http.StatusOK, "alice", "GET", "/exports?limit=1", "")["nextPage"].(map[string]any)
	offset := url.QueryEscape(next["offset"].(string))
	if got := ids(s.get(http.StatusOK, "alice", "GET", "/exports?limit=2&offset="+offset, ""), "exports"); !cmp.Equal(got, []string{"b", "a"}) {
		t.Errorf("the second page is %v", got)
	}
	s.get(http.StatusBadRequest, "alice", "GET", "/exports?limit=2&type=oneTime&offset="+offset, "")
}

// TestRangesOfJobs: a job says which ranges it has, those of runs before the export's creation too.
func TestRangesOfJobs(t *testing.T) {
	s := newService(t)
	s.get(http.StatusCreated, "alice", "POST", "/exports", recurring(`"id": "hourly"`, `"backfill": 1`, `"periodStart": 0`))
	jobs := s.get(http.StatusOK, "alice", "GET", "/exports/hourly/jobs?fields=due,ranges", "")["jobs"]
	want := []any{map[string]any{"due": "2026-11-21T12:00:00.000Z", "ranges": []any{map[string]any{"from": "2026-11-21T11:00:00.000Z", "to": "2026-11-21T12:00:00.000Z"}}}}
	if diff := cmp.Diff(any(want), jobs); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	id := s.get(http.StatusCreated, "root", "POST", "/exports/full", `{"format": "parquet"}`)["id"]
	if got := s.get(http.StatusOK, "root", "GET", fmt.Sprintf("/exports/%s/jobs?fields=ranges", id), "")["jobs"]; !cmp.Equal(got, any([]any{map[string]any{"ranges": []any{}}})) {
		t.Errorf("a full export's: %v", got)
	}
}
