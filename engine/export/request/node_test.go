package request_test

import (
	"fmt"
	"strings"
	"testing"

	"decant/engine/export/request"
)

// An object with very many fields is refused where they begin to be too many: looking each up among the others takes time with their square.
func TestObjectOfVeryManyFields(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"type": "oneTime"`)
	for i := range 90_000 {
		fmt.Fprintf(&b, `, "f%d": 0`, i)
	}
	b.WriteString("}")
	_, err := request.Parse([]byte(b.String()), request.Options{Lenient: true})
	if err == nil || !strings.Contains(err.Error(), "more than 1000 fields") {
		t.Errorf("got %v", err)
	}
}
