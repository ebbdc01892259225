// Package bench measures decant as a whole: through its public parts, on its real store.
//
// RunDecimation, RunIngest, RunExport and RunService are decant bench. Each
//
//  1. takes a data set that is made from a seed and kept (Dataset, Prepare), or a store that is there;
//  2. runs rounds of a yardstick and of what is measured (session.go, measure.go). The yardstick is the roofline, which is reading the same two columns once from memory
//     (roofline.go), for ingest a bare append, and for the export service the same exports without it;
//  3. prints Go benchmark text, which benchstat reads, and a summary with intervals (summary.go).
//
// What a file does is in its name: decimate.go is the way from segments to buckets, packs.go, publisher.go and service_devices.go are devices, machine_*.go asks the system. Figures say what the machine did
// in that run: none of them is promised, and no test looks at one.
//
// The tests beside it compare decant with what one would write without it (baseline.go): they too take turns inside of one run and report ratios (of-paho, of-excelize, …),
// which carry from machine to machine better than rates do. README.md says how to run it all and what came out; results/ holds that; chart/ draws it; peers/ are other
// engines on the same samples.
package bench
