// Package bench measures decant as a whole: through its public parts, on its real store, and each time beside what it is compared with.
//
// A benchmark takes turns with its comparison inside of one run, so that a machine that is busy slows both. It reports a rate (points/s,
// rows/s, samples/s) and the ratio of the two rates (of-paho, of-excelize, …), which carries from machine to machine better than a rate does.
//
// What is not a test lies in this file's neighbours: the samples (walk.go), the store they are kept in (store.go), and the programs that one would
// write without decant (baseline.go). README.md says how to run it and what came out; results/ holds that in Go's benchmark format.
package bench
