package decimation

import (
	"strings"
	"testing"
)

// What other programs call a function is not taken, but the error knows which is meant.
func TestOtherNamesOfFunctions(t *testing.T) {
	for name, meant := range map[string]string{"mean": "avg", "Average": "avg", "std": "stddev", "var": "variance", "mni": "min", "maximum": ""} {
		_, err := ParseFunction(name)
		if err == nil || strings.HasSuffix(err.Error(), "did you mean "+meant+"?") != (meant != "") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
