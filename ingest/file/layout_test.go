package file

import (
	"strings"
	"testing"
	"time"

	"decant/ingest/payload"
)

func TestLayout(t *testing.T) {
	tests := []struct{ layout, text, want string }{
		{"%Y-%m-%d %H:%M:%S", "2026-09-01 12:30:05", "2026-09-01T12:30:05Z"},
		{"%Y-%m-%d %H:%M:%S", "2026-9-1   7:3:5", "2026-09-01T07:03:05Z"},
		{"%m/%d/%Y %H:%M", "1/1/2017 0:00", "2017-01-01T00:00:00Z"},
		{"%d.%m.%y", "31.12.68", "2068-12-31T00:00:00Z"},
		{"%d.%m.%y", "31.12.69", "1969-12-31T00:00:00Z"},
		{"%Y%m%d%H%M%S", "20260901123005", "2026-09-01T12:30:05Z"},
		{"%FT%T.%f%z", "2026-09-01T12:30:05.25+0200", "2026-09-01T10:30:05.25Z"},
		{"%F %R%:z", "2026-09-01 12:30-03:30", "2026-09-01T16:00:00Z"},
		{"%D %I:%M %p", "09/01/26 12:30 AM", "2026-09-01T00:30:00Z"},
		{"%D %I:%M%p", "09/01/26 12:30pm", "2026-09-01T12:30:00Z"},
		{"%a, %d %b %Y %T %Z", "Tue, 01 sep 2026 12:30:05 GMT", "2026-09-01T12:30:05Z"},
		{"%A %e %B %Y", "Tuesday  1 September 2026", "2026-09-01T00:00:00Z"},
		{"%b %Y", "May 2026", "2026-05-01T00:00:00Z"},
		{"%Y-%j", "2024-366", "2024-12-31T00:00:00Z"},
		{"%s", "-1", "1969-12-31T23:59:59Z"},
		{"%s.%L", "1000000000.5", "2001-09-09T01:46:40.5Z"},
		{"%S s %M min %H h %% %Y", "5 s 30 min 12 h % 2026", "2026-01-01T12:30:05Z"},
		{"%Y%%F", "2026%F", "2026-01-01T00:00:00Z"},

		{"%Y-%m-%d", "2026-02-29", ""},
		{"%Y-%m-%d", "2026-13-01", ""},
		{"%Y-%m-%d", "2026-09-01 12:30", ""},
		{"%Y-%m-%d", "2026/09/01", ""},
		{"%Y-%m-%d", "", ""},
		{"%Y-%j", "2025-366", ""},
		{"%Y-%j", "2025-0", ""},
		{"%F %I %p", "2026-09-01 13 PM", ""},
		{"%F %T", "2026-09-01 24:00:00", ""},
		{"%F %p", "2026-09-01 xm", ""},
		{"%F %Z", "2026-09-01 CEST", ""},
		{"%F %z", "2026-09-01 +25:00", ""},
		{"%F %z", "2026-09-01 02:00", ""},
		{"%b %Y", "Foo 2026", ""},
		{"%s", "123456789012", ""},
		{"%F.%f", "2026-09-01.", ""},
		{"%Y", "9999", ""},
	}
	for _, tt := range tests {
		l, err := parseLayout(tt.layout)
		if err != nil {
			t.Errorf("%s: %v", tt.layout, err)
			continue
		}
		got, err := l.parse([]byte(tt.text), payload.UTC)
		if tt.want == "" {
			if err == nil {
				t.Errorf("%s of %q = %s, want an error", tt.layout, tt.text, time.Unix(0, got).UTC())
			}
			continue
		}
		if printed := time.Unix(0, got).UTC().Format(time.RFC3339Nano); err != nil || printed != tt.want {
			t.Errorf("%s of %q = %s %v, want %s", tt.layout, tt.text, printed, err, tt.want)
		}
	}
	for text, want := range map[string]string{
		"%H:%M": "has no year", "%Y-%Q": "%Q is not known", "%Y-%": "is not known", "%Y%:": "%: is not known", "iso8601": "allowed are iso, unix, unixMilli, or a layout",
	} {
		if _, err := parseLayout(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parseLayout(%q): %v, want %q", text, err, want)
		}
	}
}

func TestTimeFormats(t *testing.T) {
	tests := []struct{ format, text, want string }{
		{"", "2026-09-01", "2026-08-31T23:00:00Z"},
		{"", " 2026-09-01 12:30 ", "2026-09-01T11:30:00Z"},
		{"", "2026-09-01T12:30Z", "2026-09-01T12:30:00Z"},
		{"", "1000000000.0000000005", "2001-09-09T01:46:40Z"},
		{"", "1000000000000.25", "2001-09-09T01:46:40.00025Z"},
		{"", "100000000000000", ""},
		{"iso", "2026-09-01 12:30", "2026-09-01T11:30:00Z"},
		{"iso", "1000000000", ""},
		{"unix", "1e9", "2001-09-09T01:46:40Z"},
		{"unix", "1e12", ""},
		{"unixMilli", "1000", "1970-01-01T00:00:01Z"},
		{"unixMilli", "x", ""},
	}
	for _, tt := range tests {
		cfg := base()
		cfg.TimeFormat, cfg.Local = tt.format, berlin
		k, err := newClock(cfg.withDefaults())
		if err != nil {
			t.Fatal(err)
		}
		got, err := k.at([]byte(tt.text))
		if tt.want == "" {
			if err == nil {
				t.Errorf("%q of %q = %d, want an error", tt.format, tt.text, got)
			}
			continue
		}
		if printed := time.Unix(0, got).UTC().Format(time.RFC3339Nano); err != nil || printed != tt.want {
			t.Errorf("%q of %q = %s %v, want %s", tt.format, tt.text, printed, err, tt.want)
		}
	}
}
