package job_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"

	"decant/engine/job"
)

// manifestOf describes the manifest of a finished folder.
func manifestOf(t tester, folder string) job.Artifact {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	return job.Artifact{File: "manifest.json", MediaType: "application/json", Item: -1, Bytes: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}
}
