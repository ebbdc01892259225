package export

import (
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
	media     string // media type of an uncompressed file
	open      formats.Open
	stretch   float64 // bytes of a file per byte of the same rows as CSV, roughly; for estimates
	summary   bool    // prints a summary and a chart a series
}

var formatTable = []format{
	{extension: "csv", media: "text/csv", open: csv.Open, stretch: 1},
	{extension: "jsonl", media: "application/jsonl", open: jsonl.Open, stretch: 1.6},
	{extension: "xlsx", media: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", open: xlsx.Open, stretch: 0.3},
	{extension: "pdf", media: "application/pdf", open: pdf.Open, stretch: 0.5, summary: true},
	{extension: "parquet", media: "application/vnd.apache.parquet", open: parquet.Open, stretch: 0.15},
	{extension: "arrow", media: "application/vnd.apache.arrow.file", open: arrowipc.Open, stretch: 0.5},
}

func lookUpFormat(extension string) (format, bool) {
	for _, f := range formatTable {
		if f.extension == extension {
			return f, true
		}
	}
	return format{}, false
}

// MediaType is the media type of a file with one of the formats' extensions, and "" for any other. A compressed file has its
// compression's.
func MediaType(extension, compression string) string {
	f, _ := lookUpFormat(extension)
	switch suffix(extension, compression) {
	case ".gz":
		return "application/gzip"
	case ".zst":
		return "application/zstd"
	}
	return f.media
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

// Extensions are the formats that a request can name.
func Extensions() []string {
	names := make([]string, len(formatTable))
	for i, f := range formatTable {
		names[i] = f.extension
	}
	return names
}
