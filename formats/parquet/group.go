package parquet

import (
	"sync"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow"

	"decant/formats"
)

const (
	groupRows  = 256 << 10 // of a row group
	groupCells = 4 << 20   // of a row group; it has at least one step of rows
	groupText  = 32 << 20  // bytes of different texts after which a row group ends
	step       = 64        // rows after which the texts are counted
)

// group is a row group: first its rows, then, once encoded, its pages.
type group struct {
	columns []column
	rows    int
	limit   int

	chunks []chunk
	done   sync.WaitGroup // encoding
}

func newGroup(columns []formats.Column) *group {
	g := &group{
		limit:  max(step, min(groupRows, groupCells/len(columns)/step*step)),
		chunks: make([]chunk, len(columns)),
	}
	for _, c := range columns {
		g.columns = append(g.columns, newColumn(c.Type))
	}
	return g
}

// add takes rows of a record, from row from on, until the group is full. It returns the first row that it did not take. Where a group ends
// depends on the rows alone, never on how they came: it looks at its texts each time it has so many steps of rows.
func (g *group) add(rec arrow.Record, cells []formats.Cells, from int) int {
	for rows := int(rec.NumRows()); from < rows && !g.full(); {
		to := min(rows, from+step-g.rows%step)
		for i, c := range g.columns {
			c.add(&cells[i], rec.Column(i), from, to)
		}
		g.rows += to - from
		from = to
	}
	return from
}

func (g *group) full() bool {
	if g.rows >= g.limit {
		return true
	}
	if g.rows%step != 0 {
		return false
	}
	text := 0
	for _, c := range g.columns {
		text += c.size()
	}
	return text >= groupText
}

// encode makes the pages of all columns in the background, each encoder in a goroutine of its own; a single one right here.
func (g *group) encode(encoders []*encoder) {
	var next atomic.Int64
	work := func(e *encoder) {
		for i := int(next.Add(1)) - 1; i < len(g.columns); i = int(next.Add(1)) - 1 {
			g.chunks[i].reset()
			g.columns[i].encode(&g.chunks[i], e)
		}
	}
	if len(encoders) == 1 {
		work(encoders[0])
		return
	}
	for _, e := range encoders {
		g.done.Go(func() { work(e) })
	}
}

// reset makes the group empty.
func (g *group) reset() {
	g.rows = 0
	for _, c := range g.columns {
		c.reset()
	}
}

// sortedBy is the first column of times if its rows ascend, else −1.
func (g *group) sortedBy(columns []formats.Column) int {
	for i, c := range columns {
		if c.Type == formats.Time || c.Type == formats.TimeUTC {
			if g.columns[i].(*integers).ascending() {
				return i
			}
			return -1
		}
	}
	return -1
}
