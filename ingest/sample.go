package ingest

// Kind says which of a sample's value fields holds.
type Kind uint8

const (
	// KindNone is a sample without a value: a SenML record that carries a sum alone.
	KindNone Kind = iota
	KindNumber
	KindBool
	KindString
	KindBytes
)

// Protocol says how a sample reached decant. It is stored with the sample.
type Protocol uint8

const (
	ProtocolMQTT   Protocol = 1
	ProtocolImport Protocol = 2
)

// String gives the name that exports print in the column protocol.
func (p Protocol) String() string {
	switch p {
	case ProtocolMQTT:
		return "mqtt"
	case ProtocolImport:
		return "import"
	}
	return "unknown"
}

// MinTime and MaxTime bound a sample's time (ns since 1970, UTC): the years 1678 to 2262 that int64
// nanoseconds hold. The extreme values themselves stay free, so that they can stand for an open end of a range.
const (
	MinTime = -1<<63 + 1
	MaxTime = 1<<63 - 2
)

// Series identifies a series. It is comparable: two samples belong together when their Series are equal.
type Series struct {
	Channel   string
	Subtopic  string // dotted: MQTT events/data is events.data
	Publisher string // empty where neither topic nor payload names one
	Name      string // the SenML name, base name included
	Unit      string // belongs to the series: RFC 8428 section 5.1.3 has one name with three units
}

// Sample is one measurement as a decoder understood it.
type Sample struct {
	Series Series
	Time   int64 // ns since 1970, UTC; MinTime to MaxTime
	Kind   Kind
	Number float64 // KindNumber: finite, never -0. KindBool: 0 or 1. Otherwise 0.
	Text   string  // KindString: UTF-8. KindBytes: the raw bytes. Otherwise empty.

	Sum       float64 // SenML sum; valid where HasSum
	Update    int64   // SenML update time, ns; valid where HasUpdate
	HasSum    bool
	HasUpdate bool

	Received int64 // moment of receipt, ns since 1970, UTC
	Protocol Protocol
}
