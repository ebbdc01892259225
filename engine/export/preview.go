package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"decant/formats"
	"decant/formats/csv"
)

// Preview is the beginning of a file to be, as it would be printed.
type Preview struct {
	File    string     `json:"file"`
	Columns []string   `json:"columns"` // labels
	Rows    [][]string `json:"rows"`    // as CSV prints them
	More    bool       `json:"more"`    // the file has more rows, or may have: there was no time to look
}

// PreviewPlan prints the first rows of each item of a plan, at most so many, and stops reading there. Cells are printed as CSV prints them, whatever the
// format and the template: missing values are empty, or the null token; csv.formulaGuard and csv.decimalComma hold for CSV alone. snap is the one that the
// plan was made with. Where ctx's deadline passes, what has come by then is the preview.
func PreviewPlan(ctx context.Context, snap Snapshot, p *Plan, rows int) ([]Preview, error) {
	previews := make([]Preview, len(p.Items))
	err := Guard(snap)(func() error {
		for _, g := range p.groups {
			if err := p.previewGroup(ctx, snap, g, rows, previews); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return previews, nil
}

// previewGroup is writeGroup as far as the first rows.
func (p *Plan) previewGroup(ctx context.Context, snap Snapshot, g *group, rows int, previews []Preview) error {
	beginnings := make([]*beginning, len(g.items))
	for i, it := range g.items {
		beginnings[i] = &beginning{item: it, most: rows}
		defer beginnings[i].release()
	}
	var err error
	if g.request.Resource != "" {
		err = p.beginResource(ctx, snap, beginnings[0])
	} else {
		err = p.beginMerged(ctx, snap, g, beginnings)
	}
	late := errors.Is(err, context.DeadlineExceeded)
	if err != nil && !late {
		return err
	}
	for _, b := range beginnings {
		b.late = late
		if err := b.shape.flush(context.WithoutCancel(ctx)); err != nil {
			return err
		}
		if previews[b.item.Index], err = b.print(p); err != nil {
			return err
		}
	}
	return nil
}

func (p *Plan) beginResource(ctx context.Context, snap Snapshot, b *beginning) error {
	listed := newListing(p.opts.Memory, b.item, b.emit)
	b.shape = listed
	for row, err := range p.resourceRows(ctx, snap, b.item) {
		if err != nil {
			return b.item.listError(err)
		}
		if err := listed.add(ctx, row); err != nil || b.complete() {
			return err
		}
	}
	return nil
}

func (p *Plan) beginMerged(ctx context.Context, snap Snapshot, g *group, beginnings []*beginning) error {
	shapes := make([]mergedShape, len(beginnings))
	for i, b := range beginnings {
		shapes[i] = newMergedShape(p, b.item, b.emit)
		b.shape = shapes[i]
	}
	short := *g
	short.rows = beginnings[0].most + 1
	m := newMerge(short.cursors(ctx, snap, p.Request.Format.Zone.Location))
	defer m.close()
	var part []stretch
	for complete := false; !complete; {
		runs, err := m.next(min(short.rows, mergeRows))
		if len(runs) == 0 || err != nil {
			return err
		}
		complete = true
		for i, b := range beginnings {
			if err := shapes[i].add(ctx, b.item.own(&part, runs)); err != nil {
				return err
			}
			complete = complete && b.complete()
		}
	}
	return nil
}

// beginning collects an item's first rows.
type beginning struct {
	item    *Item
	most    int // rows to print
	shape   shape
	records []arrow.Record // at most so many rows
	rows    int            // that came, printed or not
	late    bool           // there was no time for all
}

func (b *beginning) emit(rec arrow.Record) error {
	n := int(rec.NumRows())
	if left := b.most - b.rows; left > 0 {
		b.records = append(b.records, rec.NewSlice(0, int64(min(left, n))))
	}
	b.rows += n
	return nil
}

// complete says whether all rows to print have come, and one more, which tells that there are more.
func (b *beginning) complete() bool { return b.rows+b.shape.whole() > b.most }

func (b *beginning) release() {
	for _, rec := range b.records {
		rec.Release()
	}
	if b.shape != nil {
		b.shape.release()
	}
}

// unit separates the cells of a preview while they are text: next to nothing holds it, so next to nothing is quoted.
const unit = '\x1f'

func (b *beginning) print(p *Plan) (Preview, error) {
	preview := Preview{File: b.item.File, Rows: [][]string{}, More: b.late || b.rows > b.most}
	for _, c := range b.item.columns {
		preview.Columns = append(preview.Columns, c.Label)
	}
	doc, err := p.document(b.item, nil, "")
	if err != nil {
		return preview, err
	}
	doc.CSV = formats.CSV{Delimiter: unit, Null: doc.CSV.Null, NoGuard: true}
	if p.format.extension == "csv" {
		doc.CSV.NoGuard, doc.CSV.DecimalComma = p.Request.Format.CSV.NoGuard, p.Request.Format.CSV.DecimalComma
	}
	doc.Expanded, doc.Compression = false, ""
	var text bytes.Buffer
	w, err := csv.Open(&text, doc)
	if err != nil {
		return preview, fmt.Errorf("preview %s: %w", b.item.File, err)
	}
	defer formats.Abandon(w)
	for _, rec := range b.records {
		if err := w.Write(rec); err != nil {
			return preview, fmt.Errorf("preview %s: %w", b.item.File, err)
		}
	}
	if err := w.Finish(formats.Report{}); err != nil {
		return preview, fmt.Errorf("preview %s: %w", b.item.File, err)
	}
	preview.Rows = append(preview.Rows, splitCSV(text.String())[1:]...) // less the header
	return preview, nil
}

// splitCSV takes apart what package csv prints with unit between cells.
func splitCSV(text string) (rows [][]string) {
	for text != "" {
		var row []string
		for end := false; !end; {
			var cell string
			cell, text = cutCell(text)
			row = append(row, cell)
			end, text = text[0] == '\n', text[1:]
		}
		rows = append(rows, row)
	}
	return rows
}

// cutCell gives the first cell, and the rest with what ends the cell.
func cutCell(text string) (cell, rest string) {
	if text[0] != '"' {
		end := strings.IndexAny(text, string(unit)+"\n")
		return text[:end], text[end:]
	}
	var b strings.Builder
	for text = text[1:]; ; {
		end := strings.IndexByte(text, '"')
		b.WriteString(text[:end])
		if text = text[end+1:]; text[0] != '"' {
			return b.String(), text
		}
		b.WriteByte('"')
		text = text[1:]
	}
}
