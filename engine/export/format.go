package export

import (
	"decant/engine/export/request"
	"decant/formats"
	"decant/formats/arrowipc"
	"decant/formats/csv"
	"decant/formats/jsonl"
	"decant/formats/parquet"
	"decant/formats/pdf"
	"decant/formats/xlsx"
)

// format is an output format and what planning must know of it.
type format struct {
	extension string
	open      formats.Open
	stretch   float64 // bytes of a file per byte of the same rows as CSV, roughly; for estimates
	summary   bool    // prints a summary and a chart a series
}

var formatTable = []format{
	{extension: "csv", open: csv.Open, stretch: 1},
	{extension: "jsonl", open: jsonl.Open, stretch: 1.6},
	{extension: "xlsx", open: xlsx.Open, stretch: 0.3},
	{extension: "pdf", open: pdf.Open, stretch: 0.5, summary: true},
	{extension: "parquet", open: parquet.Open, stretch: 0.15},
	{extension: "arrow", open: arrowipc.Open, stretch: 0.5},
}

func lookUpFormat(extension string) (format, bool) {
	for _, f := range formatTable {
		if f.extension == extension {
			return f, true
		}
	}
	return format{}, false
}

// extension is what the names of a request's files end in.
func extension(f *request.Format) string {
	return "." + f.Extension + suffix(f.Extension, f.Compression)
}

// suffix is what compression adds to a file's name: the text formats are compressed as a whole, the others inside.
func suffix(extension, compression string) string {
	if extension != "csv" && extension != "jsonl" {
		return ""
	}
	switch compression {
	case "gzip":
		return ".gz"
	case "zstd":
		return ".zst"
	}
	return ""
}
