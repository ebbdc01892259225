// Package encoding makes a column of a block small: up to 1024 integers, floating-point numbers or texts at a time, each column by itself.
//
//  1. A column is looked at: is it constant, a line, close to a line, does it move in small steps, are its numbers decimals?
//  2. The form that takes the fewest bytes is written; where two take about the same, the one that is read faster.
//  3. A reader says how many values it wants and gets them to the bit: negative zeros, the payloads of NaNs, subnormals, the smallest integer.
//
// What it promises: the same values give the same bytes. Any bytes at all give values or an error; they make nothing panic, nothing is
// read outside of them, and no more memory is taken than the caller allows. It does not know whether bytes were damaged: that is what the
// checksums of those who store them are for.
//
// The byte layouts are in format.go. There is no state: all functions may be called from several goroutines.
package encoding
