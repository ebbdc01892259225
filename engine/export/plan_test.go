package export_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"decant/decimation"
	"decant/engine/export"
	"decant/engine/export/request"
)

// instant reads a time with an offset as ns.
func instant(t *testing.T, s string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixNano()
}

func TestRanges(t *testing.T) {
	src := &memorySource{}
	src.Append(number("n", 0, 1))
	const berlin = `{"format": {"extension": "csv", "timezone": "Europe/Berlin"}, "type": "oneTime", "items": [%s]}`
	// 31 January 2026, local midnight.
	const monthly = `{"format": {"extension": "csv", "timezone": "Europe/Berlin"}, "type": "recurring", "periodicity": "P1M", "periodStart": 1769814000, "items": [%s]}`
	const noStart = `{"format": {"extension": "csv"}, "type": "recurring", "periodicity": "P1M", "items": [%s]}`
	for _, c := range []struct {
		name, request, params, now string
		align                      bool
		from, to, due              string
	}{
		{"period ends when due", berlin, `, "period": "P1D"`, "2026-10-25T12:00:00Z", false, "2026-10-24T13:00:00+02:00", "2026-10-25T13:00:00+01:00", ""},
		{"aligned day of 25 hours", berlin, `, "period": "P1D"`, "2026-10-26T12:00:00Z", true, "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", ""},
		{"aligned month", berlin, `, "period": "P1M"`, "2026-10-26T12:00:00Z", true, "2026-09-01T00:00:00+02:00", "2026-10-01T00:00:00+02:00", ""},
		{"aligned quarters of hours", berlin, `, "period": "PT15M"`, "2026-10-26T12:16:00Z", true, "2026-10-26T13:00:00+01:00", "2026-10-26T13:15:00+01:00", ""},
		{"aligned weeks", berlin, `, "period": "P2W"`, "2026-10-28T12:16:00Z", true, "2026-10-12T00:00:00+02:00", "2026-10-26T00:00:00+01:00", ""},
		{"period with from", berlin, `, "period": "P1M", "from": 1769814000`, "2026-10-26T12:00:00Z", false, "2026-01-31T00:00:00+01:00", "2026-02-28T00:00:00+01:00", ""},
		{"period with to", berlin, `, "period": "P1M", "to": 1774908000`, "2026-10-26T12:00:00Z", false, "2026-02-28T00:00:00+01:00", "2026-03-31T00:00:00+02:00", ""},
		{"recurring tiles", monthly, `, "period": "P1M"`, "2026-03-15T00:00:00Z", false, "2026-01-31T00:00:00+01:00", "2026-02-28T00:00:00+01:00", "2026-02-28T00:00:00+01:00"},
		{"recurring, next", monthly, `, "period": "P1M"`, "2026-03-30T22:00:00Z", false, "2026-02-28T00:00:00+01:00", "2026-03-31T00:00:00+02:00", "2026-03-31T00:00:00+02:00"},
		{"recurring, a nanosecond before", monthly, `, "period": "P1M"`, "2026-03-30T21:59:59.999999999Z", false, "2026-01-31T00:00:00+01:00", "2026-02-28T00:00:00+01:00", "2026-02-28T00:00:00+01:00"},
		{"recurring, another period", monthly, `, "period": "P1D"`, "2026-03-15T00:00:00Z", false, "2026-02-27T00:00:00+01:00", "2026-02-28T00:00:00+01:00", "2026-02-28T00:00:00+01:00"},
		{"recurring, a century on", monthly, `, "period": "P1M"`, "2126-03-15T00:00:00Z", false, "2126-01-31T00:00:00+01:00", "2126-02-28T00:00:00+01:00", "2126-02-28T00:00:00+01:00"},
		{"recurring without a start", noStart, `, "period": "P1M"`, "2026-03-15T00:00:00Z", false, "2026-02-15T00:00:00Z", "2026-03-15T00:00:00Z", "2026-03-15T00:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := parseText(t, fmt.Sprintf(c.request, item(`"target": {"value": "n"}`+c.params)))
			p, _, err := newPlan(t, src, r, export.Options{Now: instant(t, c.now), Align: c.align})
			if err != nil {
				t.Fatal(err)
			}
			zone := r.Format.Zone.Location
			show := func(ns int64) string { return time.Unix(0, ns).In(zone).Format(time.RFC3339Nano) }
			if from, to := show(p.Items[0].From), show(p.Items[0].To); from != c.from || to != c.to {
				t.Errorf("the range is %s to %s, want %s to %s", from, to, c.from, c.to)
			}
			due := ""
			if p.Due != nil {
				due = show(*p.Due)
			}
			if due != c.due {
				t.Errorf("due at %q, want %q", due, c.due)
			}
			before := instant(t, c.now)
			if again, _, err := newPlan(t, src, r, export.Options{At: &before, Align: c.align}); err != nil || again.Items[0].To != p.Items[0].To {
				t.Errorf("chosen by At, it ends at another time: %v", err)
			}
			want := []export.Range{{From: &p.Items[0].From, To: &p.Items[0].To}}
			ranges, err := export.Ranges(r, export.Options{Now: instant(t, c.now), Align: c.align})
			if diff := cmp.Diff(want, ranges); diff != "" || err != nil {
				t.Errorf("without the plan: %v (-want +got):\n%s", err, diff)
			}
		})
	}
	r := parseText(t, fmt.Sprintf(monthly, item(`"target": {"value": "n"}`)))
	if _, _, err := newPlan(t, src, r, export.Options{Now: instant(t, "2026-02-15T00:00:00Z")}); err == nil || !strings.Contains(err.Error(), "the first is due at 2026-02-28T00:00:00+01:00") {
		t.Errorf("before the first run: %v", err)
	}
	if ranges, err := export.Ranges(r, export.Options{Now: instant(t, "2026-02-15T00:00:00Z")}); err == nil {
		t.Errorf("before the first run: %v", ranges)
	}
}

