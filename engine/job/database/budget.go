package database

import (
	"database/sql"

	"decant/engine/job"
)

// pageBytes is how much the rows of one page take, about. A request may have a megabyte, and a page a thousand of them; whoever reads on gets the
// rest.
const pageBytes = 16 << 20

// budget is the room that is left for a page's rows.
type budget struct {
	left int
	any  bool                 // there is a row already; the first always fits
	seen map[revision]request // whose text is held once, for all jobs of it
}

type revision struct {
	export  string
	version int64
}

type request = []byte

func newBudget() *budget { return &budget{left: pageBytes, seen: map[revision]request{}} }

// take takes n bytes and says whether there was room. After the first that there is no room for, there is none for any.
func (b *budget) take(n int) bool {
	fits := !b.any || n <= b.left
	b.any = true
	b.left -= n
	return fits
}

// text is a revision's request, and how many bytes it adds to those that are held.
func (b *budget) text(export string, version int64, text request) (held request, adds int) {
	at := revision{export, version}
	if held, ok := b.seen[at]; ok {
		return held, 0
	}
	b.seen[at] = text
	return text, len(text)
}

// fieldBytes is what a row takes beside its texts, and an artifact of a job.
const fieldBytes = 256

// job takes the room of a job, and says whether there was any.
func (b *budget) job(j *job.Job) bool {
	held, adds := b.text(j.ExportKey, j.Version, j.Request)
	j.Request = held
	return b.take(adds + fieldBytes*(1+len(j.Artifacts)))
}

// export takes the room of an export, without its newest job, and says whether there was any. Its title and tags stand in the request, and are held beside it.
func (b *budget) export(e *job.Export) bool {
	held, adds := b.text(e.Key, e.Version, e.Request)
	e.Request = held
	return b.take(2*adds + fieldBytes)
}

// rowsWhile reads rows of a query as long as there is room for one more.
func rowsWhile[T any](t tx, scan func(*sql.Rows) (T, error), room func(*T) bool, query string, args ...any) ([]T, error) {
	found, err := t.QueryContext(t.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var all []T
	for found.Next() {
		one, err := scan(found)
		if err != nil {
			return nil, err
		}
		if !room(&one) {
			return all, nil
		}
		all = append(all, one)
	}
	return all, found.Err()
}
