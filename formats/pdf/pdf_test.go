package pdf

import (
	"testing"

	"decant/formats/formatstest"
)

func TestContract(t *testing.T) {
	formatstest.Run(t, Open, formatstest.Options{Rows: 300, Faults: 20})
}
