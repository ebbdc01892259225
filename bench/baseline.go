package bench

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/xuri/excelize/v2"
)

// Row is a row of a long export: what the programs below print, from memory.
type Row struct {
	Time  int64 // ns
	Name  string
	Unit  string
	Value float64
}

// Rows are the rows that a long export of such a store prints, in its order.
func Rows(d Dataset) ([]Row, error) {
	signals, err := d.Signals()
	if err != nil {
		return nil, err
	}
	rows := make([]Row, 0, d.Points())
	for range d.Samples {
		for _, s := range signals {
			t, v := s.Next()
			rows = append(rows, Row{t, s.Series.Name, s.Series.Unit, v})
		}
	}
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Name, b.Name)) })
	return rows, nil
}

// layout prints the times of the data sets, which are whole milliseconds.
const layout = "2006-01-02T15:04:05.000Z07:00"

var header = []string{"time", "name", "unit", "value"}

// PlainCSV prints rows with encoding/csv, time.Format and strconv: the same bytes as decant's CSV.
func PlainCSV(w io.Writer, rows []Row) error {
	c := csv.NewWriter(w)
	if err := c.Write(header); err != nil {
		return err
	}
	cells := make([]string, len(header))
	for _, r := range rows {
		cells[0] = time.Unix(0, r.Time).UTC().Format(layout)
		cells[1], cells[2] = r.Name, r.Unit
		cells[3] = strconv.FormatFloat(r.Value, 'f', -1, 64)
		if err := c.Write(cells); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// PlainJSON prints rows with encoding/json, an object a line: the same bytes as decant's JSON Lines.
func PlainJSON(w io.Writer, rows []Row) error {
	e := json.NewEncoder(w)
	for _, r := range rows {
		err := e.Encode(struct {
			Time  string  `json:"time"`
			Name  string  `json:"name"`
			Unit  string  `json:"unit"`
			Value float64 `json:"value"`
		}{time.Unix(0, r.Time).UTC().Format(layout), r.Name, r.Unit, r.Value})
		if err != nil {
			return err
		}
	}
	return nil
}

// PlainXLSX prints rows with excelize's StreamWriter: the same cells as decant's first sheet.
func PlainXLSX(w io.Writer, rows []Row) error {
	f := excelize.NewFile()
	defer f.Close()
	shown := "yyyy-mm-dd hh:mm:ss.000"
	style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &shown})
	if err != nil {
		return err
	}
	s, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	if err := s.SetRow("A1", []any{header[0], header[1], header[2], header[3]}); err != nil {
		return err
	}
	for i, r := range rows {
		at := excelize.Cell{StyleID: style, Value: time.Unix(0, r.Time).UTC()}
		if err := s.SetRow("A"+strconv.Itoa(i+2), []any{at, r.Name, r.Unit, r.Value}); err != nil {
			return err
		}
	}
	if err := s.Flush(); err != nil {
		return err
	}
	return f.Write(w)
}
