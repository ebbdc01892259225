package bench

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"decant/engine"
	"decant/ingest/file"
)

// tetouan is a year of a city's power grid: 52,416 rows of 8 columns at ten minutes, without times. engine/demo/README.md names its source.
const (
	tetouan        = "../engine/demo/tetouan_power.csv.gz"
	tetouanSamples = 52_416 * 8
)

// BenchmarkImport imports a year of a power grid's CSV into a store on disk, as decant import does: read and checked once, then read again and stored. The rival reads
// the file once with encoding/csv and strconv, and keeps nothing.
func BenchmarkImport(b *testing.B) {
	text := unzip(b, tetouan)
	name := filepath.Join(b.TempDir(), "tetouan.csv")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		b.Fatal(err)
	}
	b.Run("format=csv/data=tetouan", func(b *testing.B) {
		plain := func() error {
			n, err := plainNumbers(bytes.NewReader(text))
			return complete(n, err)
		}
		compare(b, "samples", tetouanSamples, importing(b, name), work{name: "encoding-csv", run: plain})
	})
}

// importing imports the file into a store of its own each time.
func importing(t testing.TB, name string) work {
	cfg := file.Config{Channel: Channel, Subtopic: Subtopic, Start: Start.UnixNano(), Step: 10 * time.Minute, Received: time.Now().UnixNano()}
	var dir string
	var w engine.Writer
	return work{
		prepare: func() (err error) {
			dir = filepath.Join(t.TempDir(), fmt.Sprint(time.Now().UnixNano()))
			w, err = engine.OpenWriter(Config(dir))
			return err
		},
		run: func() error {
			summaries, err := engine.Import(context.Background(), w, []string{name}, nil, cfg, func(string, int64, int64) {})
			if err != nil {
				return err
			}
			return complete(summaries[0].Samples, nil)
		},
		finish: func() error {
			if err := w.Close(); err != nil {
				return err
			}
			return os.RemoveAll(dir)
		},
	}
}

func complete(samples int64, err error) error {
	if err == nil && samples != tetouanSamples {
		err = fmt.Errorf("%d samples were read, %d are there", samples, tetouanSamples)
	}
	return err
}

// plainNumbers counts the numbers below the header.
func plainNumbers(r io.Reader) (n int64, err error) {
	c := csv.NewReader(r)
	c.ReuseRecord = true
	if _, err := c.Read(); err != nil {
		return 0, err
	}
	for {
		cells, err := c.Read()
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		for _, cell := range cells {
			if _, err := strconv.ParseFloat(cell, 64); err != nil {
				return n, err
			}
			n++
		}
	}
}

func unzip(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
