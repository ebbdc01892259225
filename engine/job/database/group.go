package database

import (
	"cmp"
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"sync"
)

// group has SQLite's transactions that wait for each other share one: while a commit waits for the disk, others gather, and the next commit is theirs together.
// Each is still all or nothing, by a savepoint, and sees what those before it wrote. Who finds nobody at work works for all that wait.
type group struct {
	turn chan struct{} // holds a token while somebody works

	mu      sync.Mutex
	waiting []*member
}

// member is a transaction that waits for its turn.
type member struct {
	ctx    context.Context
	do     func(tx) error
	soon   bool          // see writeSoon
	done   chan struct{} // closed once err and thrown are set
	err    error
	thrown any // what do panicked with
}

// mostTogether bounds what one commit holds, so that nobody waits long for others' work.
const mostTogether = 64

func newGroup() *group { return &group{turn: make(chan struct{}, 1)} }

// write runs do in a transaction, maybe one of others too, and returns once that is committed. Where ctx ends before do has begun, it never does; later ctx isn't looked at,
// because interrupting a statement would undo the others' too.
func (g *group) write(ctx context.Context, db *DB, soon bool, do func(tx) error) error {
	m := &member{ctx: context.WithoutCancel(ctx), do: do, soon: soon, done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, m)
	g.mu.Unlock()
	select {
	case <-m.done:
	case <-ctx.Done():
		if g.leave(m) {
			return ctx.Err()
		}
	case g.turn <- struct{}{}:
		if all := g.take(); len(all) > 0 {
			db.commit(all)
		}
		<-g.turn
	}
	<-m.done
	if m.thrown != nil {
		panic(m.thrown)
	}
	return m.err
}

// leave takes a member out of those that wait; false where its turn has come.
func (g *group) leave(m *member) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.waiting, m)
	if i < 0 {
		return false
	}
	g.waiting = slices.Delete(g.waiting, i, i+1)
	return true
}

// take is those that come next.
func (g *group) take() []*member {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.waiting), mostTogether)
	next := slices.Clone(g.waiting[:n])
	g.waiting = slices.Delete(g.waiting, 0, n)
	return next
}

// commit runs members in one transaction, and tells them. Where one takes the whole transaction down with it, or it can't be committed, each is run by itself.
func (db *DB) commit(ms []*member) {
	ctx := ms[0].ctx
	errs := make([]error, len(ms))
	err := db.synced(ctx, !slices.ContainsFunc(ms, func(m *member) bool { return !m.soon }), func(t tx) error {
		for i, m := range ms {
			t.ctx = m.ctx
			var err error
			if len(ms) == 1 {
				err = m.run(t)
			} else {
				errs[i], err = m.runPart(t)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && len(ms) > 1 {
		for i := range ms {
			db.commit(ms[i : i+1])
		}
		return
	}
	db.statements[db.writer].compile(ctx, db.writer)
	for i, m := range ms {
		m.err = cmp.Or(err, errs[i])
		close(m.done)
	}
}

// synced runs a transaction of the connection that writes. One that is for soon is written to the log and not synced.
func (db *DB) synced(ctx context.Context, soon bool, do func(tx) error) error {
	if !soon {
		return db.attempt(ctx, db.writer, db.writer, nil, do)
	}
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `PRAGMA synchronous = NORMAL`); err != nil {
		return err
	}
	defer func() {
		if _, err := conn.ExecContext(ctx, `PRAGMA synchronous = FULL`); err != nil {
			conn.Raw(func(any) error { return driver.ErrBadConn }) // it is closed, and the next one begins as it should
		}
	}()
	return db.attempt(ctx, db.writer, conn, nil, do)
}

// run does a member's work. A panic is its own goroutine's: here others wait.
func (m *member) run(t tx) (err error) {
	defer func() {
		if m.thrown = recover(); m.thrown != nil {
			err = fmt.Errorf("a transaction panicked: %v", m.thrown)
		}
	}()
	return m.do(t)
}

// runPart does a member's work as one part of a transaction. failed is the member's own error, and the part is undone; err is the transaction's.
func (m *member) runPart(t tx) (failed, err error) {
	if _, err := t.exec(`SAVEPOINT part`); err != nil {
		return nil, err
	}
	if failed = m.run(t); failed != nil {
		if _, err := t.exec(`ROLLBACK TO part`); err != nil {
			return nil, err
		}
	}
	_, err = t.exec(`RELEASE part`)
	return failed, err
}
