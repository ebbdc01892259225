package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"decant/bench"
	"decant/decimation"
	"decant/engine"
	"decant/engine/export"
)

// reply is what a query is answered with. A query that fails has an error and nothing else.
type reply struct {
	Seconds float64 `json:"seconds"`
	Rows    int64   `json:"rows"`
	Points  int64   `json:"points"`
	Error   string  `json:"error,omitempty"`
}

// query is a line of standard input: FUNCTIONS BUCKET ZONE, and after the word answers also a folder.
type query struct {
	functions []decimation.Function
	buckets   decimation.Buckets
	answers   string // the folder that the rows go to, if any
}

func parseQuery(line string) (q query, err error) {
	words := strings.Fields(line)
	if len(words) == 5 && words[0] == "answers" {
		q.answers, words = words[4], words[1:4]
	}
	if len(words) != 3 {
		return q, fmt.Errorf("query %q: want FUNCTIONS BUCKET ZONE, or answers FUNCTIONS BUCKET ZONE DIR", line)
	}
	for name := range strings.SplitSeq(words[0], ",") {
		f, err := decimation.ParseFunction(name)
		if err != nil {
			return q, err
		}
		q.functions = append(q.functions, f)
	}
	width, err := decimation.ParseWidth(words[1])
	if err != nil {
		return q, err
	}
	zone, err := decimation.LoadZone(words[2])
	if err != nil {
		return q, err
	}
	q.buckets = decimation.NewBuckets(width, zone)
	return q, nil
}

// serve answers each line of in with a line of JSON. The store is opened once, so all but the first query find it warm.
func serve(ctx context.Context, dir string, cores int, in io.Reader, out io.Writer) error {
	runtime.GOMAXPROCS(cores)
	snap, list, err := openStore(ctx, dir)
	if err != nil {
		return err
	}
	defer snap.Close()
	return answerLines(in, out, func(line string) (reply, error) { return answer(ctx, snap, list, line, cores) })
}

// openStore opens the store of dir, and says which series it has.
func openStore(ctx context.Context, dir string) (export.Snapshot, []export.Series, error) {
	snap, err := engine.Source(bench.Config(filepath.Join(dir, storeFolder))).Open(ctx)
	if err != nil {
		return nil, nil, err
	}
	list, err := snap.Series(ctx, "", "")
	if err != nil {
		return nil, nil, errors.Join(err, snap.Close())
	}
	return snap, list, nil
}

// answerLines answers each line of in with a line of JSON; where one fails, it says why.
func answerLines(in io.Reader, out io.Writer, one func(line string) (reply, error)) error {
	lines, replies := bufio.NewScanner(in), json.NewEncoder(out)
	for lines.Scan() {
		r, err := one(lines.Text())
		if err != nil {
			r = reply{Error: err.Error()}
		}
		if err := replies.Encode(r); err != nil {
			return err
		}
	}
	return lines.Err()
}

// answer carries one query out. The time is from the query to all rows in memory.
func answer(ctx context.Context, snap export.Snapshot, list []export.Series, line string, cores int) (r reply, err error) {
	q, err := parseQuery(line)
	if err != nil {
		return r, err
	}
	began := time.Now()
	result, err := decimate(ctx, snap, list, decimation.Spec{
		Buckets: q.buckets, Functions: q.functions, From: math.MinInt64, To: math.MaxInt64,
	}, cores)
	r.Seconds = time.Since(began).Seconds()
	if err != nil {
		return r, err
	}
	defer release(result)
	for _, records := range result {
		for _, rec := range records {
			r.Rows += rec.NumRows()
			for _, n := range rec.Column(int(rec.NumCols()) - 1).(*array.Int64).Int64Values() {
				r.Points += n
			}
		}
	}
	if q.answers != "" {
		err = writeAnswers(q, result)
	}
	return r, err
}

// writeAnswers writes the rows as columns: series.i32, time.i64 (ns) and one .f64 for each function, NaN where a row has no value.
func writeAnswers(q query, result [][]arrow.Record) error {
	if err := os.MkdirAll(q.answers, 0o777); err != nil {
		return err
	}
	var series []int32
	var times []int64
	values := make([][]float64, len(q.functions))
	for i, records := range result {
		for _, rec := range records {
			for _, t := range rec.Column(0).(*array.Timestamp).TimestampValues() {
				series, times = append(series, int32(i)), append(times, int64(t))
			}
			for k := range values {
				column := rec.Column(1 + k).(*array.Float64)
				for row, v := range column.Float64Values() {
					if column.IsNull(row) {
						v = math.NaN()
					}
					values[k] = append(values[k], v)
				}
			}
		}
	}
	err := errors.Join(writeColumn(q.answers, "series.i32", series), writeColumn(q.answers, "time.i64", times))
	for k, f := range q.functions {
		err = errors.Join(err, writeColumn(q.answers, f.String()+".f64", values[k]))
	}
	return err
}
