// Package export turns a validated request into finished files.
//
//  1. NewPlan resolves the request against a snapshot: ranges, series, columns, file names, expected rows. Everything that can be refused
//     is refused here, before the first byte is written; a Plan is also what a dry run prints.
//  2. Run writes each item into a temporary folder, syncs, renames, and writes the manifest last. Stream writes a single item to an
//     io.Writer instead.
//  3. Items that have the same rows are a group, and a group is one loop (writeGroup): every series is a reader that pulls (scan, decimate,
//     fill, delta), a heap merges the readers by time, and the merged rows become each item's Arrow records, which the format prints.
//
// Rows come by time, then SenML name, unit, publisher and arrival, so the same request over the same data gives the same bytes. Memory
// is bounded by one batch of each series that is open at a time; the length of the range does not matter. A PDF's rows, which a limit
// bounds, are kept: what stands above them is known after the last. A job that fails or is cancelled leaves no file behind.
package export
