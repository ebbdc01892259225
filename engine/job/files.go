package job

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"

	"decant/engine/export"
)

// manifestFile is what makes a folder an export.
const manifestFile = "manifest.json"

// artifactsOf describes the files of a finished export, the manifest last, and adds up their bytes.
func artifactsOf(dir string, m *export.Manifest) (artifacts []Artifact, bytes int64, err error) {
	for _, f := range m.Files {
		artifacts = append(artifacts, Artifact{
			File: f.File, MediaType: mediaType(f.File), Item: f.Item, Rows: f.Rows, Bytes: f.Bytes, SHA256: f.SHA256,
		})
		bytes += f.Bytes
	}
	text, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return nil, 0, fmt.Errorf("read the manifest: %w", err)
	}
	artifacts = append(artifacts, Artifact{
		File: manifestFile, MediaType: mediaType(manifestFile), Item: -1, Bytes: int64(len(text)), SHA256: fmt.Sprintf("%x", sha256.Sum256(text)),
	})
	return artifacts, bytes + int64(len(text)), nil
}

var mediaTypes = map[string]string{
	".csv":     "text/csv; charset=utf-8",
	".jsonl":   "application/jsonl",
	".json":    "application/json",
	".xlsx":    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".pdf":     "application/pdf",
	".parquet": "application/vnd.apache.parquet",
	".arrow":   "application/vnd.apache.arrow.file",
	".gz":      "application/gzip",
	".zst":     "application/zstd",
}

func mediaType(file string) string {
	if t, ok := mediaTypes[filepath.Ext(file)]; ok {
		return t
	}
	return "application/octet-stream"
}
