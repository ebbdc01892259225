package xlsx

import (
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"go.uber.org/goleak"

	"decant/formats"
	"decant/formats/formatstest"
)

// A page of a record that can't be read is the document's fault, not the end of the process.
func TestUnreadablePageIsAnError(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	page, err := syscall.Mmap(-1, 0, syscall.Getpagesize(), syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(page)
	doc := formatstest.Document()
	doc.Columns = []formats.Column{{ID: "n", Label: "n", Type: formats.Number}}
	data := array.NewData(arrow.PrimitiveTypes.Float64, 10, []*memory.Buffer{nil, memory.NewBufferBytes(page)}, nil, 0, 0)
	column := array.NewFloat64Data(data)
	data.Release()
	rec := array.NewRecord(formats.Schema(doc.Columns), []arrow.Array{column}, 10)
	column.Release()
	defer rec.Release()

	w, err := Open(io.Discard, doc)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(w.Write(rec), w.Finish(formats.Report{}))
	if err == nil || !strings.HasPrefix(err.Error(), "read rows: ") {
		t.Errorf("the error is %v", err)
	}
	if again := w.Write(rec); again == nil || again.Error() != err.Error() {
		t.Errorf("Write after the fault returns %v", again)
	}
}
