package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Each fault of the service's settings is named by where it stands in the file, and no secret of it is repeated.
func TestServingFaults(t *testing.T) {
	for _, tt := range []struct {
		spoil func(*Config)
		says  string // "": allowed
	}{
		{func(c *Config) {}, ""},
		{func(c *Config) { c.Service.Database = "postgres://decant@localhost/exports" }, ""},
		{func(c *Config) { c.Service.Database = "mysql://decant:hunter2@localhost/exports" }, "service.database: allowed is postgres://"},
		{func(c *Config) { c.Service.Database = "hunter2.db" }, "service.database"},
		{func(c *Config) { c.Service.Cert, c.Service.Key = "a.pem", "b.pem" }, ""},
		{func(c *Config) { c.Service.Cert = "a.pem" }, "service.cert and service.key: TLS needs both"},
		{func(c *Config) { c.Service.Key = "b.pem" }, "service.cert and service.key: TLS needs both"},
		{func(c *Config) { c.Service.URL = "https://exports.example.com" }, ""},
		{func(c *Config) { c.Service.URL = "https://exports.example.com:8443/" }, ""},
		{func(c *Config) { c.Service.URL = "exports.example.com" }, "service.url"},
		{func(c *Config) { c.Service.URL = "ftp://exports.example.com" }, "service.url"},
		{func(c *Config) { c.Service.URL = "https://exports.example.com/decant" }, "service.url: allowed is an address without a path"},
		{func(c *Config) { c.Service.URL = "https://exports.example.com?a=b" }, "service.url"},
		{func(c *Config) { c.Service.URL = "https://exports.example.com#a" }, "service.url"},
		{func(c *Config) { c.Service.URL = "https://ann:hunter2@exports.example.com" }, "service.url"},
		{func(c *Config) { c.Service.Workers = 3 }, ""},
		{func(c *Config) { c.Service.Workers = -1 }, "service.workers: -1; allowed is 1 and more, or 0"},
		{func(c *Config) { c.Service.ArtifactLife = time.Minute }, ""},
		{func(c *Config) { c.Service.ArtifactLife = time.Minute - 1 }, "service.artifact_life: 59.999999999s; allowed is 1m"},
		{func(c *Config) { c.Service.Lease = 2 * time.Second }, ""},
		{func(c *Config) { c.Service.Lease = time.Second }, "service.lease: 1s; allowed is 2s"},
		{func(c *Config) { c.Service.Listen = "" }, "service.listen: where to?"},
		{func(c *Config) { c.Limits.Connections = 0 }, "limits.connections: 0; allowed is 1"},
		{func(c *Config) { c.Limits.OwnerQueued = -1 }, "limits.owner_queued: -1"},
		{func(c *Config) { c.Limits.OwnerExports = 0 }, "limits.owner_exports: 0"},
		{func(c *Config) { c.Notify.LinkTTL = 0 }, "notify.link_ttl"},
	} {
		c := Default()
		tt.spoil(&c)
		err := c.CheckService()
		switch {
		case tt.says == "":
			if err != nil {
				t.Error(err)
			}
		case err == nil || !strings.HasPrefix(err.Error(), tt.says):
			t.Errorf("%v, want %q", err, tt.says)
		case strings.Contains(err.Error(), "hunter2"):
			t.Errorf("a secret is repeated: %v", err)
		}
	}
}

// A file's faults come all at once, and what it has that nobody knows is named.
func TestServingFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "decant.toml")
	load := func(text string) (Config, error) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return LoadConfig(file)
	}
	c, err := load("[service]\nlisten = \"127.0.0.1:9\"\nartifact_life = \"48h\"\nworkers = 2\npublic_channels = [\"plant-*\"]\n[limits]\nowner_queued = 5\nowner_exports = 6\n")
	if err != nil {
		t.Fatal(err)
	}
	l := c.jobs(8)
	if c.Service.Listen != "127.0.0.1:9" || l.ArtifactLife != 48*time.Hour || l.Workers != 2 || l.QueuedEach != 5 || l.ExportsEach != 6 || len(l.Public) != 1 || l.Queued != Default().Limits.Queued {
		t.Errorf("%+v, %+v", c.Service, l)
	}
	if c, err = load(""); err != nil || c.jobs(8).Workers != 16 {
		t.Errorf("jobs at a time: %d, %v; want twice as many as there are cores", c.jobs(8).Workers, err)
	}

	_, err = load("[service]\nworkers = -1\nlease = \"1ms\"\ncert = \"a\"\n")
	for _, want := range []string{file, "service.workers", "service.lease", "service.cert"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want a word of %s", err, want)
		}
	}
	_, err = load("[service]\nworker = 1\n[notify.email]\nhots = \"a\"\n")
	if err == nil || !strings.Contains(err.Error(), "unknown: service.worker, notify.email.hots;") {
		t.Error(err)
	}
}

func TestUsersOfTheBroker(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users")
	for _, tt := range []struct {
		text string
		says string
		want int
	}{
		{"# of the plant\n\nmeter:a:b\n  pump : c \n", "", 2},
		{"", "", 0},
		{"meter:a\nhunter2\n", "line 2: allowed is name:password", 0},
		{":hunter2\n", "line 1", 0},
		{"meter:\n", "line 1", 0},
		{strings.Repeat("hunter2", 20_000), "token too long", 0},
	} {
		if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		users, err := readUsers(file)
		if (tt.says == "") != (err == nil) || err != nil && (!strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "hunter2")) || len(users) != tt.want {
			t.Errorf("%.20q: %v, %v", tt.text, users, err)
		}
		if tt.want == 2 && users["meter"] != "a:b" {
			t.Errorf("%v: a password may have colons", users)
		}
	}
	if users, err := readUsers(""); users != nil || err != nil {
		t.Errorf("no file: %v, %v", users, err)
	}
}
