package parquet

import "encoding/binary"

// thriftWriter writes the struct of a page's header in Thrift's compact protocol. Fields come in ascending order.
type thriftWriter struct {
	bytes []byte
	last  int   // field of the struct being written
	outer []int // the same of the structs around it
}

// Types of the compact protocol.
const (
	thriftI32    = 5
	thriftI64    = 6
	thriftBinary = 8
	thriftStruct = 12
)

func (t *thriftWriter) field(id, kind int) {
	t.bytes = append(t.bytes, byte((id-t.last)<<4|kind)) // no two fields are more than 15 apart
	t.last = id
}

func (t *thriftWriter) i32(id int, v int32) {
	t.field(id, thriftI32)
	t.bytes = binary.AppendVarint(t.bytes, int64(v))
}

func (t *thriftWriter) i64(id int, v int64) {
	t.field(id, thriftI64)
	t.bytes = binary.AppendVarint(t.bytes, v)
}

func (t *thriftWriter) binary(id int, v []byte) {
	t.field(id, thriftBinary)
	t.bytes = append(binary.AppendUvarint(t.bytes, uint64(len(v))), v...)
}

func (t *thriftWriter) beginStruct(id int) {
	t.field(id, thriftStruct)
	t.outer = append(t.outer, t.last)
	t.last = 0
}

// end ends a struct, the outermost too.
func (t *thriftWriter) end() {
	t.bytes = append(t.bytes, 0)
	if n := len(t.outer); n > 0 {
		t.last, t.outer = t.outer[n-1], t.outer[:n-1]
	}
}
