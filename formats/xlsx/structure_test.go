package xlsx

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"decant/formats"
	"decant/formats/formatstest"
)

// What makes Excel offer a repair is not there, in any shape of document: elements out of the schema's order, rows or cells out of order, numbers of styles, strings or
// parts that don't exist, parts without a type.
func TestStructure(t *testing.T) {
	expanded := formatstest.Document()
	expanded.Expanded = true
	for _, c := range []struct {
		name        string
		doc         formats.Document
		rows, sheet int
	}{
		{"no rows", formatstest.Document(), 0, maxRows},
		{"one sheet", formatstest.Document(), 60, maxRows},
		{"sheets", formatstest.Document(), 60, 13},
		{"expanded", expanded, 60, maxRows},
		{"expanded, no rows", expanded, 0, maxRows},
		{"expanded over sheets", expanded, 60, 50},
	} {
		t.Run(c.name, func(t *testing.T) {
			limitRows(t, c.sheet)
			set(t, &chunkCells, 64)
			z := readParts(t, formatstest.Print(t, Open, c.doc, formatstest.Rows(c.rows)))
			z.checkTypes()
			z.checkTargets()
			z.checkWorkbook(c.doc.Expanded)
			styles, strings := z.count("xl/styles.xml", "cellXfs", "xf"), z.count(sharedPart, "sst", "si")
			if declared := z.attribute(sharedPart, "sst", "uniqueCount"); declared != strconv.Itoa(strings) {
				t.Errorf("the table of shared strings declares %s and has %d", declared, strings)
			}
			for name := range z.parts {
				if path.Dir(name) == "xl/worksheets" {
					z.checkSheet(name, styles, strings, c.sheet)
				}
			}
		})
	}
}

// parts are the parts of a file.
type parts struct {
	*testing.T
	parts map[string][]byte
}

func readParts(t *testing.T, file []byte) parts {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	p := parts{t, map[string][]byte{}}
	for _, f := range z.File {
		if _, ok := p.parts[f.Name]; ok {
			t.Errorf("two parts are %s", f.Name)
		}
		p.parts[f.Name] = unzip(t, file, f.Name)
	}
	return p
}

// walk calls f with each element of a part and the names of those around it.
func (z parts) walk(part string, f func(around []string, e xml.StartElement, text string)) {
	z.Helper()
	content, ok := z.parts[part]
	if !ok {
		z.Fatalf("there is no part %s", part)
	}
	type element struct {
		start xml.StartElement
		text  strings.Builder
	}
	var open []*element
	var around []string
	for d := xml.NewDecoder(bytes.NewReader(content)); ; {
		token, err := d.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			z.Fatalf("%s: %v", part, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			open = append(open, &element{start: token.Copy()})
			around = append(around, token.Name.Local)
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text.Write(token)
			}
		case xml.EndElement:
			e := open[len(open)-1]
			open, around = open[:len(open)-1], around[:len(around)-1]
			f(around, e.start, e.text.String())
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (z parts) count(part, parent, child string) (n int) {
	z.Helper()
	z.walk(part, func(around []string, e xml.StartElement, _ string) {
		if e.Name.Local == child && len(around) > 0 && around[len(around)-1] == parent {
			n++
		}
	})
	return n
}

func (z parts) attribute(part, element, name string) (value string) {
	z.Helper()
	z.walk(part, func(_ []string, e xml.StartElement, _ string) {
		if e.Name.Local == element {
			value = attribute(e, name)
		}
	})
	return value
}

// checkTypes sees to it that each part has a type, and each type of a part its part.
func (z parts) checkTypes() {
	z.Helper()
	const types = "[Content_Types].xml"
	extensions, named := map[string]bool{}, map[string]bool{}
	z.walk(types, func(_ []string, e xml.StartElement, _ string) {
		extensions[attribute(e, "Extension")] = true
		name := strings.TrimPrefix(attribute(e, "PartName"), "/")
		if _, ok := z.parts[name]; !ok && e.Name.Local == "Override" {
			z.Errorf("%s names %s, which is not there", types, name)
		}
		named[name] = true
	})
	for name := range z.parts {
		if name != types && !named[name] && !(strings.HasSuffix(name, ".rels") && extensions["rels"]) {
			z.Errorf("%s has no type", name)
		}
	}
}

// checkTargets sees to it that all that parts refer to is there.
func (z parts) checkTargets() {
	z.Helper()
	for name := range z.parts {
		folder, file := path.Split(name)
		if !strings.HasSuffix(file, ".rels") {
			continue
		}
		z.walk(name, func(_ []string, e xml.StartElement, _ string) {
			target := attribute(e, "Target")
			if !strings.HasPrefix(target, "/") {
				target = path.Join(path.Dir(path.Clean(folder)), target)
			}
			if _, ok := z.parts[strings.TrimPrefix(target, "/")]; !ok && e.Name.Local == "Relationship" {
				z.Errorf("%s refers to %s, which is not there", name, target)
			}
		})
	}
}

// checkWorkbook sees to it that each sheet with a filter has its hidden name.
func (z parts) checkWorkbook(expanded bool) {
	z.Helper()
	const book = "xl/workbook.xml"
	sheets, names := z.count(book, "sheets", "sheet"), z.count(book, "definedNames", "definedName")
	if filters := sheets - 1; expanded && names != 0 || !expanded && names != filters {
		z.Errorf("%d sheets and %d names", sheets, names)
	}
}

// schemaOrder is what a worksheet's element may have, as CT_Worksheet orders it (ECMA-376 part 1, 18.3.1.99); what is never written is left out.
var schemaOrder = []string{"sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "autoFilter", "mergeCells", "pageMargins"}

func (z parts) checkSheet(part string, styles, shared, most int) {
	z.Helper()
	var children []string
	last := 0
	var names []string // of the row's cells
	z.walk(part, func(around []string, e xml.StartElement, text string) {
		if len(around) == 1 {
			children = append(children, e.Name.Local)
		}
		switch e.Name.Local {
		case "c":
			names = append(names, attribute(e, "r"))
			if s := attribute(e, "s"); s != "" && number(z.T, s) >= styles {
				z.Errorf("%s: cell %s has style %s of %d", part, names[len(names)-1], s, styles)
			}
		case "row":
			row := number(z.T, attribute(e, "r"))
			if row <= last || row > most {
				z.Errorf("%s: row %d follows row %d; the last may be %d", part, row, last, most)
			}
			last = row
			column := -1
			for _, name := range names {
				letters := strings.TrimRight(name, "0123456789")
				at := slices.IndexFunc(columnNames[:], func(n string) bool { return n == letters })
				if at <= column || name != cellName(at, row) {
					z.Errorf("%s: cell %s in row %d, after column %d", part, name, row, column)
				}
				column = at
			}
			names = names[:0]
		}
	})
	at := -1
	for _, child := range children {
		next := slices.Index(schemaOrder, child)
		if next <= at {
			z.Errorf("%s: element %s is out of order in %q", part, child, children)
		}
		at = next
	}
	z.checkShared(part, shared)
}

// checkShared sees to it that the cells of shared strings name one of the table.
func (z parts) checkShared(part string, shared int) {
	z.Helper()
	value := ""
	z.walk(part, func(_ []string, e xml.StartElement, text string) {
		if e.Name.Local == "v" {
			value = text
		}
		if e.Name.Local == "c" && attribute(e, "t") == "s" && number(z.T, value) >= shared {
			z.Errorf("%s: cell %s is shared string %s of %d", part, attribute(e, "r"), value, shared)
		}
	})
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
