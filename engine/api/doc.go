// Package api is the export service over HTTP: routes, answers and problems.
//
//  1. A call is matched against one table of routes (routes.go). What matches none is a problem as well: 404, or 405 with Allow.
//  2. The route says which scope it takes and which query parameters it knows; the caller's token is looked up, and a parameter that is not
//     known is refused with the nearest name (server.go, query.go).
//  3. Its handler reads the body, asks job.Service, and prints what that returns as a view (views.go). It knows no rules of its own: who sees
//     what is the Service's to say.
//  4. A handler that can't answer returns an error, and one place makes an RFC 9457 problem of it (problem.go).
//
// What it promises: an answer that is no success is application/problem+json with every fault's path; no webhook, token or other
// owner's data stands in a problem or a listing; a body is never read beyond its limit. A panic is a 500 that names nothing but an id, which the
// log has too.
//
// Times in answers are ISO 8601, UTC, with milliseconds. Requests keep Unix seconds where the request's own rules say so; query parameters take
// both.
package api