func TestOpenRanges(t *testing.T) {
	r := parseText(t, fmt.Sprintf(`{"format": {"extension": "csv"}, "type": "oneTime", "items": [%s, %s, %s]}`, item(`"target": {"value": "n"}`),
		item(`"target": {"value": "n"}, "from": 5`), item(`"target": {"value": "n"}, "from": 9223372036, "period": "P1Y"`))) // the last ends beyond int64
	ranges, err := export.Ranges(r, export.Options{})
	five, late := int64(5e9), int64(9223372036e9)
	if diff := cmp.Diff([]export.Range{{}, {From: &five}, {From: &late}}, ranges); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// Run names a run, of which there may be some before the first; the moment then says nothing.
func TestRunIsChosen(t *testing.T) {
	src := &memorySource{}
	src.Append(number("n", 0, 1))
	const monthly = `{"format": {"extension": "csv", "timezone": "Europe/Berlin"}, "type": "recurring", "periodicity": "P1M", %s "items": [%s]}`
	for _, c := range []struct {
		start    string
		k        int64
		from, to string // "": refused
	}{
		{`"periodStart": 1769814000,`, 1, "2026-01-31T00:00:00+01:00", "2026-02-28T00:00:00+01:00"},
		{`"periodStart": 1769814000,`, 3, "2026-03-31T00:00:00+02:00", "2026-04-30T00:00:00+02:00"},
		{`"periodStart": 1769814000,`, 0, "2025-12-31T00:00:00+01:00", "2026-01-31T00:00:00+01:00"},
		{`"periodStart": 1769814000,`, -2, "2025-10-31T00:00:00+01:00", "2025-11-30T00:00:00+01:00"},
		{`"periodStart": 1769814000,`, 1 << 40, "", ""},
		{``, -1, "2026-01-15T01:00:00+01:00", "2026-02-15T01:00:00+01:00"},
	} {
		r := parseText(t, fmt.Sprintf(monthly, c.start, item(`"target": {"value": "n"}, "period": "P1M"`)))
		p, _, err := newPlan(t, src, r, export.Options{Now: instant(t, "2026-03-15T00:00:00Z"), Run: &c.k})
		if c.to == "" {
			if err == nil {
				t.Errorf("run %d is planned", c.k)
			}
			continue
		}
		if err != nil {
			t.Errorf("run %d: %v", c.k, err)
			continue
		}
		show := func(ns int64) string { return time.Unix(0, ns).In(r.Format.Zone.Location).Format(time.RFC3339Nano) }
		if from, to := show(p.Items[0].From), show(p.Items[0].To); from != c.from || to != c.to || *p.Due != p.Items[0].To {
			t.Errorf("run %d covers %s to %s, want %s to %s", c.k, from, to, c.from, c.to)
		}
	}
}

// twoPublishers has one name by two publishers, and another by none.
func twoPublishers() *memorySource {
	src := &memorySource{}
	for i, publisher := range []string{"p1", "p2"} {
		x := number("temp", int64(i)*1e9, 20)
		x.Publisher = publisher
		src.Append(x)
	}
	src.Append(number("power", 5e9, 1), number("urn:dev:meter:1:energy", 5e9, 1), number("urn:dev:meter:2:energy", 5e9, 1))
	text := number("state", 5e9, 0)
	text.Kind, text.Text = 3, "on"
	src.Append(text)
	return src
}

func TestPlanRefuses(t *testing.T) {
	const wide = `"outputFormat": "wide"`
	for _, c := range []struct {
		name   string
		format string // beside the extension
		items  []string
		fault  bool // else not found
		want   []string
	}{
		{"unknown name, close ones", "", []string{item(`"target": {"value": "powr, enrgy"}`)}, false, []string{"powr", "close to it: power", "enrgy"}},
		{"a part of a name", "", []string{item(`"target": {"value": "energy"}`)}, false, []string{"urn:dev:meter:1:energy, urn:dev:meter:2:energy"}},
		{"unknown prefix", "", []string{item(`"target": {"value": "zzz*"}`)}, false, []string{"starts with zzz", "there is power, state, temp"}},
		{"unknown channel", "", []string{`{"params": {"channelId": "c2", "subtopic": "events.data", "target": {"value": "power"}}}`}, false, []string{"no channel c2", "close to it: c1"}},
		{"unknown subtopic", "", []string{`{"params": {"channelId": "c1", "subtopic": "status", "target": {"value": "power"}}}`}, false, []string{"never carried subtopic status; there is events.data"}},
		{"unknown publisher", "", []string{item(`"target": {"value": "temp"}, "publisher": "p3"`)}, false, []string{"no series temp by publisher p3; there is publisher p1 with unit V, publisher p2 with unit V"}},
		{"two series for a column", `, "columns": [{"id": "time"}, {"id": "temp"}]`, []string{item(`"target": {"value": "temp"}, ` + wide)}, true,
			[]string{"format.columns[1].id", "temp (V) by p1 and temp (V) by p2", `items[0].params.publisher: "p1" or "p2"`}},
		{"one label for two series", `, "columns": [{"id": "time"}, {"id": "X"}]`, []string{item(`"target": {"value": "power,state", "label": "X,X"}, ` + wide)}, true,
			[]string{"power (V) and state (V)", "another label"}},
		{"a column that no item can fill", `, "columns": [{"id": "time"}, {"id": "power"}, {"id": "value"}]`, []string{item(`"target": {"value": "power"}, ` + wide)}, true,
			[]string{"format.columns[2].id", "no item can fill"}},
		{"nothing but time", `, "columns": [{"id": "time"}, {"id": "value"}]`, []string{item(`"target": {"value": "power"}, ` + wide), item(`"target": {"value": "power"}`)}, true,
			[]string{"items[0]", "nothing but time"}},
		{"nothing but time, the column being another item's", `, "columns": [{"id": "time"}, {"id": "pq"}]`,
			[]string{item(`"target": {"value": "p*"}, ` + wide), item(`"target": {"value": "power", "label": "pq"}, ` + wide)}, true,
			[]string{"items[0]", "nothing but time"}},
		{"no column at all", `, "columns": [{"id": "sum"}]`, []string{item(`"target": {"value": "power"}`),
			item(`"target": {"value": "power"}, "decimation": {"ds": "1h"}`)}, true, []string{"items[1]", "left without a column"}},
		{"a prefix that never carried the column", `, "columns": [{"id": "time"}, {"id": "po"}]`, []string{item(`"target": {"value": "p*"}, ` + wide)}, false,
			[]string{"format.columns[1]", "no series of the wide items is called po; there is power"}},
		{"faults before what is not there", `, "columns": [{"id": "time"}, {"id": "temp"}, {"id": "nothing"}]`,
			[]string{item(`"target": {"value": "nothing"}`), item(`"target": {"value": "temp"}, ` + wide)}, true, []string{"format.columns[1].id", "format.columns[2].id"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _, err := newPlan(t, twoPublishers(), parse(t, `"extension": "csv"`+c.format, c.items...), export.Options{})
			var fault *export.RequestError
			var missing *export.NotFoundError
			if c.fault && !errors.As(err, &fault) || !c.fault && !errors.As(err, &missing) {
				t.Fatalf("the plan is %v, %v", p, err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error lacks %q: %v", want, err)
				}
			}
			lines := strings.Split(err.Error(), "\n")
			slices.Sort(lines)
			if len(slices.Compact(slices.Clone(lines))) < len(lines) {
				t.Errorf("a fault is reported twice: %v", err)
			}
		})
	}
}

// A long list of unknown names is looked into only so far; the rest are counted.
func TestManyUnknownNames(t *testing.T) {
	var names []string
	for i := range 50 {
		names = append(names, fmt.Sprint("unknown", i))
	}
	_, _, err := newPlan(t, twoPublishers(), parse(t, `"extension": "csv"`, item(`"target": {"value": "`+strings.Join(names, ",")+`"}`)), export.Options{})
	var missing *export.NotFoundError
	if !errors.As(err, &missing) || len(missing.Missing) != 21 || !strings.Contains(missing.Missing[20], "never carried 30 more") {
		t.Errorf("the error is %v", err)
	}
}

func TestLimits(t *testing.T) {
	src := &memorySource{}
	for i := range int64(100) {
		src.Append(number("a", i*1e9, 1), number("b", i*1e9, 1))
	}
	wide := `"outputFormat": "wide"`
	for _, c := range []struct {
		name, format, params string
		limits               export.Limits
		want                 string // the limit; empty: planned and run
	}{
		{"exactly", `"extension": "csv"`, ``, export.Limits{Rows: 200}, ""},
		{"one too many", `"extension": "csv"`, ``, export.Limits{Rows: 199}, "rows"},
		{"pdf", `"extension": "pdf"`, ``, export.Limits{PDFRows: 199}, "pdf_rows"},
		{"pdf's limit is for pdf", `"extension": "csv"`, ``, export.Limits{PDFRows: 1}, ""},
		{"buckets", `"extension": "csv"`, `, "decimation": {"ds": "10s"}`, export.Limits{Rows: 20}, ""},
		{"filled buckets", `"extension": "csv"`, `, "decimation": {"ds": "1s"}, "fill": 0, "to": 200`, export.Limits{Rows: 399}, "rows"},
		{"wide rows are shared", `"extension": "csv", "columns": [{"id": "time"}, {"id": "a"}, {"id": "b"}]`, `, ` + wide, export.Limits{Rows: 100}, ""},
		{"wide", `"extension": "csv", "columns": [{"id": "time"}, {"id": "a"}, {"id": "b"}]`, `, ` + wide, export.Limits{Rows: 99}, "rows"},
		{"disk", `"extension": "csv"`, ``, export.Limits{Disk: 1000}, "disk"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, snap, err := newPlan(t, src, parse(t, c.format, item(`"target": {"value": "*"}`+c.params)), export.Options{Limits: c.limits})
			if err == nil {
				_, err = export.Run(t.Context(), snap, p, t.TempDir())
			}
			var limit *export.LimitError
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (!errors.As(err, &limit) || limit.Limit != c.want):
				t.Errorf("the error is %v, want limit %s", err, c.want)
			}
		})
	}
}

