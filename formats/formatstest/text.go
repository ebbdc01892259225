package formatstest

import (
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
)

// Text shows a schema and records as lines that can be reviewed: a field a line, then a row a line, its cells separated by bars.
func Text(schema *arrow.Schema, records ...arrow.Record) []byte {
	var b strings.Builder
	for _, f := range schema.Fields() {
		fmt.Fprintf(&b, "%s: %s", f.Name, f.Type)
		if f.Nullable {
			b.WriteString(", nullable")
		}
		b.WriteByte('\n')
	}
	for _, rec := range records {
		for row := range int(rec.NumRows()) {
			for i, col := range rec.Columns() {
				if i > 0 {
					b.WriteString(" | ")
				}
				fmt.Fprintf(&b, "%q", col.ValueStr(row))
			}
			b.WriteByte('\n')
		}
	}
	return []byte(b.String())
}
