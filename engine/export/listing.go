package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"decant/engine/export/request"
	"decant/formats"
	"decant/formats/xlsx"
)

// resolveResource finds a resource item's columns and goes through its rows once, for their number and the width of their times. Exports and jobs come and go
// meanwhile, so there the number is what it is now.
func (p *Plan) resolveResource(ctx context.Context, snap Snapshot, it *Item) error {
	kind := it.request.Resource
	entries := p.Request.Format.Columns
	if entries == nil {
		for _, a := range kind.Attributes() {
			id := string(kind) + "." + a.Name
			if p.Request.Format.Extension == "pdf" && !p.Request.Format.Expanded && slices.Contains(offPage, id) {
				continue
			}
			entries = append(entries, request.Column{ID: id, Label: id})
		}
	}
	for _, entry := range entries {
		if i := kind.Attribute(entry.ID); i >= 0 {
			c := formats.Column{ID: entry.ID, Label: entry.Label, Type: attributeType(kind.Attributes()[i].Type)}
			it.columns = append(it.columns, column{Column: c, series: -1, function: -1})
		}
	}
	nameZones(it.columns, &p.Request.Format)
	it.Exact = ofStore(kind)
	if !it.Exact {
		it.Digits, it.last = 3, p.opts.due()
	}
	for row, err := range p.resourceRows(ctx, snap, it) {
		if err != nil {
			return it.listError(err)
		}
		it.Rows++
		for _, c := range it.columns {
			if i := kind.Attribute(c.ID); it.Exact && c.Type == formats.Time && !row[i].missing {
				it.Digits = max(it.Digits, fractionDigits(row[i].number))
			}
		}
		if i := kind.Attribute(string(kind) + ".lastTime"); i >= 0 {
			it.last = max(it.last, row[i].number)
		}
	}
	return nil
}

// offPage are the attributes that a PDF's table has no room for where nobody chose columns.
var offPage = []string{"job.owner", "job.cause", "job.tries", "job.createdAt", "job.expiresAt"}

// ofStore says whether a resource is the store's, and so the same for a snapshot's life.
func ofStore(kind request.Resource) bool {
	return kind == request.SeriesResource || kind == request.ChannelResource
}

func (it *Item) listError(err error) error {
	return fmt.Errorf("list resource %s: %w", it.request.Resource, err)
}

// attributeType is how a column of attributes is printed. Every row may have its own text, so texts are values: a dictionary would grow with the rows.
func attributeType(t request.AttributeType) formats.Type {
	switch t {
	case request.NumberAttribute:
		return formats.Integer
	case request.BoolAttribute:
		return formats.Bool
	case request.TimeAttribute:
		return formats.Time
	}
	return formats.Value
}

// writeResource writes a resource item's file: the loop from the rows to the finished file.
func (p *Plan) writeResource(ctx context.Context, snap Snapshot, it *Item, w io.Writer, tempDir string) (itemResult, error) {
	doc, err := p.document(it, nil, tempDir)
	if err != nil {
		return itemResult{}, err
	}
	o, err := p.openOutput(it, doc, w)
	if err != nil {
		return itemResult{}, err
	}
	listed := newListing(p.opts.Memory, it, o.emit)
	o.shape = listed
	defer abandon([]*output{o})
	for row, err := range p.resourceRows(ctx, snap, it) {
		if err != nil {
			return itemResult{}, it.listError(err)
		}
		if err := listed.add(ctx, row); err != nil {
			return itemResult{}, it.cellFault(err)
		}
	}
	err = o.finish(ctx)
	return o.result, it.cellFault(err)
}

// cellFault makes of a cell that a sheet can't hold a fault of the request: another format can. Other errors it leaves as they are.
func (it *Item) cellFault(err error) error {
	var cell *xlsx.CellError
	if !errors.As(err, &cell) {
		return err
	}
	return &RequestError{request.Faults{{Path: fmt.Sprintf("items[%d].params.resource", it.Index), Value: fmt.Sprintf("%q", it.request.Resource), Message: cell.Error()}}}
}

// listing turns rows of a resource into records.
type listing struct {
	schema  *arrow.Schema
	columns []attributeCells
	rows    int
	emit    func(arrow.Record) error
}

// attributeCells collect a column's cells.
type attributeCells struct {
	array.Builder
	at  int // which attribute
	put func(v *attribute)
}

func (c attributeCells) take() arrow.Array { return c.NewArray() }
func (c attributeCells) release()          { c.Release() }

func newListing(mem memory.Allocator, it *Item, emit func(arrow.Record) error) *listing {
	l := &listing{schema: formats.Schema(it.Columns()), emit: emit}
	for _, c := range it.columns {
		l.columns = append(l.columns, newAttributeCells(mem, c.Type, it.request.Resource.Attribute(c.ID)))
	}
	return l
}

func newAttributeCells(mem memory.Allocator, t formats.Type, at int) attributeCells {
	switch t {
	case formats.Integer:
		b := array.NewInt64Builder(mem)
		return attributeCells{b, at, func(v *attribute) {
			if b.Append(v.number); v.missing {
				b.SetNull(b.Len() - 1)
			}
		}}
	case formats.Bool:
		b := array.NewBooleanBuilder(mem)
		return attributeCells{b, at, func(v *attribute) { b.Append(v.number != 0) }}
	case formats.Time:
		b := newTimes(mem)
		return attributeCells{b, at, func(v *attribute) {
			if v.missing {
				b.AppendNull()
			} else {
				b.Append(arrow.Timestamp(v.number))
			}
		}}
	}
	x := newValueCells(mem, everyKind)
	return attributeCells{x.b, at, func(v *attribute) {
		s := v.text
		if v.list != nil {
			s = strings.Join(v.list, ",")
		}
		if s == "" {
			x.put(formats.ValueNone, 0, nil)
		} else {
			x.put(formats.ValueString, 0, []byte(s))
		}
	}}
}

func (l *listing) add(ctx context.Context, row attributes) error {
	for _, c := range l.columns {
		c.put(&row[c.at])
	}
	if l.rows++; l.rows < recordRows {
		return nil
	}
	return l.flush(ctx)
}

func (l *listing) flush(ctx context.Context) error {
	rows := l.rows
	if rows == 0 {
		return nil
	}
	l.rows = 0
	return emitRecord(ctx, l.schema, l.columns, rows, l.emit)
}

func (l *listing) whole() int { return l.rows }
func (l *listing) release()   { releaseAll(l.columns) }
