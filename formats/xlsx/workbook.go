package xlsx

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"decant/formats"
)

const (
	dataSheet      = "Data"
	aboutSheet     = "About"
	bodyFont       = "Calibri" // excelize's, and Excel's own, for plain cells
	firstSheetPart = "xl/worksheets/sheet1.xml"
	sharedPart     = "xl/sharedStrings.xml"
)

// workbook is all of the file but the sheets of rows and the shared strings: excelize keeps their names, and its own parts for them are dropped.
type workbook struct {
	file   *excelize.File
	sheets int
	styles styles
}

// styles are indices into the workbook's cell formats.
type styles struct{ header, label, date, wrapped int }

func newWorkbook(doc formats.Document) (*workbook, error) {
	b := &workbook{file: excelize.NewFile()}
	layout := dateLayout(doc.Times.Digits)
	for _, s := range []struct {
		id    *int
		style excelize.Style
	}{
		{&b.styles.header, excelize.Style{
			Font:   &excelize.Font{Bold: true, Family: bodyFont, Size: 11},
			Fill:   excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E7ECF2"}},
			Border: []excelize.Border{{Type: "bottom", Color: "8497B0", Style: 1}},
		}},
		{&b.styles.label, excelize.Style{Font: &excelize.Font{Bold: true, Family: bodyFont, Size: 11}, Alignment: &excelize.Alignment{Vertical: "top"}}},
		{&b.styles.date, excelize.Style{CustomNumFmt: &layout, Alignment: &excelize.Alignment{Horizontal: "left"}}},
		{&b.styles.wrapped, excelize.Style{Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}}},
	} {
		id, err := b.file.NewStyle(&s.style)
		if err != nil {
			return nil, fmt.Errorf("prepare the workbook's styles: %w", err)
		}
		*s.id = id
	}
	date := zipDate(doc.Date).Format(time.RFC3339)
	err := b.file.SetDocProps(&excelize.DocProperties{
		Title:    clean(doc.Title),
		Creator:  "decant",
		Created:  date,
		Modified: date,
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the workbook's properties: %w", err)
	}
	return b, nil
}

// addSheet names the next sheet of rows and its part.
func (b *workbook) addSheet() (name, part string, err error) {
	b.sheets++
	if b.sheets == 1 {
		return dataSheet, firstSheetPart, b.file.SetSheetName("Sheet1", dataSheet)
	}
	name = fmt.Sprintf("%s (%d)", dataSheet, b.sheets)
	if _, err := b.file.NewSheet(name); err != nil {
		return "", "", fmt.Errorf("add sheet %s: %w", name, err)
	}
	return name, sheetPart(b.sheets), nil
}

func sheetPart(i int) string { return "xl/worksheets/sheet" + strconv.Itoa(i) + ".xml" }

// filter tells the workbook about a sheet's filter: beside the sheet's own element, Excel wants a hidden name for its range.
func (b *workbook) filter(sheet, cells string) error {
	return b.file.AutoFilter(sheet, cells, nil)
}

// content is one part of the archive.
type content struct {
	name string
	data []byte
}

// finish fills the About sheet and gives the workbook's parts, by name, without the sheets of rows. shared takes the place of excelize's table of
// shared strings.
func (b *workbook) finish(doc formats.Document, r formats.Report, shared *sharedStrings) ([]content, error) {
	if err := b.about(doc, r); err != nil {
		return nil, fmt.Errorf("fill the sheet %s: %w", aboutSheet, err)
	}
	// A text anywhere makes excelize name the table in the workbook. This one is in a part that is dropped.
	if err := b.file.SetCellStr(dataSheet, "A1", "text"); err != nil {
		return nil, fmt.Errorf("add the shared strings: %w", err)
	}
	collected := collector{}
	b.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return collected })
	if _, err := b.file.WriteToBuffer(); err != nil {
		return nil, fmt.Errorf("build the workbook: %w", err)
	}
	own := []string{sharedPart}
	for i := range b.sheets {
		own = append(own, sheetPart(i+1))
	}
	for _, name := range own {
		if _, ok := collected[name]; !ok {
			return nil, fmt.Errorf("build the workbook: excelize has no part %s", name)
		}
		delete(collected, name)
	}
	parts := []content{{sharedPart, shared.part()}}
	for name, data := range collected {
		parts = append(parts, content{name, data.Bytes()})
	}
	slices.SortFunc(parts, func(a, b content) int { return strings.Compare(a.name, b.name) })
	return parts, nil
}

// close frees what excelize holds beside memory.
func (b *workbook) close() error { return b.file.Close() }

// collector takes excelize's parts, which come in no certain order.
type collector map[string]*bytes.Buffer

func (c collector) Create(name string) (io.Writer, error) {
	c[name] = new(bytes.Buffer)
	return c[name], nil
}

func (c collector) AddFS(fs.FS) error { return nil }
func (c collector) Close() error      { return nil }

// about prints the document's lines, what its cells mean, the number of rows and the notes.
func (b *workbook) about(doc formats.Document, r formats.Report) error {
	if _, err := b.file.NewSheet(aboutSheet); err != nil {
		return err
	}
	// A StreamWriter's texts stand in their cells; excelize's table of shared strings gives way to that of the rows.
	w, err := b.file.NewStreamWriter(aboutSheet)
	if err != nil {
		return err
	}
	for column, width := range []float64{24, 100} {
		if err := w.SetColWidth(column+1, column+1, width); err != nil {
			return err
		}
	}
	var lines []formats.Line
	if doc.Title != "" {
		lines = append(lines, formats.Line{Label: "title", Text: doc.Title})
	}
	lines = append(lines, doc.About...)
	lines = append(lines,
		formats.Line{Label: "times", Text: timesNote(doc)},
		formats.Line{Label: "rows", Text: strconv.FormatInt(r.Rows, 10)})
	if b.sheets > 1 {
		lines = append(lines, formats.Line{Label: "sheets of rows", Text: strconv.Itoa(b.sheets)})
	}
	row := 0
	for _, line := range append(lines, r.Notes...) {
		label := clean(line.Label)
		for piece := range pieces(clean(line.Text)) {
			row++
			cells := []any{excelize.Cell{StyleID: b.styles.label, Value: label}, excelize.Cell{StyleID: b.styles.wrapped, Value: piece}}
			if err := w.SetRow(cellName(0, row), cells); err != nil {
				return err
			}
			label = ""
		}
	}
	return w.Flush()
}

// timesNote says how the cells of the time columns are to be read.
func timesNote(doc formats.Document) string {
	switch {
	case timesAreNumbers(doc.Times) && doc.Times.Format == "unix":
		return "numbers: Unix seconds"
	case timesAreNumbers(doc.Times):
		return "numbers: Unix milliseconds"
	case timesAreDates(doc.Times):
		return "date cells in the wall time of " + doc.ZoneName
	case doc.Times.Digits > 3:
		return "text: a date cell would not hold fractions finer than milliseconds; zone " + doc.ZoneName
	}
	return "text; zone " + doc.ZoneName
}

// pieces cuts a text into what fits a cell each. An empty text is one piece.
func pieces(s string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		units, start := 0, 0
		for i, r := range s {
			n := utf16.RuneLen(r)
			if units+n > maxText {
				if !yield(s[start:i]) {
					return
				}
				units, start = 0, i
			}
			units += n
		}
		yield(s[start:])
	}
}

// clean replaces what XML forbids. It is for what describes the document; a row's cell is refused instead.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' || !forbidden("", r) {
			return r
		}
		return '\ufffd'
	}, strings.ToValidUTF8(s, "\ufffd"))
}
