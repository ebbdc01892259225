package job_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Files go to people who may not write the export, by links and mail: no webhook's address stands in any of them.
func TestFilesHoldNoWebhook(t *testing.T) {
	for _, target := range []string{`https://hooks.slack.com/services/T0/SECRET`, `https:\/\/user:SECRET@example.com\/SECRET`, `https://example.com/?t=SECRET&u=\u0053ECRET`} {
		for _, extension := range []string{"csv", "xlsx", "pdf", "parquet"} {
			b := newBench(t)
			b.append(t, "c1", 10*second)
			message := `"medium": "slack", "title": "t", "text": "x"}`
			d := draft("c1", `"notification": {"messages": [{"target": "`+target+`", "policy": "onSuccess", `+message+`, {"target": "`+target+`", "policy": "onFailure", `+message+`]}`)
			d.Text = bytes.Replace(d.Text, []byte(`"csv"`), []byte(`"`+extension+`"`), 1)
			b.create(t, owner("ann"), d)
			host := false
			for _, j := range b.work(t) {
				for _, a := range j.Artifacts {
					data, err := os.ReadFile(filepath.Join(b.folder, j.Folder, a.File))
					if err != nil {
						t.Fatal(err)
					}
					text := string(data)
					if strings.HasSuffix(a.File, ".xlsx") {
						text = unzip(t, data)
					}
					if strings.Contains(text, "SECRET") || strings.Contains(text, `\u0053`) {
						t.Errorf("%s of %s has the address of a webhook: %s", a.File, target, text)
					}
					host = host || strings.Contains(text, "/***")
				}
			}
			if !host {
				t.Errorf("no file of %s, %s, says that there was an address", target, extension)
			}
		}
	}
}

// unzip gives all that the files of a zip hold.
func unzip(t *testing.T, data []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&text, r); err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	return text.String()
}
