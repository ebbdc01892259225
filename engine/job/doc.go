// Package job runs exports as a service does: it keeps what users asked for, makes a job of each run, and brings every job to an end.
//
//  1. Service takes requests, checks them, and puts exports and their jobs into the Queue (service.go, which names its other files).
//  2. Scheduler makes the jobs of recurring exports when they are due, each once, however often it is stopped (scheduler.go, recurrence.go, missed.go).
//  3. Worker claims a job under a lease, plans and runs it into a folder of its own, and finishes it in one transaction: status, artifacts
//     and the message to send (worker.go claims, lease.go holds, try.go runs, files.go lists what was written, outcome.go finishes, retry.go says whether there is another try).
//     A worker that dies loses its lease, and the job is claimed again.
//  4. Janitor removes what has expired and what a killed worker left behind (janitor.go).
//
// The words are in export.go and job.go, what a Queue must do in queue.go; package database is one, and package jobtest holds it to its word.
//
// What it promises: a job ends once, with one set of artifacts and one message in the outbox, whatever is killed in between; a retry has the
// range of the job's instant; a job that fails or is cancelled leaves no file. What it does not: a message may reach its target twice where
// the process dies between sending and recording (package notify).
//
// All times are ns since 1970, UTC. The clock is an argument; only pauses are the system's.
package job
