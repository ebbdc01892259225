package job_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"decant/engine/export"
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

// done is a job with two files, one of them compressed.
func (b *bench) done(t *testing.T) job.Job {
	t.Helper()
	params := []string{`{"target": {"value": "a"}, "channelId": "c1", "subtopic": "events.data"}`, `{"target": {"value": "a"}, "channelId": "c2", "subtopic": "events.data"}`}
	b.create(t, owner("o"), items(nil, params...))
	return b.work(t)[0]
}

func TestOpen(t *testing.T) {
	b := newBench(t)
	j := b.done(t)
	for _, a := range j.Artifacts {
		f, err := b.Open(j, a.File)
		if err != nil {
			t.Fatalf("open %s: %v", a.File, err)
		}
		data, err := io.ReadAll(f)
		f.Close()
		if sum := sha256.Sum256(data); err != nil || hex.EncodeToString(sum[:]) != a.SHA256 {
			t.Errorf("%s has other bytes: %v", a.File, err)
		}
	}
	if err := os.WriteFile(filepath.Join(b.folder, j.Folder, "other.csv"), []byte("x"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"", ".", "other.csv", "../decant.db", "../" + j.Folder + "/" + j.Artifacts[0].File, filepath.Join(b.folder, j.Folder, j.Artifacts[0].File)} {
		_, err := b.Open(j, file)
		wantNotFound(t, file, err)
	}
	// A row that names a path outside, or a link that leads there, opens nothing.
	if err := os.WriteFile(filepath.Join(b.folder, "..", "secret"), []byte("x"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(b.folder, "..", "secret"), filepath.Join(b.folder, j.Folder, "link")); err != nil {
		t.Skipf("make a link: %v", err)
	}
	for _, file := range []string{"../../secret", "link"} {
		bad := j
		bad.Artifacts = []job.Artifact{{File: file}}
		if f, err := b.Open(bad, file); err == nil {
			f.Close()
			t.Errorf("%s was opened", file)
		}
	}
}

func TestFilesOfAJobThatHasNone(t *testing.T) {
	b := newBench(t)
	j := b.done(t)
	gone := map[string]func(j *job.Job){
		"failed":       func(j *job.Job) { j.Status = job.Failed },
		"expired":      func(j *job.Job) { j.Status = job.Expired },
		"of yesterday": func(j *job.Job) { j.ExpiresAt = &b.now },
		"no folder":    func(j *job.Job) { j.Folder = "" },
		"removed":      func(j *job.Job) { j.Folder = "elsewhere" },
	}
	for name, change := range gone {
		x := j
		change(&x)
		_, err := b.Open(x, j.Artifacts[0].File)
		wantNotFound(t, name, err)
		_, err = b.Zip(t.Context(), x)
		wantNotFound(t, name+" zip", err)
	}
}

func readZip(t *testing.T, b *bench, j job.Job) []byte {
	t.Helper()
	f, err := b.Zip(t.Context(), j)
	if err != nil {
		t.Fatalf("zip: %v", err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestZip(t *testing.T) {
	b := newBench(t)
	j := b.done(t)
	data := readZip(t, b, j)
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i, f := range z.File {
		names = append(names, f.Name)
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != j.Artifacts[i].SHA256 {
			t.Errorf("%s has other bytes", f.Name)
		}
	}
	if got := strings.Join(names, " "); got != j.Artifacts[0].File+" "+j.Artifacts[1].File+" manifest.json" {
		t.Errorf("the zip holds %s", got)
	}
	path := filepath.Join(b.folder, j.Folder, ".download.zip")
	if err := os.Remove(path); err != nil {
		t.Fatalf("the zip isn't kept: %v", err)
	}
	// Another time, and a list in another order, as a database may give it.
	b.now += hour
	j.Artifacts[0], j.Artifacts[2] = j.Artifacts[2], j.Artifacts[0]
	j.Artifacts[1], j.Artifacts[2] = j.Artifacts[2], j.Artifacts[1]
	if again := readZip(t, b, j); !bytes.Equal(again, data) {
		t.Error("made again, the zip has other bytes")
	}
}

func TestZipIsMadeOnce(t *testing.T) {
	b := newBench(t)
	j := b.done(t)
	var wait sync.WaitGroup
	infos := make([]os.FileInfo, 16)
	for i := range infos {
		wait.Go(func() {
			f, err := b.Zip(t.Context(), j)
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			if infos[i], err = f.Stat(); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for _, info := range infos {
		if info != nil && !os.SameFile(info, infos[0]) {
			t.Fatal("there was more than one zip")
		}
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	other := b.done(t)
	if _, err := b.Zip(cancelled, other); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who has left: %v", err)
	}
	if left := hidden(t, b, other); len(left) > 0 {
		t.Errorf("%v are left behind", left)
	}
	readZip(t, b, other)
}

func TestZipOfADamagedFile(t *testing.T) {
	b := newBench(t)
	j := b.done(t)
	path := filepath.Join(b.folder, j.Folder, j.Artifacts[0].File)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Zip(t.Context(), j); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("zip: %v", err)
	}
	if left := hidden(t, b, j); len(left) > 0 {
		t.Errorf("%v are left behind", left)
	}
}

func TestZipCounts(t *testing.T) {
	b := newBench(t)
	j := b.done(t)
	used := func() int64 {
		t.Helper()
		bytes, err := b.queue.Usage(t.Context(), "o")
		if err != nil {
			t.Fatal(err)
		}
		return bytes
	}
	before := used()
	var limit *export.LimitError
	for name, limits := range map[string]job.Limits{"of all": {Bytes: before + 1}, "of an owner": {BytesEach: before + 1}, "that is passed already": {Bytes: before - 1}} {
		b.limits = limits
		if _, err := b.Zip(t.Context(), j); !errors.As(err, &limit) {
			t.Errorf("a zip beyond the limit %s: %v", name, err)
		}
		if left := hidden(t, b, j); len(left) > 0 || used() != before {
			t.Errorf("%v are left behind, and %d bytes count", left, used())
		}
	}
	b.limits = job.Limits{}
	size := int64(len(readZip(t, b, j)))
	if got := used(); got != before+size {
		t.Errorf("%d bytes are used, want %d and %d", got, before, size)
	}
	b.limits.Bytes = 1 // what is there needs no room
	if got := int64(len(readZip(t, b, j))); got != size || used() != before+size {
		t.Errorf("opened again it has %d bytes, and %d are used", got, used())
	}
}

// hidden are the files of a job's folder that are no artifacts, and those beside it that are nobody's.
func hidden(t *testing.T, b *bench, j job.Job) (names []string) {
	t.Helper()
	for _, folder := range []string{j.Folder, "."} {
		entries, err := os.ReadDir(filepath.Join(b.folder, folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), ".") {
				names = append(names, e.Name())
			}
		}
	}
	return names
}
