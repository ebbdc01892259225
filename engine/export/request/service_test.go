package request

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"decant/decimation"
)

// with is the valid request with more fields in front of its type.
func with(fields string) string { return strings.Replace(valid, `"type"`, fields+`, "type"`, 1) }

// recurring is with, of a recurring request.
func recurring(fields string) string {
	return strings.Replace(with(fields), `"type": "oneTime"`, `"type": "recurring", "periodicity": "P1D"`, 1)
}

func TestServiceFields(t *testing.T) {
	publisher, none := "p1", ""
	for _, c := range []struct {
		text string
		want Service
	}{
		{valid, Service{Grace: decimation.Period{Clock: 60e9}}},
		{recurring(`"title": "June", "id": "9.a_b-C", "run": "auto", "enabled": false, "grace": "PT0S", "backfill": 1000, "tags": [{"label": "site", "value": "a"}, {"label": "site", "value": ""}]`),
			Service{Title: "June", ID: "9.a_b-C", Paused: true, Backfill: 1000, Tags: []Tag{{"site", "a"}, {"site", ""}}}},
		{with(`"run": "manual", "grace": "P1DT2H", "backfill": 0`), Service{Manual: true, Grace: decimation.Period{Days: 1, Clock: 7200e9}}},
		{with(`"condition": {"target": "a\\,b", "channelId": "c", "subtopic": "events/data", "period": "P1M", "dsf": "max", "op": "gte", "value": -1.5e3}`),
			Service{Grace: defaultGrace, Condition: &Condition{Target: "a,b", Channel: "c", Subtopic: "events.data", Period: decimation.Period{Months: 1}, Function: decimation.Max, Op: ">=", Operand: -1500}}},
		{with(`"condition": {"target": {"value": "a\\*"}, "channelId": "c", "subtopic": "", "publisher": "p1", "unit": "", "period": "PT1H", "op": "!=", "value": 0}`),
			Service{Grace: defaultGrace, Condition: &Condition{Target: "a*", Channel: "c", Publisher: &publisher, Unit: &none, Period: decimation.Period{Clock: 3600e9}, Op: "!="}}},
	} {
		r, err := Parse([]byte(c.text), Options{Service: true})
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if diff := cmp.Diff(c.want, r.Service); diff != "" {
			t.Errorf("%s: %s", c.text, diff)
		}
		if len(r.Ignored) > 0 {
			t.Errorf("the service ignores %v", r.Ignored)
		}
	}
}

func TestServiceFaults(t *testing.T) {
	condition := func(old, new string) string {
		const whole = `"target": "a", "channelId": "c", "subtopic": "s", "period": "PT1H", "op": ">", "value": 1`
		if !strings.Contains(whole, old) {
			t.Fatalf("%s does not stand in the condition", old)
		}
		return with(`"condition": {` + strings.Replace(whole, old, new, 1) + `}`)
	}
	for _, c := range []struct{ text, path, says string }{
		{with(`"title": 1`), "title", "allowed is a string"},
		{with(`"id": ""`), "id", "up to 128 letters"},
		{with(`"id": "-a"`), "id", "the first a letter or digit"},
		{with(`"id": "a/b"`), "id", "this is no id"},
		{with(`"id": "` + strings.Repeat("a", 129) + `"`), "id", "128"},
		{with(`"id": "bulk"`), "id", "a word of the API"},
		{with(`"id": "a\u0000"`), "id", "NUL"},
		{with(`"title": "a\u0000b"`), "title", "NUL"},
		{with(`"tags": [{"label": "\u0000", "value": "x"}]`), "tags[0].label", "NUL"},
		{with(`"tags": [{"label": "a", "value": "\u0000"}]`), "tags[0].value", "NUL"},
		{condition(`"target": "a"`, `"target": "a\u0000"`), "condition.target", "NUL"},
		{with(`"tags": {"a": "b"}`), "tags", "allowed is a list"},
		{with(`"tags": [{"label": "", "value": "x"}]`), "tags[0].label", "empty"},
		{with(`"tags": [{"label": "a"}]`), "tags[0].value", "missing"},
		{with(`"tags": [{"lable": "a", "label": "a", "value": "x"}]`), "tags[0].lable", "did you mean label?"},
		{with(`"tags": [{"label": "a", "value": "x"}, {"label": "a", "value": "x"}]`), "tags[1]", "listed already at tags[0]"},
		{with(`"run": "now"`), "run", "allowed are auto, manual"},
		{with(`"enabled": "no"`), "enabled", "allowed is true or false"},
		{with(`"grace": "1m"`), "grace", "ISO 8601"},
		{with(`"grace": 60`), "grace", "allowed is a string"},
		{recurring(`"backfill": -1`), "backfill", "from 0 to 1000"},
		{recurring(`"backfill": 1.5`), "backfill", "whole number"},
		{recurring(`"backfill": 1001`), "backfill", "from 0 to 1000"},
		{with(`"backfill": 1`), "backfill", "no runs before its creation"},
		{with(`"condition": []`), "condition", "allowed is an object"},
		{condition(`"target": "a", `, ``), "condition.target", "missing"},
		{condition(`"target": "a"`, `"target": "a,b"`), "condition.target", "there are 2 names"},
		{condition(`"target": "a"`, `"target": {"value": "a*"}`), "condition.target.value", "a prefix may match many"},
		{condition(`"target": "a"`, `"target": {"value": "a", "label": "A"}`), "condition.target.label", "no such field"},
		{condition(`"target": "a"`, `"target": {}`), "condition.target.value", "missing"},
		{condition(`"channelId": "c"`, `"channelId": ""`), "condition.channelId", "empty"},
		{condition(`"subtopic": "s", `, ``), "condition.subtopic", "missing"},
		{condition(`"PT1H"`, `"PT0S"`), "condition.period", "zero"},
		{condition(`"period": "PT1H", `, ``), "condition.period", "missing"},
		{condition(`"op"`, `"dsf": "maks", "op"`), "condition.dsf", "did you mean max?"},
		{condition(`"op"`, `"dsf": ["max"], "op"`), "condition.dsf", "allowed is a string"},
		{condition(`">"`, `"=>"`), "condition.op", "gt gte lt lte eq ne"},
		{condition(`"op": ">", `, ``), "condition.op", "missing"},
		{condition(`"value": 1`, `"value": "1"`), "condition.value", "allowed is a number"},
		{condition(`"value": 1`, `"value": 1e999`), "condition.value", "float64"},
		{condition(`"value": 1`, `"vlaue": 1, "value": 1`), "condition.vlaue", "did you mean value?"},
	} {
		for _, options := range []Options{{}, {Service: true}} {
			got := faults(t, c.text, options)
			if len(got) != 1 || got[0].Path != c.path || !strings.Contains(got[0].String(), c.says) {
				t.Errorf("%s: got %q, want one fault at %q that says %q", c.text, got, c.path, c.says)
			}
		}
	}
}

