// Package jobtest holds what every job.Queue and access.Store must do.
//
//  1. Queue runs the contract: a subtest for each rule (rules_*.go), a property that holds a queue to the model over random operations (property.go), and many
//     workers of which some die (workers.go).
//  2. The model is the queue that is meant: slow, obvious, in memory (model.go, and by parts of job.Queue model_*.go).
//  3. Tokens is the contract of an access.Store.
//  4. Postgres starts a PostgreSQL server for a test.
package jobtest
