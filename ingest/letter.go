package ingest

// Letter is a message that could not be taken, with the reason.
type Letter struct {
	Reason string // a short word to count by, such as "senml" or "limit"
	Text   string // what was wrong, for a person

	Topic    string
	Client   string
	Received int64 // ns since 1970, UTC; relative times of the payload count from here when it is replayed
	QoS      byte
	Retained bool
	Payload  []byte
}

// DeadLetters keeps letters. Append returns when all of them are durable; an error stops the pipeline. The letters
// are the caller's again when it returns.
type DeadLetters interface {
	Append(letters []Letter) error
}

func newLetter(m Message, err error) Letter {
	return Letter{
		Reason:   reasonOf(err, "decode"),
		Text:     err.Error(),
		Topic:    m.Topic,
		Client:   m.Client,
		Received: m.Received,
		QoS:      m.QoS,
		Retained: m.Retained,
		Payload:  m.Payload,
	}
}
