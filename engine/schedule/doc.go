// Package schedule says when the runs of a recurring export are due.
//
// Instant k of a Recurrence is its start and k periods, stepped from the start in the calendar of a zone, never from the run before: 31 January
// and P1M give 28 February, then 31 March. k counts in both directions; run k covers what lies between instant k−1 and instant k, so that
// the ranges of all runs tile the time line.
//
// Instants never decrease with k. Two are equal only where the zone's calendar left out a whole period (Apia has no 30 December 2011); the
// range between them is empty.
//
// The package is pure: no clock, no file. Times are ns since 1970, UTC. Finding an instant takes some ten steps of the calendar, however far it
// is from the start.
package schedule
