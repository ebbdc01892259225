// Package segment reads and writes segments: immutable files of samples, sorted by series, then time, then arrival.
package segment
