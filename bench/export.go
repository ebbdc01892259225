package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"decant/engine"
	"decant/engine/export"
	"decant/engine/export/request"
)

// formats are what RunExport can print, by their extensions; csvWide is CSV with a column for each series.
var formats = []string{"csv", "xlsx", "parquet", "jsonl", "arrow", "pdf", csvWide}

const csvWide = "csv-wide"

// RunExport measures the way from a request to a file's bytes, which are thrown away: all samples, or the buckets that opts ask for, long but where the format says otherwise. Its points/s
// have the same yardstick as RunDecimation's. The series of the data set tetouan share their times, as columns of a wide file mostly do.
func RunExport(ctx context.Context, opts Options, out io.Writer, say func(text string)) error {
	s := newSession(opts, out)
	in, err := openInput(ctx, opts, 5e6, say)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := s.header(in.points, len(in.series)); err != nil {
		return err
	}
	var subjects []subject
	for _, format := range or(opts.Formats, "csv") {
		for _, width := range or(opts.Buckets, "") {
			functions := []string{""}
			if width != "" {
				functions = or(opts.Functions, "avg")
			}
			for _, f := range functions {
				x, err := in.export(ctx, printing{format: format, width: width, functions: f})
				if err != nil {
					return err
				}
				subjects = append(subjects, x)
			}
		}
	}
	err = s.rounds(ctx, func(cores int) lineup {
		b := in.roofline(cores)
		b.subjects = subjects
		return b
	})
	if err != nil {
		return err
	}
	return s.finish(say, "of-roofline", "points/s", "rows/s")
}

// printing is one export. Without a width it prints all samples.
type printing struct{ format, width, functions string }

// name is the benchmark's, of that data.
func (p printing) name(data string) string {
	name := fmt.Sprintf("Export/data=%s/format=%s", data, p.format)
	if p.width == "" {
		return name
	}
	return fmt.Sprintf("%s/func=%s/bucket=%s", name, p.functions, p.width)
}

// request asks for the series, which are all of a channel and subtopic.
func (p printing) request(series []export.Series) ([]byte, error) {
	params := map[string]any{"target": map[string]any{"value": "*"}, "channelId": series[0].Channel, "subtopic": series[0].Subtopic}
	suffixes := []string{""} // of a wide file's columns
	if p.width != "" {
		functions, err := parseFunctions(p.functions)
		if err != nil {
			return nil, err
		}
		names := make([]string, len(functions))
		for i, f := range functions {
			names[i] = f.String()
		}
		decimation := map[string]any{"ds": p.width, "dsf": names}
		if len(names) == 1 {
			decimation["dsf"] = names[0]
		} else {
			suffixes = nil
			for _, n := range names {
				suffixes = append(suffixes, "."+n)
			}
		}
		params["decimation"] = decimation
	}
	format := map[string]any{"extension": p.format}
	if p.format == csvWide {
		columns := []map[string]any{{"id": "time", "label": "time"}}
		for _, s := range series {
			for _, suffix := range suffixes {
				columns = append(columns, map[string]any{"id": s.Name + suffix, "label": s.Name + suffix})
			}
		}
		format["extension"], format["columns"], params["outputFormat"] = "csv", columns, "wide"
	}
	return json.Marshal(map[string]any{
		"format": format,
		"type":   "oneTime",
		"items":  []any{map[string]any{"params": params}},
	})
}

// pdfWidths are the buckets that a PDF is tried with, since it takes no more rows than a person can turn pages.
var pdfWidths = []string{"", "1m", "15m", "1h", "1d", "1w", "1M"}

// export prints everything. A PDF for which nobody has chosen a bucket gets the shortest that its limit of rows allows.
func (in *input) export(ctx context.Context, p printing) (subject, error) {
	requests, err := in.plans(ctx, p)
	if p.format == "pdf" && p.width == "" {
		p.functions = "avg"
		for _, p.width = range pdfWidths {
			if requests, err = in.plans(ctx, p); !errors.As(err, new(*export.LimitError)) {
				break
			}
		}
	}
	if err != nil {
		return subject{}, err
	}
	var rows, bytes int64
	return subject{
		work: work{name: p.name(in.data), run: func() (err error) {
			rows, bytes, err = in.print(ctx, requests, io.Discard)
			return err
		}},
		amounts: func() []amount {
			return []amount{{"points/s", float64(in.points)}, {"rows/s", float64(rows)}, {"B/s", float64(bytes)}}
		},
	}, nil
}

// plans makes a request for each channel and subtopic that the input has, and sees that it can be planned.
func (in *input) plans(ctx context.Context, p printing) (requests [][]byte, err error) {
	for left := in.series; len(left) > 0; { // they are sorted by channel and subtopic
		n := 1
		for n < len(left) && left[n].Channel == left[0].Channel && left[n].Subtopic == left[0].Subtopic {
			n++
		}
		text, err := p.request(left[:n])
		left = left[n:]
		if err != nil {
			return nil, err
		}
		if _, err := in.plan(ctx, text); err != nil {
			return nil, fmt.Errorf("%s: %w", strings.TrimPrefix(p.name(in.data), "Export/"), err)
		}
		requests = append(requests, text)
	}
	return requests, nil
}

func (in *input) plan(ctx context.Context, text []byte) (*export.Plan, error) {
	r, err := request.Parse(text, request.Options{})
	if err != nil {
		return nil, err
	}
	limits := engine.Default().Limits
	return export.NewPlan(ctx, in.snap, r, export.Options{Limits: export.Limits{Rows: limits.Rows, PDFRows: limits.PDFRows}})
}

// print plans the requests, writes them to w one after another, and counts what came.
func (in *input) print(ctx context.Context, requests [][]byte, w io.Writer) (rows, bytes int64, err error) {
	for _, text := range requests {
		plan, err := in.plan(ctx, text)
		if err != nil {
			return 0, 0, err
		}
		m, err := export.Stream(ctx, in.snap, plan, w)
		if err != nil {
			return 0, 0, err
		}
		rows, bytes = rows+m.Files[0].Rows, bytes+m.Files[0].Bytes
	}
	return rows, bytes, nil
}
