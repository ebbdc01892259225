package wal

import (
	"encoding/hex"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestTheBytesOfALogStay compares a log with the one in testdata: who changes the format must change its version.
func TestTheBytesOfALogStay(t *testing.T) {
	const path = "testdata/log.hex"
	got := hex.Dump(seedLog())
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the log is now\n%sit was\n%s", got, want)
	}
}
