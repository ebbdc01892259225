package request

import (
	"fmt"
	"strings"
)

// Fault is one thing wrong with a request.
type Fault struct {
	Path    string `json:"path"`            // items[0].params.decimation.ds; empty for the request as a whole
	Value   string `json:"value,omitempty"` // what stands there, as JSON, shortened; empty where something is missing
	Message string `json:"message"`         // what is wrong, what is allowed and what to do
}

func (f Fault) String() string {
	switch {
	case f.Path == "":
		return f.Message
	case f.Value == "", strings.HasPrefix(f.Message, f.Value+":"):
		return f.Path + ": " + f.Message
	}
	return f.Path + ": " + f.Value + ": " + f.Message
}

// Faults is everything wrong with a request, in the order of its fields. It is never empty as an error.
type Faults []Fault

func (f Faults) Error() string {
	if len(f) == 1 {
		return "the request has a fault: " + f[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "the request has %d faults:", len(f))
	for _, x := range f {
		b.WriteString("\n  ")
		b.WriteString(x.String())
	}
	return b.String()
}
