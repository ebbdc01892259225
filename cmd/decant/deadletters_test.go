package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"decant/engine"
	"decant/ingest"
	"decant/ingest/deadletter"
)

// call runs one command in process and gives what it printed.
func call(t *testing.T, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(args, strings.NewReader(""), &out, &errs); code != want {
		t.Fatalf("decant %s: exit code %d, want %d\n%s", strings.Join(args, " "), code, want, errs.String())
	}
	return out.String(), errs.String()
}

func TestDeadLetters(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "store")
	intake, err := engine.OpenIntake(func() engine.Config { c := engine.Default(); c.Data = data; return c }(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := intake.Close(); err != nil {
		t.Fatal(err)
	}
	if out, _ := call(t, 0, "--data", data, "deadletters", "list", "--json"); out != "[]\n" {
		t.Errorf("a store without dead letters lists %q", out)
	}

	w, err := deadletter.Open(deadletter.Config{Dir: filepath.Join(data, "deadletters")})
	if err != nil {
		t.Fatal(err)
	}
	const received = 1785535200e9
	letters := []ingest.Letter{
		{Reason: "topic", Text: "matches no pattern", Topic: "plant/7/boiler", Received: received, QoS: 1, Payload: []byte("71.5")},
		{Reason: "senml", Text: "bad", Topic: "channels/c/messages/x", Received: received, QoS: 1, Payload: []byte{0xff, 0x00}},
		{Reason: "limit", Text: "long", Topic: "plant/7/boiler", Received: received, QoS: 1, Payload: bytes.Repeat([]byte("7"), 3<<20)},
		{Reason: "format", Text: "starts with \x1b", Topic: "channels/c/messages/x", Received: received, QoS: 1, Payload: []byte("\x1b[31mred")},
	}
	if err := w.Append(letters); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	out, _ := call(t, 0, "--data", data, "deadletters", "list", "--json")
	var listed []map[string]any
	if err := json.Unmarshal([]byte(out), &listed); err != nil || len(listed) != 4 || listed[0]["reason"] != "topic" || listed[0]["topic"] != "plant/7/boiler" {
		t.Errorf("list: %v\n%s", err, out)
	}
	if out, _ = call(t, 0, "--data", data, "deadletters", "show", "1"); !strings.HasSuffix(out, "\n71.5\n") {
		t.Errorf("show 1: %s", out)
	}
	if out, _ = call(t, 0, "--data", data, "deadletters", "show", "2"); !strings.HasSuffix(out, "\nff00\n") {
		t.Errorf("show 2: %s", out)
	}
	if out, _ = call(t, 0, "--data", data, "deadletters", "show", "4"); strings.Contains(out, "\x1b") || !strings.HasSuffix(out, "\n1b5b33316d726564\n") {
		t.Errorf("show 4 lets control characters through: %q", out)
	}
	for id, want := range map[string]string{"1": `"encoding": "text", "payload": "71.5"`, "2": `"encoding": "base64", "payload": "/wA="`} {
		if out, _ = call(t, 0, "--data", data, "deadletters", "show", id, "--json"); !strings.Contains(out, want) {
			t.Errorf("show %s --json: %s, want %s", id, out, want)
		}
	}
	call(t, exitNotFound, "--data", data, "deadletters", "show", "5")

	// The configuration is mended: the first can be taken now, at the time at which it came.
	config := filepath.Join(dir, "decant.toml")
	if err := os.WriteFile(config, []byte("topics = [\"plant/{channel}/{name} format=scalar\"]\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	out, _ = call(t, 0, "--data", data, "--config", config, "deadletters", "replay", "--json")
	if !strings.Contains(out, `"id": 2`) || strings.Contains(out, `"id": 1`) || !strings.Contains(out, `{"id": 3, "text": "of its 3145728 bytes only the first 2097152 were kept"}`) {
		t.Errorf("replay: %s", out)
	}
	out, _ = call(t, 0, "--data", data, "export", "--channel", "7", "--subtopic", "", "--target", "boiler", "-o", "-")
	if want := "time,name,unit,value\n2026-07-31T22:00:00Z,boiler,,71.5\n"; out != want {
		t.Errorf("replayed sample: %q, want %q", out, want)
	}
	if out, _ = call(t, 0, "--data", data, "deadletters", "list", "--json"); strings.Contains(out, `"id": 1`) {
		t.Errorf("what was replayed is still listed: %s", out)
	}
	call(t, 0, "--data", data, "--config", config, "deadletters", "replay", "-q")
	out, _ = call(t, 0, "--data", data, "series", "--json")
	if !strings.Contains(out, `"samples": 1`) {
		t.Errorf("a letter was replayed twice: %s", out)
	}

	// Damage to the list of what was replayed hides no letter.
	marks := filepath.Join(data, "deadletters", "replayed")
	if err := os.WriteFile(marks, []byte("nonsense"), 0o666); err != nil {
		t.Fatal(err)
	}
	out, errs := call(t, exitDamaged, "--data", data, "deadletters", "list", "--json")
	if err := json.Unmarshal([]byte(out), &listed); err != nil || len(listed) != 4 || !strings.Contains(errs, marks) {
		t.Errorf("list beside a damaged list of replayed letters: %v\n%s%s", err, out, errs)
	}
	if out, _ = call(t, exitDamaged, "--data", data, "verify"); !strings.Contains(out, marks) {
		t.Errorf("verify: %s", out)
	}
}
