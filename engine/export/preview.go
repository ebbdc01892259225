package export

// Preview is the beginning of a file to be, as it would be printed.
type Preview struct {
	File    string     `json:"file"`
	Columns []string   `json:"columns"` // labels
	Rows    [][]string `json:"rows"`    // as CSV prints them
	More    bool       `json:"more"`    // the file has more rows
}
