// Package database keeps the export service's state in an SQL database: it is a job.Queue and an access.Store.
//
//  1. Open chooses the dialect by the URL, SQLite for a path and PostgreSQL for postgres://, and brings the tables up to date (schema.go).
//  2. Every method is one transaction (tx.go): of SQLite's connections one writes, and a few read beside it without ever waiting for it.
//  3. Exports, their requests and first jobs are in exports.go and find.go, jobs in jobs.go, claim.go and finish.go, messages in
//     outbox.go, tokens in tokens.go.
//
// What it promises: a method that has returned is on disk (synchronous = FULL; PostgreSQL's synchronous_commit as it is configured), and one
// that failed has changed nothing. With SQLite, what Claim, Beat and Advance changed last may be undone by a power cut, but by nothing less: it is done anew. What serialises badly is tried again a few times before a caller sees it. A second process may use
// the same SQLite file, for a token or a look, and any number the same PostgreSQL database.
//
// # Tables
//
//	exports ──< revisions        request, type and channels by version: jobs name one, so a PUT leaves them theirs
//	   │  └──< tags              each tag of an export, to find it by
//	   └─────< jobs ──○ messages a job has at most one
//	owners                       whose turn it is
//	idempotency                  keys of the last day, and what they made
//	tokens   secrets   decant_schema
//
//	jobs.free_at                 when a worker may claim it        waits: not_before, or when its worker handed it back
//	                                                              in progress: the end of its lease
//	                                                              ended: NULL, so it is in none of the indexes that Claim reads
//	jobs.claims                  counts every claim; with the worker's name it is the lease
//	messages.free_at             as of jobs: when it may be collected, NULL once it is sent or given up
//
// Times are ns since 1970 as BIGINT, flags 0 or 1, lists and objects JSON as TEXT. NULL channels are any channel.
package database