func TestMessages(t *testing.T) {
	messages := func(first string) string {
		return with(`"notification": {"messages": [{` + first + `, "policy": "onSuccess"}, {"medium": "email", "policy": "onFailure", "title": "a", "text": "b"}]}`)
	}
	r, err := Parse([]byte(messages(`"medium": "discord", "attach": true, "title": "{{filename}} {{status}} {{rows}} {{from}} {{to}} {{error}} {{downloadUrl}}", "text": "{ {a} }"`)), Options{})
	if err != nil || !r.Notification[0].Attach || r.Notification[1].Attach || r.Notification[0].Target != "" {
		t.Errorf("%v, %+v", err, r)
	}
	for _, c := range []struct{ first, path, says string }{
		{`"medium": "email", "title": "a", "text": "{{row}} {{row}}"`, "text", "did you mean {{rows}}?"},
		{`"medium": "email", "title": "{{ status }}", "text": "a"`, "title", "did you mean {{status}}?"},
		{`"medium": "email", "title": "{{}}", "text": "a"`, "title", "allowed are {{filename}} {{status}}"},
		{`"medium": "email", "title": "a", "text": "\u0000"`, "text", "NUL"},
		{`"medium": "email", "title": "a\u0000", "text": "a"`, "title", "NUL"},
		{`"medium": "email", "target": "a\u0000@example.com", "title": "a", "text": "a"`, "target", "NUL"},
		{`"medium": "slack", "attach": true, "title": "a", "text": "a"`, "attach", "takes no files"},
		{`"medium": "email", "attach": 1, "title": "a", "text": "a"`, "attach", "allowed is true or false"},
		{`"medium": "email", "target": "+49 171 1234567", "title": "a", "text": "a"`, "target", "looks like a phone number"},
	} {
		got := faults(t, messages(c.first), Options{})
		if len(got) != 1 || got[0].Path != "notification.messages[0]."+c.path || !strings.Contains(got[0].Message, c.says) {
			t.Errorf("%s: got %q, want one fault at %s that says %q", c.first, got, c.path, c.says)
		}
	}
}

func TestFullIsWhatAFullExportNeeds(t *testing.T) {
	r := Full("jsonl", []string{"a", "b"})
	if r.Format.Compression != "gzip" || Full("parquet", nil).Format.Compression != "" {
		t.Error("JSON Lines are compressed by gzip, Parquet in its own way")
	}
	for i := range r.Items {
		it := &r.Items[i]
		if it.Filename != it.Channel || !it.AnySubtopic || !it.Target[0].Matches("anything") {
			t.Errorf("item %d: %+v", i, it)
		}
		for _, c := range r.Format.Columns {
			if !it.Fills()(c.ID) {
				t.Errorf("the column %s can't be filled", c.ID)
			}
		}
	}
}
