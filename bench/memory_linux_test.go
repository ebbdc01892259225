package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"decant/ingest/ingesttest"
)

// BenchmarkMemory runs the real binary, built here, on 50 million samples (50 series, 1 Hz) and watches its anonymous memory. It fails where that passes
// memoryBound. It needs 5 GB of disk while it runs.
func BenchmarkMemory(b *testing.B) {
	const series, seconds = 50, 1_000_000
	const samples, part = series * seconds, series * seconds / 10
	decant := program(b)
	dir := filepath.Join(b.TempDir(), "store")

	b.Run(fmt.Sprintf("work=append/samples=%s", short(samples)), func(b *testing.B) {
		self, err := os.Executable()
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if err := os.RemoveAll(dir); err != nil { // of an earlier round
				b.Fatal(err)
			}
			cmd := exec.Command(self)
			cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %d %s", fillVariable, DataWalk, series, seconds, dir))
			watch(b, cmd, samples, nil)
		}
	})
	if !exists(dir) {
		return // it was not selected
	}

	all := []string{"export", "-q", "--data", dir, "--channel", Channel, "--subtopic", Subtopic, "--target", "*", "-o", "-"}
	tenth := append(all[:len(all):len(all)], "--to", strconv.FormatInt(Start.Unix()+seconds/10, 10))
	wide := []string{"--shape", "wide", "--columns", "time"}
	for i := range series {
		wide = append(wide, "--columns", SeriesOf(i).Name)
	}
	for _, c := range []struct {
		name    string
		samples int
		flags   []string
	}{
		{"format=csv", samples, all},
		{"format=csv/shape=wide", samples, append(all[:len(all):len(all)], wide...)},
		{"format=csv/func=stddev/bucket=1m", samples, append(all[:len(all):len(all)], "--ds", "1m", "--dsf", "stddev")},
		{"format=jsonl", samples, append(all[:len(all):len(all)], "--format", "jsonl")},
		{"format=parquet", samples, append(all[:len(all):len(all)], "--format", "parquet")},
		{"format=arrow", samples, append(all[:len(all):len(all)], "--format", "arrow")},
		{"format=xlsx/func=avg/bucket=1m", samples, append(all[:len(all):len(all)], "--format", "xlsx", "--ds", "1m")},
		{"format=xlsx", part, append(tenth, "--format", "xlsx")},
	} {
		b.Run(fmt.Sprintf("work=export/%s/samples=%s", c.name, short(c.samples)), func(b *testing.B) {
			for b.Loop() {
				watch(b, exec.Command(decant, c.flags...), c.samples, nil)
			}
		})
	}
	b.Run(fmt.Sprintf("work=verify/samples=%s", short(samples)), func(b *testing.B) {
		for b.Loop() {
			watch(b, exec.Command(decant, "verify", "-q", "--data", dir), samples, nil)
		}
	})

	b.Run(fmt.Sprintf("work=import/format=csv/samples=%s", short(part)), func(b *testing.B) {
		name := filepath.Join(b.TempDir(), "part.csv")
		text, err := os.Create(name)
		if err != nil {
			b.Fatal(err)
		}
		defer text.Close()
		export := exec.Command(decant, tenth...)
		export.Stdout = text
		if err := export.Run(); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			cmd := exec.Command(decant, "import", "-q", "--data", filepath.Join(b.TempDir(), "store"), "--channel", Channel, "--subtopic", Subtopic,
				"--name-column", "name", "--value-column", "value", "--unit-column", "unit", name)
			watch(b, cmd, part, nil)
		}
	})
}

// BenchmarkMemoryIngest has decant ingest take a backlog of 5 and of 20 million samples from mosquitto.
func BenchmarkMemoryIngest(b *testing.B) {
	decant := program(b)
	broker := ingesttest.Mosquitto(b, ingesttest.MosquittoOptions{})
	for _, messages := range []int{500_000, 2_000_000} {
		samples := 10 * messages
		b.Run(fmt.Sprintf("qos=1/records=10/samples=%s", short(samples)), func(b *testing.B) {
			for b.Loop() {
				client, err := ingesttest.Queue(b.Context(), broker, messages)
				if err != nil {
					b.Fatal(err)
				}
				dir := filepath.Join(b.TempDir(), client)
				cmd := exec.Command(decant, "ingest", "-q", "--data", dir, "--broker", broker.URL(), "--client-id", client, "--topic", ingesttest.LoadTopic)
				watch(b, cmd, samples, func() (bool, error) {
					n, err := stored(b.Context(), dir)
					return n == int64(samples), err
				})
			}
		})
	}
}

// program builds decant.
func program(b *testing.B) string {
	b.Helper()
	name := filepath.Join(b.TempDir(), "decant")
	if out, err := exec.Command("go", "build", "-o", name, "decant/cmd/decant").CombinedOutput(); err != nil {
		b.Fatalf("build decant: %v\n%s", err, strings.TrimSpace(string(out)))
	}
	return name
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
