package payload

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"decant/ingest"
)

// line prints a sample with its publisher in front.
func line(s ingest.Sample) string { return s.Series.Publisher + "|" + brief(s) }

// decode decodes one payload of a topic.
func decode(d *Decoder, topic, payload string, retained bool) ([]string, error) {
	samples, err := d.Decode(nil, ingest.Message{Topic: topic, Payload: []byte(payload), Received: received, Retained: retained})
	var lines []string
	for _, s := range samples {
		lines = append(lines, line(s))
	}
	return lines, err
}

func patterns(t *testing.T, texts ...string) ingest.Patterns {
	t.Helper()
	ps := ingest.BuiltIn()
	for _, s := range texts {
		p, err := ingest.ParsePattern(s)
		if err != nil {
			t.Fatal(err)
		}
		ps = append(ps, p)
	}
	return ps
}

func newTestDecoder(t *testing.T) *Decoder {
	return newDecoder(Config{PublisherTag: "publisher", Patterns: patterns(t,
		"plant/{channel}/{publisher}/{name}", "pinned/{channel}/{name} format=scalar", "generic/{channel} format=json")})
}

func TestFormats(t *testing.T) {
	const channel, plant = "channels/c/messages/s", "plant/c/boiler/temp"
	tests := []struct {
		topic, payload string
		want           []string
	}{
		// generic JSON
		{channel, `{"temp":21.5,"on":true,"mode":"eco","none":null}`, []string{"|temp||now+0|21.5||", "|on||now+0|true||", `|mode||now+0|"eco"||`}},
		{channel, `{"a":{"b":1,"c":{"d":2}},"e":[3,{"f":4}],"g":{},"h":[]}`,
			[]string{"|a.b||now+0|1||", "|a.c.d||now+0|2||", "|e.0||now+0|3||", "|e.1.f||now+0|4||"}},
		{channel, `{"a b/é":1}`, []string{"|a b/é||now+0|1||"}},
		{channel, `{"a":1,"time":1000000000.0000000025}`, []string{"|a||1000000000000000002|1||"}},
		{channel, `{"timestamp":1000000000000.5,"a":1}`, []string{"|a||1000000000000500000|1||"}},
		{channel, `{"ts":5,"a":1,"t":6}`, []string{"|ts||6000000000|5||", "|a||6000000000|1||"}},
		{channel, `{"t":null,"time":"2001-09-09T03:46:40.5+02:00","a":1}`, []string{"|a||1000000000500000000|1||"}},
		{channel, `{"t":"2001-09-09 01:46:40","a":-0}`, []string{"|a||1000000000000000000|0||"}},
		{channel, `[{"t":1,"a":1},{"t":-2,"a":2},{"a":3}]`, []string{"|a||1000000000|1||", "|a||-2000000000|2||", "|a||now+0|3||"}},
		{channel, `{"publisher":"p1","a":1,"b":{"publisher":"x"}}`, []string{"p1|a||now+0|1||", `p1|b.publisher||now+0|"x"||`}},
		{channel, `[{"publisher":7,"a":1},{"a":2}]`, []string{"7|a||now+0|1||", "|a||now+0|2||"}},
		{plant, `{"inner":1}`, []string{"boiler|temp.inner||now+0|1||"}},
		{channel, `{}`, nil},
		{channel, `[]`, nil},
		{"generic/c", `{"n":"x","v":1}`, []string{`|n||now+0|"x"||`, "|v||now+0|1||"}},
		// Connhex JSON
		{channel, `{"t":1000000000,"m":{"publisher":"p2","site":"x","floor":3},"a":1,"b":{"c":2},"d":null}`,
			[]string{"p2|a||1000000000000000000|1||", "p2|b.c||1000000000000000000|2||"}},
		{channel, `{"a":1,"m":{},"t":1000000000000,"time":3}`, []string{"|a||1000000000000000000|1||", "|time||1000000000000000000|3||"}},
		{channel, `{"t":null,"m":null,"a":1}`, []string{"|a||now+0|1||"}},
		// SenML beats Connhex, a value alone does not
		{channel, `{"t":5,"m":{},"n":"a","v":1}`, []string{"|a||now+5000000000|1||"}},
		{channel, `{"v":230.1,"i":4}`, []string{"|v||now+0|230.1||", "|i||now+0|4||"}},
		{channel, `{"n":3,"i":4}`, []string{"|n||now+0|3||", "|i||now+0|4||"}},
		// plain values
		{plant, "21.5", []string{"boiler|temp||now+0|21.5||"}},
		{plant, " -0.0\n", []string{"boiler|temp||now+0|0||"}},
		{plant, "true", []string{"boiler|temp||now+0|true||"}},
		{plant, `"21.5"`, []string{`boiler|temp||now+0|"21.5"||`}},
		{plant, "on\n", []string{`boiler|temp||now+0|"on"||`}},
		{plant, "é on", []string{`boiler|temp||now+0|"é on"||`}},
		{plant, "1.2.3", []string{`boiler|temp||now+0|"1.2.3"||`}},
		{plant, "12:30", []string{`boiler|temp||now+0|"12:30"||`}},
		{plant, "null", nil},
		{"pinned/c/x", `{"a":1}`, []string{`|x||now+0|"{\"a\":1}"||`}},
	}
	d := newTestDecoder(t)
	for _, tt := range tests {
		got, err := decode(d, tt.topic, tt.payload, false)
		if err != nil {
			t.Errorf("%s %s: %v", tt.topic, tt.payload, err)
		} else if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s %s:\n%s", tt.topic, tt.payload, diff)
		}
	}
	if got, want := d.Stats(), (Stats{DroppedTags: 2, SkippedNulls: 5}); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}

