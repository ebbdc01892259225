package formatstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os/exec"
	"testing"

	"decant/formats"
)

// Table is a columnar file as pyarrow reads it.
type Table struct {
	Types   []string          // of the columns, in pyarrow's words
	Names   []string          // of the columns
	Columns [][]any           // nil, json.Number (times are ns), bool or string; bytes are base64url
	Info    map[string]string // of a Parquet file: created_by, row_groups, compression
}

const pyarrowScript = `
import base64, io, json, sys
import pyarrow as pa, pyarrow.ipc, pyarrow.parquet
data = sys.stdin.buffer.read()
info = {}
if sys.argv[1] == "parquet":
    f = pa.parquet.ParquetFile(io.BytesIO(data))
    table = f.read()
    m = f.metadata
    info = {"created_by": m.created_by, "row_groups": str(m.num_row_groups)}
    if m.num_row_groups:
        info["compression"] = m.row_group(0).column(0).compression
else:
    f = pa.ipc.open_file(io.BytesIO(data))
    table = f.read_all()
    info = {"batches": str(f.num_record_batches)}
table.validate(full=True)
def plain(column):
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    values = column.to_pylist()
    if pa.types.is_binary(column.type):
        values = [v if v is None else base64.urlsafe_b64encode(v).decode().rstrip("=") for v in values]
    return values
json.dump({
    "Types": [str(f.type) for f in table.schema],
    "Names": table.schema.names,
    "Columns": [plain(c) for c in table.columns],
    "Info": info,
}, sys.stdout)
`

// ReadByPyarrow reads a parquet or arrow file by pyarrow, which checks it whole. Without pyarrow the test is skipped; in CI it
// fails.
func ReadByPyarrow(t testing.TB, format string, file []byte) Table {
	t.Helper()
	NeedPython(t, "pyarrow")
	cmd := exec.Command("python3", "-c", pyarrowScript, format)
	cmd.Stdin = bytes.NewReader(file)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("pyarrow can't read the file: %v\n%s", err, &stderr)
	}
	d := json.NewDecoder(&stdout)
	d.UseNumber()
	var table Table
	if err := d.Decode(&table); err != nil {
		t.Fatal(err)
	}
	return table
}

// Check compares what pyarrow read with the rows that were written.
func (table Table) Check(t testing.TB, doc formats.Document, rows []Row) {
	t.Helper()
	types := map[formats.Type]string{
		formats.Time:    "timestamp[ns, tz=" + doc.ZoneName + "]",
		formats.TimeUTC: "timestamp[ns, tz=UTC]",
		formats.Text:    "string",
		formats.Number:  "double",
		formats.Integer: "int64",
		formats.Bool:    "bool",
		formats.Bytes:   "binary",
		formats.Value:   "string",
	}
	for i, c := range doc.Columns {
		if table.Names[i] != c.Label || table.Types[i] != types[c.Type] {
			t.Errorf("column %d is %q of type %s, want %q of %s", i, table.Names[i], table.Types[i], c.Label, types[c.Type])
		}
		if len(table.Columns[i]) != len(rows) {
			t.Fatalf("column %q has %d cells, want %d", c.Label, len(table.Columns[i]), len(rows))
		}
		for j, row := range rows {
			got, want := table.Columns[i][j], columnarCell(row[i])
			if number, ok := want.(float64); ok {
				n, ok := got.(json.Number)
				f, err := n.Float64()
				if !ok || err != nil || math.Float64bits(f) != math.Float64bits(number) {
					t.Fatalf("column %q, row %d: %v, want %v", c.Label, j, got, want)
				}
				continue
			}
			if got != want {
				t.Fatalf("column %q, row %d: %#v, want %#v", c.Label, j, got, want)
			}
		}
	}
}

// columnarCell is a row's cell as a columnar file holds it.
func columnarCell(cell any) any {
	switch v := cell.(type) {
	case int64:
		return json.Number(fmt.Sprint(v))
	case []byte:
		return string(formats.AppendBytes(nil, v))
	case Value:
		switch v.Kind {
		case formats.ValueNumber:
			return string(formats.AppendNumber(nil, v.Number))
		case formats.ValueBool:
			return fmt.Sprint(v.Number != 0)
		case formats.ValueString:
			return v.Text
		case formats.ValueBytes:
			return string(formats.AppendBytes(nil, []byte(v.Text)))
		}
		return nil
	}
	return cell
}
