// Package client calls the export service over HTTP. The commands under decant exports are its user.
//
//  1. Client makes the calls: a method each, typed answers, every wait ends with its context (client.go, retry.go, exports.go, jobs.go, page.go).
//  2. What the service refuses is an *Error with all faults; what never got an answer is a *NetworkError (problem.go).
//  3. Request is the JSON of a request with its fields in order, so that what is shown or sent is what was written (request.go).
//  4. Watch follows a job to its end, over restarts of the service (watch.go).
//  5. Download brings a file to disk whole or not at all, and goes on where a connection broke (download.go).
//  6. Reconcile says what makes the service's exports equal a folder of requests, and Apply does it (folder.go, apply.go, diff.go).
//
// A call is made again after a pause only where that can't do anything twice: where it changes nothing, where it carries an idempotency key, or
// where the service said that it did nothing (429, 503). The package imports nothing else of decant's: the HTTP API is all that it knows.
package client