func TestRefuses(t *testing.T) {
	const channel, plant = "channels/c/messages/s", "plant/c/boiler/temp"
	tests := []struct{ topic, payload, reason, text string }{
		{"elsewhere/c", `1`, ReasonTopic, "matches no pattern"},
		{channel, ``, ReasonEmpty, "empty"},
		{plant, " \n", ReasonEmpty, "empty"},
		{channel, `12`, ReasonFormat, `starts with "12"`},
		{channel, `on`, ReasonFormat, "a plain value needs a topic pattern with {name}"},
		{channel, `[1,2]`, ReasonFormat, "an array of objects is needed"},
		{channel, `[{"a":1},2]`, ReasonFormat, "an array of objects is needed"},
		{channel, `{"a":1,"a":2}`, ReasonJSON, `key "a" stands twice`},
		{channel, `{"a":1}{}`, ReasonJSON, "2 bytes follow"},
		{channel, `{"a":NaN}`, ReasonJSON, `byte 5: 'N' where a value is needed`},
		{channel, `{"a":01}`, ReasonJSON, "'1' where a comma or } is needed"},
		{channel, `{"a":.5}`, ReasonJSON, "'.' where a value is needed"},
		{channel, `{"a":1e400}`, ReasonValue, `byte 5: "1e400" is a number beyond float64's range`},
		{channel, `{"a":"x`, ReasonJSON, "a string is not closed"},
		{channel, "{\"a\":\"\x01\"}", ReasonJSON, "control character 0x01"},
		{channel, "\xef\xbb\xbf{}", ReasonFormat, "starts with"},
		{channel, `{"t":1e14,"a":1}`, ReasonTime, "neither Unix seconds nor milliseconds"},
		{channel, `{"a":1,"ts":99999999999.5}`, ReasonTime, "outside the years 1678 to 2262"},
		{channel, `{"t":true,"a":1}`, ReasonTime, `"t": a time must be a number`},
		{channel, `{"t":"yesterday","a":1}`, ReasonTime, "not a time in ISO 8601"},
		{channel, `{"t":"2026-02-29T00:00:00Z","a":1}`, ReasonTime, "the month has no such day"},
		{channel, `{"t":"2026-02-28T00:00:00Z","a":1}`, ReasonTime, "ahead of its receipt"},
		{channel, `[{"a":1},{"t":[],"a":1}]`, ReasonTime, `record 1, "t"`},
		{channel, `{"t":1,"m":[],"a":1}`, ReasonFormat, "the tags must be an object"},
		{channel, `{"t":1,"m":{"publisher":true},"a":1}`, ReasonName, "the publisher must be a string or a number"},
		{channel, `{"":1}`, ReasonName, "a key is empty"},
		{channel, `{"a":{"":1}}`, ReasonName, "a key is empty"},
		{channel, `{"a\u0007":1}`, ReasonName, "has a control character"},
		{channel, `{"` + strings.Repeat("é", 129) + `":1}`, ReasonName, "has 258 bytes"},
		{channel, `{"a":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, ReasonLimit, "nested deeper than 32"},
		{channel, `{"a":[` + strings.Repeat("1,", 10_000) + `1]}`, ReasonLimit, "more than 10000 samples"},
		{channel, `{"a":"` + strings.Repeat("x", 1<<20) + `"}`, ReasonLimit, "at most 1048576 are allowed"},
		{channel, `{"a":` + strings.Repeat("1", 1025) + `}`, ReasonLimit, "more than 1024 digits"},
		{plant, "NaN", ReasonValue, "not a finite number"},
		{plant, "-inf", ReasonValue, "not a finite number"},
		{plant, "+5", ReasonValue, "not a finite number as JSON writes them"},
		{plant, ".5", ReasonValue, "not a finite number"},
		{plant, "007", ReasonValue, "not a finite number"},
		{plant, "1e999", ReasonValue, "beyond float64's range"},
		{plant, `"a" b`, ReasonJSON, "follow the end"},
		{plant, "a\x00b", ReasonFormat, "control character 0x00"},
		{plant, "a\xff", ReasonJSON, "not UTF-8"},
		{plant, "{oops", ReasonJSON, "where a key in quotes is needed"},
	}
	d := newTestDecoder(t)
	for _, tt := range tests {
		_, err := decode(d, tt.topic, tt.payload, false)
		var e *Error
		if !errors.As(err, &e) || e.Reason() != tt.reason || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s %.60s:\n got %v\nwant %s: %s", tt.topic, tt.payload, err, tt.reason, tt.text)
		}
	}
	if got := d.Stats(); got != (Stats{}) {
		t.Errorf("refused payloads counted %+v", got)
	}
}

// A retained message may be handed out at any time, so only absolute times in it mean anything.
func TestRetained(t *testing.T) {
	d := newTestDecoder(t)
	for payload, taken := range map[string]bool{
		`[{"n":"a","t":1000000000,"v":1}]`:                   true,
		`[{"n":"a","t":1000000000,"v":1},{"n":"a","v":1}]`:   false,
		`{"t":1000000000,"a":1}`:                             true,
		`{"a":1}`:                                            false,
		`{"t":1000000000,"m":{},"a":1}`:                      true,
		`{"t":null,"m":{},"a":1}`:                            false,
		`[{"ts":"2001-01-01T00:00:00Z","a":1},{"a":2}]`:      false,
		`[{"bn":"a"},{"bt":1000000000,"v":1},{"t":1,"v":2}]`: true,
	} {
		_, err := decode(d, "channels/c/messages/s", payload, true)
		var e *Error
		if taken && err != nil || !taken && (!errors.As(err, &e) || e.Reason() != ReasonRetained) {
			t.Errorf("%s: %v", payload, err)
		}
	}
	if _, err := decode(d, "plant/c/boiler/temp", "1", true); err == nil {
		t.Error("a retained plain value was taken")
	}
}

func TestParseISO(t *testing.T) {
	for text, want := range map[string]string{
		"2026-09-01T12:30:00Z":                "2026-09-01T12:30:00Z",
		"2026-09-01t12:30z":                   "2026-09-01T12:30:00Z",
		"2026-09-01 12:30:00.25":              "2026-09-01T12:30:00.25Z",
		"2026-09-01T12:30:00,123456789+05:45": "2026-09-01T06:45:00.123456789Z",
		"2026-09-01T00:30:00-0330":            "2026-09-01T04:00:00Z",
		"2026-09-01T00:30:00+02":              "2026-08-31T22:30:00Z",
		"2026-09-01":                          "2026-09-01T00:00:00Z",
		"2026-09":                             "2026-09-01T00:00:00Z",
		"1969-12-31T23:59:59.9999999995Z":     "1970-01-01T00:00:00Z",
		"2026-09-01T12:30:00.0000000005Z":     "2026-09-01T12:30:00Z",
		"2026-09-01T12:30:00.00000000050001Z": "2026-09-01T12:30:00.000000001Z",
		"1677-09-21T00:12:43.145224194Z":      "1677-09-21T00:12:43.145224194Z",
		"2262-04-11T23:47:16.854775806Z":      "2262-04-11T23:47:16.854775806Z",
		"2024-02-29":                          "2024-02-29T00:00:00Z",
		"2000-12-31T23:59:59.999999999+00:00": "2000-12-31T23:59:59.999999999Z",
		"2262-04-11T23:47:16.854775807Z":      "",
		"1677-09-20T00:00:00Z":                "",
		"9999-01-01T00:00:00Z":                "",
		"2026":                                "",
		"2026-13-01":                          "",
		"2026-00-01":                          "",
		"2026-02-29":                          "",
		"2026-09-01T24:00:00Z":                "",
		"2026-09-01T12:60:00Z":                "",
		"2026-09-01T12:30:60Z":                "",
		"2026-09-01T12:30:00.Z":               "",
		"2026-09-01T12:30:00+24:00":           "",
		"2026-09-01T12:30:00+2":               "",
		"2026-09-01T12":                       "",
		"2026-09-01T12:30:00 Europe/Berlin":   "",
		"26-09-01":                            "",
		"2026-9-1":                            "",
		"":                                    "",
		"٢٠٢٦-09-01":                          "",
	} {
		got, err := ParseISO([]byte(text), nil)
		if want == "" {
			if err == nil {
				t.Errorf("ParseISO(%q) = %d, want an error", text, got)
			}
			continue
		}
		if printed := time.Unix(0, got).UTC().Format(time.RFC3339Nano); err != nil || printed != want {
			t.Errorf("ParseISO(%q) = %s %v, want %s", text, printed, err, want)
		}
	}
	local := func(year, month, day, hour, minute, second, nsec int) (int64, error) { return int64(hour), nil }
	if got, err := ParseISO([]byte("2026-09-01T12:30"), local); got != 12 || err != nil {
		t.Errorf("local: %d %v", got, err)
	}
	if got, err := ParseISO([]byte("2026-09-01T12:30Z"), local); got == 12 || err != nil {
		t.Errorf("an offset beats local: %d %v", got, err)
	}
}

func TestConfig(t *testing.T) {
	if err := (Config{}).Validate(); err != nil {
		t.Error(err)
	}
	err := Config{MaxPayload: -1, MaxRecords: -2, MaxDepth: 1001, MaxFuture: -1}.Validate()
	for _, want := range []string{"max payload is -1", "max records is -2", "max depth is 1001", "max future is -1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func TestStream(t *testing.T) {
	d := newDecoder(Config{MaxRecords: 100_000, Protocol: ingest.ProtocolImport})
	payload := []byte(`[{"bn":"a","v":0}` + strings.Repeat(`,{"v":1}`, 24) + `]`)
	var sizes []int
	var sum float64
	err := d.Stream(route, payload, received, 10, func(batch []ingest.Sample) error {
		sizes = append(sizes, len(batch))
		for _, s := range batch {
			sum += s.Number
		}
		return nil
	})
	if diff := cmp.Diff([]int{10, 10, 5}, sizes); err != nil || diff != "" || sum != 24 {
		t.Errorf("%v, sum %v\n%s", err, sum, diff)
	}
	stop := errors.New("stop")
	if err := d.Stream(route, payload, received, 10, func([]ingest.Sample) error { return stop }); err != stop {
		t.Errorf("emit's error came back as %v", err)
	}
	// The scratch space must not remember the batch.
	if got, err := d.DecodeRoute(nil, route, payload, received); err != nil || len(got) != 25 {
		t.Errorf("%d samples, %v", len(got), err)
	}
}

// One decoder serves many goroutines, and none sees another's names or numbers.
func TestConcurrentUse(t *testing.T) {
	d := newTestDecoder(t)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			name := strings.Repeat(string(rune('a'+g)), 40)
			payload := `[{"bn":"` + name + `","v":` + strconv.Itoa(g) + `,"x":{"y":1}},{"vs":"\u0041` + name + `"}]`
			for range 200 {
				samples, err := d.Decode(nil, ingest.Message{Topic: "channels/" + name + "/messages", Payload: []byte(payload), Received: received})
				if err != nil || len(samples) != 2 || samples[0].Number != float64(g) || samples[0].Series.Name != name || samples[0].Series.Channel != name ||
					samples[1].Text != "A"+name {
					t.Errorf("%d: %v %v", g, samples, err)
					return
				}
			}
		})
	}
	wg.Wait()
}