func TestDefaultColumns(t *testing.T) {
	for _, c := range []struct {
		name, format, params string
		want                 []string
	}{
		{"one publisher", `"extension": "csv"`, `"target": {"value": "power"}`, []string{"time", "name", "unit", "value"}},
		{"two publishers", `"extension": "csv"`, `"target": {"value": "temp"}`, []string{"publisher", "time", "name", "unit", "value"}},
		{"two publishers, none in the range", `"extension": "csv"`, `"target": {"value": "temp"}, "from": 100`, []string{"publisher", "time", "name", "unit", "value"}},
		{"two publishers, one named", `"extension": "csv"`, `"target": {"value": "temp"}, "publisher": "p1"`, []string{"time", "name", "unit", "value"}},
		{"xlsx, one offset", `"extension": "xlsx", "timezone": "Europe/Berlin"`, `"target": {"value": "power"}, "to": 86400`, []string{"time", "name", "unit", "value"}},
		{"xlsx, two offsets", `"extension": "xlsx", "timezone": "Europe/Berlin"`, `"target": {"value": "power"}, "decimation": {"ds": "1M"}, "fill": 0, "from": 0, "to": 345600000`, []string{"time", "offset", "name", "unit", "value"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _, err := newPlan(t, twoPublishers(), parse(t, c.format, item(c.params)), export.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, column := range p.Items[0].Columns() {
				got = append(got, column.Label)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("the columns are %v, want %v", got, c.want)
			}
		})
	}
}

// An item whose buckets int64 can't hold is refused; one whose result float64 can't hold fails and says where.
func TestBeyondNumbers(t *testing.T) {
	src := &memorySource{}
	src.Append(number("n", 1000e9, 1.7e308), number("n", 1001e9, 1.7e308))
	_, _, err := newPlan(t, src, &request.Request{
		Format: request.Format{Extension: "csv", Zone: mustZone(t, "utc")},
		Items: []request.Item{{Target: []request.Name{exactly("n")}, Channel: "c1", Subtopic: "events.data",
			Bucket: &decimation.Width{N: 1000, Unit: 'y'}}},
	}, export.Options{})
	var fault *export.RequestError
	if !errors.As(err, &fault) || fault.Faults[0].Path != "items[0].params.decimation.ds" {
		t.Errorf("buckets of a thousand years: %v", err)
	}
	p, snap, err := newPlan(t, src, parse(t, `"extension": "csv", "timezone": "Europe/Berlin"`, item(`"target": {"value": "n"}, "decimation": {"ds": "1h", "dsf": "sum"}`)), export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = export.Stream(t.Context(), snap, p, discard{})
	var overflow *decimation.OverflowError
	if !errors.As(err, &overflow) || !strings.Contains(err.Error(), "n (V)") || !strings.Contains(err.Error(), "1970-01-01T01:00:00+01:00") {
		t.Errorf("a sum beyond float64: %v", err)
	}
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

func mustZone(t *testing.T, name string) *decimation.Zone {
	t.Helper()
	z, err := decimation.LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}
