// Package archive keeps settled days of a store as Parquet files that any engine reads as they are, and reads them back as a Source of exports.
//
//	_manifest.json                                             what belongs to the archive; replaced last, whole
//	_lock                                                      held by the run that writes
//	channel=plant-7/day=2026-11-20/part-0.parquet              what a first run found
//	channel=plant-7/day=2026-11-20/part-1.parquet              what came late, and a later run found
//
// The way into an archive (Run):
//
//  1. The place is locked, the manifest read, and the store's days listed that are over for long enough.
//  2. A day that the manifest doesn't have is written to a temporary file. Of one that it has, the rows are compared with those that were archived; what
//     is new becomes a further part. Nothing is ever changed or taken out of a part.
//  3. The file is put into its place, unless the same bytes are already there from a run that was interrupted, and what the place holds then is verified.
//  4. When some hundred days' files are there, and a quarter of what the archive has, or at the end, the manifest is replaced. The first one, of nothing, is written before any file: where there are files without one, it was lost.
//
// The way back (Source): the manifest says which channels, days and series there are; a part's footer says where in it each series' rows lie, with exact
// statistics and a checksum of every column of every row group. A scan fetches the columns it needs of the row groups that can hold its
// rows, and nothing else.
//
// What it promises: every sample of the store is in the archive to the bit, with its order among equal times; a scan shows what the store's scan showed. Any byte that is not as it was written is a *DamageError before a
// wrong number is seen. Memory is bounded by a row group a day that is written at a time and, for reading, by Limits. What is not in the manifest
// is no part of the archive. What it does not: samples that were deleted in the store stay in the archive.
package archive
