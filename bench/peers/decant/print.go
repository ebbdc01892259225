package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"decant/bench"
	"decant/engine"
	"decant/engine/export"
	"decant/engine/export/request"
)

// serveFiles answers each line of in, FORMAT SHAPE FILE, by printing all samples of the store into that file, as decant export -o - does: plan, scan, merge, format, SHA-256. The file is
// closed and not synced, as the peers' are.
func serveFiles(ctx context.Context, dir string, cores int, in io.Reader, out io.Writer) error {
	runtime.GOMAXPROCS(cores)
	defer engine.RoomyHeap()()
	snap, list, err := openStore(ctx, dir)
	if err != nil {
		return err
	}
	defer snap.Close()
	return answerFiles(in, out, func(format, shape string, w io.Writer) (rows int64, err error) {
		text, err := requestFor(list, format, shape)
		if err != nil {
			return 0, err
		}
		r, err := request.Parse(text, request.Options{})
		if err != nil {
			return 0, err
		}
		limits := engine.Default().Limits
		plan, err := export.NewPlan(ctx, snap, r, export.Options{Limits: export.Limits{Rows: limits.Rows, PDFRows: limits.PDFRows}})
		if err != nil {
			return 0, err
		}
		m, err := export.Stream(ctx, snap, plan, w)
		if err != nil {
			return 0, err
		}
		return m.Files[0].Rows, nil
	})
}

// requestFor asks for all samples, long or with a column for each series.
func requestFor(list []export.Series, format, shape string) ([]byte, error) {
	how := map[string]any{"extension": format}
	if shape == "wide" {
		columns := []any{map[string]any{"id": "time", "label": "time"}}
		for _, s := range list {
			columns = append(columns, map[string]any{"id": s.Name, "label": s.Name})
		}
		how["columns"] = columns
	} else if shape != "long" {
		return nil, fmt.Errorf("shape %q: allowed are long and wide", shape)
	}
	return json.Marshal(map[string]any{
		"format": how,
		"type":   "oneTime",
		"items": []any{map[string]any{"params": map[string]any{
			"target": map[string]any{"value": "*"}, "channelId": bench.Channel, "subtopic": bench.Subtopic, "outputFormat": shape,
		}}},
	})
}

// serveExcelize answers the line xlsx long FILE with the same cells by excelize's StreamWriter, from rows in memory.
func serveExcelize(dir string, cores int, in io.Reader, out io.Writer) error {
	runtime.GOMAXPROCS(cores)
	defer engine.RoomyHeap()()
	c, err := readColumns(dir)
	if err != nil {
		return err
	}
	rows := c.rows()
	return answerFiles(in, out, func(format, shape string, w io.Writer) (int64, error) {
		if format != "xlsx" || shape != "long" {
			return 0, fmt.Errorf("%s %s: excelize prints xlsx long", format, shape)
		}
		return int64(len(rows)), bench.PlainXLSX(w, rows)
	})
}

// rows are the rows of a long export.
func (c columns) rows() []bench.Row {
	rows := make([]bench.Row, len(c.times))
	for i, s := range c.series {
		series := bench.SeriesOf(int(s))
		rows[i] = bench.Row{Time: c.times[i], Name: series.Name, Unit: series.Unit, Value: c.values[i]}
	}
	slices.SortFunc(rows, func(a, b bench.Row) int { return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Name, b.Name)) })
	return rows
}

// answerFiles reads lines FORMAT SHAPE FILE and has print write each file. The time is from the line to the closed file. The line collect removes what files before have left behind, so that
// the next one doesn't pay for it.
func answerFiles(in io.Reader, out io.Writer, print func(format, shape string, w io.Writer) (rows int64, err error)) error {
	return answerLines(in, out, func(line string) (r reply, err error) {
		if line == "collect" {
			runtime.GC()
			return r, nil
		}
		words := strings.SplitN(line, " ", 3)
		if len(words) != 3 {
			return r, fmt.Errorf("%q: want FORMAT SHAPE FILE", line)
		}
		began := time.Now()
		f, err := os.Create(words[2])
		if err != nil {
			return r, err
		}
		r.Rows, err = print(words[0], words[1], f)
		err = errors.Join(err, f.Close())
		r.Seconds = time.Since(began).Seconds()
		return r, err
	})
}
