package ingest

import "context"

// Message is one MQTT message on its way to becoming samples.
type Message struct {
	Topic    string
	Payload  []byte
	Received int64 // ns since 1970, UTC: one moment for all relative times of the payload
	QoS      byte
	Retained bool
	Dup      bool

	Client   string // who assigned PacketID: our own client id, or on the embedded broker the publisher's
	PacketID uint16

	// Ack acknowledges the message to its sender. The pipeline calls it once, in order of receipt, after the
	// message's samples (or its dead letter) are on disk. Nil for QoS 0.
	Ack func()
}

// Delivery identifies one delivery at QoS 1 or 2, so that the same one coming again with DUP set after a crash is
// recognised although it was already stored.
type Delivery struct {
	Client   string
	PacketID uint16
	Hash     [16]byte // of topic and payload
}

// Batch is what one sync makes durable.
type Batch struct {
	Samples    []Sample
	Deliveries []Delivery // at QoS 1 and 2, whatever became of their messages: samples, dead letters or nothing
}

// Appender stores samples. Append returns nil when the whole batch is durable, and only then may its messages
// be acknowledged. An error means that the writer has stopped (disk full, failed sync, a limit): nothing of the batch is
// promised and no later batch will be taken. The batch is the caller's again when Append returns.
type Appender interface {
	Append(ctx context.Context, b Batch) error
}

// Decoder turns a payload into samples. Decode appends them to dst and returns it, or reports why the payload can't be
// taken; then dst is returned as it came. A payload is taken whole or not at all.
type Decoder interface {
	Decode(dst []Sample, m Message) ([]Sample, error)
}
