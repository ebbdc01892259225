package xlsx

import (
	"strconv"
	"testing"

	"github.com/xuri/excelize/v2"
)

func TestRowNumbers(t *testing.T) {
	for _, from := range []int{0, 1, 8, 9, 98, 123_456, 999_990, maxRows - 20} {
		n := rowNumberOf(from)
		for i := range 20 {
			n.next()
			if got, want := string(n.digits()), strconv.Itoa(from+i+1); got != want {
				t.Fatalf("%s follows %d, want %s", got, from+i, want)
			}
		}
	}
}

func TestColumnNames(t *testing.T) {
	for i := range maxColumns {
		want, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := columnName(i); got != want {
			t.Fatalf("column %d is %s, want %s", i, got, want)
		}
	}
}
