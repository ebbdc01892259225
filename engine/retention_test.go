package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTheFirstRuleThatHasAChannelCounts(t *testing.T) {
	c := Default()
	c.Retention = []Retention{
		{Channels: []string{"plant/raw/*", "test"}, Keep: "P1M"},
		{Channels: []string{"plant/*"}, Keep: "P400D"},
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	for channel, want := range map[string]time.Time{
		"plant/raw/1": time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC), // a calendar month
		"test":        time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC),
		"plant/1":     now.Add(-400 * 24 * time.Hour),
	} {
		if before, ok := c.expire()(channel, now); !ok || before != want.UnixNano() {
			t.Errorf("%s goes before %s, %v; want %s", channel, time.Unix(0, before).UTC(), ok, want)
		}
	}
	if _, ok := c.expire()("other", now); ok {
		t.Error("a channel that no rule has is not kept")
	}
	c.Retention = []Retention{{Keep: "PT1H"}}
	if before, ok := c.expire()("any", now); !ok || before != now.Add(-time.Hour).UnixNano() {
		t.Errorf("a rule without channels: %d, %v", before, ok)
	}
	if Default().expire() != nil {
		t.Error("without rules something expires")
	}
}

func TestFaultsOfRetentionAreNamed(t *testing.T) {
	c := Default()
	c.Retention = []Retention{{Channels: []string{`a\`}, Keep: "P1D"}, {Keep: "400d"}, {Keep: "PT30M"}, {}}
	err := c.Validate()
	for _, want := range []string{`retention[0].channels: "a\\"`, `retention[1].keep: "400d" is not a period`, `retention[2].keep: "PT30M"; allowed is PT1H and more`, "retention[3].keep"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %s", err, want)
		}
	}
}

// TestAnEmptyListOfChannelsIsRefused reads it from a file: it must not become that of a rule for every channel.
func TestAnEmptyListOfChannelsIsRefused(t *testing.T) {
	for rule, want := range map[string]string{
		`keep = "P1D"`:                  "",
		"channels = []\nkeep = \"P1D\"": "retention[0].channels: the list is empty",
	} {
		file := filepath.Join(t.TempDir(), "decant.toml")
		if err := os.WriteFile(file, []byte("[[retention]]\n"+rule), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadConfig(file); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", rule, err, want)
		}
	}
}
