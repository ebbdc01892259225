package segment

// Stats is what runs hold of one series in from ≤ t < to, duplicates settled. It is exact, wherever the samples lie.
type Stats struct {
	Samples                               int64
	Numbers, Bools, Strings, Bytes, Empty int64   // Samples by kind; Empty are without a value
	First, Last                           int64   // ns; valid where Samples > 0
	FirstValue, LastValue                 int64   // ns: the first and last number or bool; valid where Numbers+Bools > 0
	Digits                                int     // 0, 3, 6 or 9: fewest fraction digits of a second that hold every time
	Min, Max                              float64 // of numbers and bools; valid where Numbers+Bools > 0
}
