package database

import (
	"database/sql"
	"strings"
)

// dialect is what tells PostgreSQL from SQLite. Both take $1 for a parameter, RETURNING, ON CONFLICT and partial indexes, so statements are written once.
type dialect struct {
	text       string             // type of a text column that compares by bytes
	lockRow    string             // ends a SELECT whose rows nobody else may change until the transaction ends
	shareRow   string             // ends a SELECT whose rows others may read so, and not change until the transaction ends
	skipLocked string             // ends a SELECT that takes rows which no other transaction holds
	gate       string             // lets one transaction at a time through, by a number; empty where there is only one anyway
	snapshot   sql.IsolationLevel // of a transaction whose reads see one state
	again      func(error) bool   // says of an error that the transaction may succeed when it is tried again
}

// Numbers of the gates. They are PostgreSQL's advisory locks, which all programs on a database share; the first bytes spell decant.
const (
	gateSchema = 0x646563616e740001
	gateAdmit  = 0x646563616e740002
)

func (d dialect) table(ddl string) string { return strings.ReplaceAll(ddl, "TEXT", d.text) }
