package database

import (
	"context"
	"database/sql"
	"sync"
)

// statements are those that SQLite has compiled already, of one pool: to compile one takes longer than most take to run. PostgreSQL's driver keeps its own.
type statements struct {
	mu       sync.Mutex
	compiled map[string]*sql.Stmt // nil: wanted
	wanted   []string
}

// mostStatements bounds how many are kept. Queries of listings have many forms; those that come too late are compiled each time.
const mostStatements = 128

// find gives a compiled statement; nil where there is none. Then it is compiled once the transaction has given its connection back, which may be the only one.
func (s *statements) find(query string) *sql.Stmt {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	compiled, known := s.compiled[query]
	if !known && len(s.compiled) < mostStatements {
		s.compiled[query] = nil
		s.wanted = append(s.wanted, query)
	}
	return compiled
}

// compile makes the statements that transactions have asked for. One that can't be compiled is run as it is; whoever asked for it has met the error.
func (s *statements) compile(ctx context.Context, pool *sql.DB) {
	if s == nil {
		return
	}
	s.mu.Lock()
	wanted := s.wanted
	s.wanted = nil
	s.mu.Unlock()
	for _, query := range wanted {
		compiled, err := pool.PrepareContext(ctx, query)
		s.mu.Lock()
		if err == nil {
			s.compiled[query] = compiled
		} else {
			delete(s.compiled, query)
		}
		s.mu.Unlock()
	}
}
