package jobtest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"decant/engine/job"
)

var finding = []rule{
	{"change: counts the version, and waiting jobs keep their request", func(k kit) {
		k.create(export("ada", "e", 1), waiting("old", 1))
		e := export("ada", "e", 1)
		e.Type, e.Title, e.Tags, e.Request, e.Enabled, e.Channels, e.Next = job.Recurring, "new", []job.Tag{{Label: "l", Value: "v"}}, json.RawMessage(`{"new":1}`), false, []string{"b"}, &job.Instant{K: 1, Due: 50}
		got, err := k.q.Change(k.Context(), e, 1, 9)
		k.want(err, nil)
		if got.Last == nil || got.Last.ID != "old" {
			k.Errorf("the newest job is %v", got.Last)
		}
		e.Version, e.UpdatedAt, got.Last = 2, 9, nil
		k.same("export", got, e)
		if j := k.job("old"); j.Version != 1 || string(j.Request) != `{"of":"e"}` || j.Type != job.OneTime || j.Channels != nil {
			k.Errorf("the job that waited is now %+v", j)
		}
		j := waiting("new", 10)
		j.ExportKey = e.Key
		k.want(k.q.Add(k.Context(), j, job.Admission{}), nil)
		if j := k.job("new"); j.Version != 2 || string(j.Request) != `{"new":1}` || j.Type != job.Recurring || !slices.Equal(j.Channels, e.Channels) {
			k.Errorf("a new job is %+v", j)
		}
	}},
	{"change: only what was read", func(k kit) {
		e := k.create(export("ada", "e", 1))
		for range 2 {
			if _, err := k.q.Change(k.Context(), e, 0, 2); err != nil {
				k.Fatal(err)
			}
		}
		_, err := k.q.Change(k.Context(), e, 2, 3)
		k.want(err, job.ErrVersion)
		k.want(k.q.Delete(k.Context(), e.Key, 2, 3), job.ErrVersion)
		_, err = k.q.Change(k.Context(), export("ada", "other", 1), 0, 3)
		k.want(err, job.ErrNotFound)
		k.want(k.q.Delete(k.Context(), e.Key, 3, 3), nil)
		_, err = k.q.Change(k.Context(), e, 0, 4)
		k.want(err, job.ErrNotFound)
	}},
	{"change: of many at once from one version, one succeeds", func(k kit) {
		e := k.create(export("ada", "e", 1))
		won := 0
		for _, err := range together(8, func(int) error {
			_, err := k.q.Change(context.Background(), e, 1, 2)
			return err
		}) {
			if err == nil {
				won++
			} else {
				k.want(err, job.ErrVersion)
			}
		}
		if won != 1 {
			k.Errorf("%d succeeded", won)
		}
	}},
	{"change: keeps the next run where it is told to", func(k kit) {
		e := export("ada", "e", 1)
		e.Next = &job.Instant{K: 4, Due: 40}
		k.create(e)
		e.Next = job.KeepNext
		got, err := k.q.Change(k.Context(), e, 0, 2)
		k.want(err, nil)
		k.same("next run", got.Next, &job.Instant{K: 4, Due: 40})
		e.Next = nil
		got, err = k.q.Change(k.Context(), e, 0, 2)
		k.want(err, nil)
		k.same("next run", got.Next, (*job.Instant)(nil))
	}},
	{"find: by owner, or of all", func(k kit) {
		for _, owner := range []string{"bob", "ada"} {
			k.create(export(owner, "e", 1))
			k.create(export(owner, "f", 1))
		}
		for owner, want := range map[string][]string{"ada": {"ada/e"}, "": {"ada/e", "bob/e"}, "cyd": nil, "' OR 1=1 --": nil} {
			found, err := k.q.Find(k.Context(), owner, "e")
			k.want(err, nil)
			var keys []string
			for _, e := range found {
				keys = append(keys, e.Key)
			}
			k.same("exports of "+owner, keys, want)
		}
	}},
	{"list: filters", func(k kit) {
		k.create(k.tagged("ada", "a", 10, "site", "north", "kind", "power"), waiting("1", 10))
		k.create(k.tagged("ada", "b", 20, "site", "south", "kind", "north"), waiting("2", 20), waiting("3", 21))
		k.create(k.tagged("bob", "c", 30))
		recurring := k.tagged("bob", "d", 40, "site", "north")
		recurring.Type = job.Recurring
		k.create(recurring)
		k.want(k.q.CancelJob(k.Context(), "3", 50), nil)
		for _, c := range []struct {
			f    job.Filter
			want []string
		}{
			{job.Filter{}, []string{"bob/d", "bob/c", "ada/b", "ada/a"}},
			{job.Filter{Owner: "ada"}, []string{"ada/b", "ada/a"}},
			{job.Filter{IDs: []string{"a", "d", "x"}}, []string{"bob/d", "ada/a"}},
			{job.Filter{IDs: []string{}}, []string{"bob/d", "bob/c", "ada/b", "ada/a"}},
			{job.Filter{Status: []job.Status{job.Cancelled}}, []string{"ada/b"}},
			{job.Filter{Status: []job.Status{job.NotProcessed, job.Cancelled}}, []string{"ada/b", "ada/a"}},
			{job.Filter{Type: job.Recurring}, []string{"bob/d"}},
			{job.Filter{TagLabels: []string{"site"}}, []string{"bob/d", "ada/b", "ada/a"}},
			{job.Filter{TagValues: []string{"north"}}, []string{"bob/d", "ada/b", "ada/a"}},
			{job.Filter{TagLabels: []string{"site"}, TagValues: []string{"north"}}, []string{"bob/d", "ada/a"}},
			{job.Filter{TagLabels: []string{"kind", "site"}, TagValues: []string{"power", "north"}}, []string{"ada/a"}},
			{job.Filter{TagLabels: []string{"kind", "site"}, TagValues: []string{"north"}}, []string{"ada/b", "ada/a"}},
			{job.Filter{From: ptr[int64](20), To: ptr[int64](40)}, []string{"bob/c", "ada/b"}},
			{job.Filter{IDs: []string{"a') OR 1=1 --"}}, nil},
		} {
			got, total := k.list(c.f)
			k.same(fmt.Sprintf("list %+v", c.f), got, c.want)
			if total != int64(len(c.want)) {
				k.Errorf("list %+v: %d in all", c.f, total)
			}
		}
	}},
	{"list: deleted exports only where asked for", func(k kit) {
		k.create(export("ada", "e", 1), waiting("j", 1))
		k.want(k.q.Delete(k.Context(), "ada/e", 0, 2), nil)
		if keys, total := k.list(job.Filter{}); keys != nil || total != 0 {
			k.Error(keys, total)
		}
		all, _, err := k.q.List(k.Context(), job.Filter{Deleted: true})
		if err != nil || len(all) != 1 || all[0].DeletedAt == nil || *all[0].DeletedAt != 2 {
			k.Error(all, err)
		}
	}},
	{"list: sorts and pages", func(k kit) {
		for i, title := range []string{"b", "B", "a", "_", "é"} {
			e := export("ada", number("e", 4-i), 7)
			e.Title, e.UpdatedAt = title, int64(10-i%3)
			k.create(e)
		}
		for by, want := range map[string][]string{
			"":          {"ada/e0000", "ada/e0001", "ada/e0002", "ada/e0003", "ada/e0004"},
			"title":     {"ada/e0003", "ada/e0001", "ada/e0002", "ada/e0004", "ada/e0000"},
			"updatedAt": {"ada/e0002", "ada/e0000", "ada/e0003", "ada/e0001", "ada/e0004"},
			"status":    {"ada/e0000", "ada/e0001", "ada/e0002", "ada/e0003", "ada/e0004"},
		} {
			up, _ := k.list(job.Filter{SortBy: by, Ascending: true})
			k.same("ascending by "+by, up, want)
			down, _ := k.list(job.Filter{SortBy: by})
			slices.Reverse(down)
			k.same("descending by "+by, down, want)
			var paged []string
			for offset := 0; offset < 6; offset += 2 {
				page, total := k.list(job.Filter{SortBy: by, Ascending: true, Offset: offset, Limit: 2})
				paged = append(paged, page...)
				if total != 5 {
					k.Errorf("a page says there are %d", total)
				}
			}
			k.same("pages by "+by, paged, want)
			rest, _ := k.list(job.Filter{SortBy: by, Ascending: true, Offset: 3})
			k.same("from the fourth by "+by, rest, want[3:])
		}
		for _, by := range []string{"owner", "created_at", "id; DROP TABLE exports", "createdAt "} {
			if _, _, err := k.q.List(k.Context(), job.Filter{SortBy: by}); err == nil {
				k.Errorf("sorts by %q", by)
			}
			if _, _, err := k.q.Jobs(k.Context(), job.Filter{SortBy: by}); err == nil {
				k.Errorf("sorts jobs by %q", by)
			}
		}
	}},
	{"jobs: filters", func(k kit) {
		k.create(k.tagged("ada", "a", 1, "site", "north"), waiting("1", 10), waiting("2", 20))
		recurring := k.tagged("bob", "b", 1)
		recurring.Type = job.Recurring
		k.create(recurring, run("3", 1, 30))
		k.create(export("bob", "gone", 1), waiting("4", 40))
		k.want(k.q.Delete(k.Context(), "bob/gone", 0, 41), nil)
		k.want(k.q.CancelJob(k.Context(), "1", 50), nil)
		for _, c := range []struct {
			f    job.Filter
			want []string
		}{
			{job.Filter{}, []string{"3", "2", "1"}},
			{job.Filter{Deleted: true}, []string{"3", "2", "1"}},
			{job.Filter{Owner: "ada", Ascending: true}, []string{"1", "2"}},
			{job.Filter{Export: "bob/b"}, []string{"3"}},
			{job.Filter{IDs: []string{"1", "3", "4"}}, []string{"3", "1"}},
			{job.Filter{Status: []job.Status{job.Cancelled}}, []string{"1"}},
			{job.Filter{Type: job.Recurring}, []string{"3"}},
			{job.Filter{TagLabels: []string{"site"}}, []string{"2", "1"}},
			{job.Filter{From: ptr[int64](20), To: ptr[int64](30)}, []string{"2"}},
			{job.Filter{SortBy: "updatedAt"}, []string{"1", "3", "2"}},
			{job.Filter{SortBy: "id", Offset: 1, Limit: 1}, []string{"2"}},
		} {
			got, total := k.jobs(c.f)
			k.same(fmt.Sprintf("jobs %+v", c.f), got, c.want)
			if all := int64(len(c.want)); c.f.Limit == 0 && total != all || c.f.Limit > 0 && total != 3 {
				k.Errorf("jobs %+v: %d in all", c.f, total)
			}
		}
		k.want(second(k.q.Job(k.Context(), "bob", "1")), job.ErrNotFound)
		k.want(second(k.q.Job(k.Context(), "", "4")), job.ErrNotFound)
		k.want(second(k.q.Job(k.Context(), "ada", "1")), nil)
	}},
}

// tagged makes an export with tags: label, value, label, value…
func (k kit) tagged(owner, id string, at int64, tags ...string) job.Export {
	e := export(owner, id, at)
	for pair := range slices.Chunk(tags, 2) {
		e.Tags = append(e.Tags, job.Tag{Label: pair[0], Value: pair[1]})
	}
	return e
}

func second[T any](_ T, err error) error { return err }
