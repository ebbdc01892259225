package ingest

import (
	"errors"
	"fmt"
	"log/slog"
)

// Config says what a Pipeline is made of. Zero limits mean their defaults.
type Config struct {
	Decoder     Decoder
	Appender    Appender
	DeadLetters DeadLetters
	Recent      []Delivery // what the store knows of earlier deliveries, oldest first

	MaxPayload int // bytes; a longer payload becomes a dead letter undecoded. Default 1 MiB

	QueueMessages int   // messages waiting to be decoded. Default 16,384
	QueueBytes    int64 // their topics and payloads. Default 64 MiB

	// A group is closed, and nothing more joins it, when it has reached one of these.
	GroupMessages int   // default 4,096
	GroupBytes    int64 // payload bytes. Default 8 MiB
	GroupSamples  int   // default 65,536

	Log *slog.Logger // default slog.Default()
}

// Validate reports every fault of the configuration at once.
func (c Config) Validate() error {
	var faults []error
	if c.Decoder == nil {
		faults = append(faults, errors.New("ingest: no decoder"))
	}
	if c.Appender == nil {
		faults = append(faults, errors.New("ingest: no appender"))
	}
	if c.DeadLetters == nil {
		faults = append(faults, errors.New("ingest: no dead letters"))
	}
	for _, limit := range []struct {
		name  string
		value int64
	}{
		{"max payload", int64(c.MaxPayload)},
		{"queue messages", int64(c.QueueMessages)},
		{"queue bytes", c.QueueBytes},
		{"group messages", int64(c.GroupMessages)},
		{"group bytes", c.GroupBytes},
		{"group samples", int64(c.GroupSamples)},
	} {
		if limit.value < 0 {
			faults = append(faults, fmt.Errorf("ingest: %s is %d: give a positive number, or 0 for the default", limit.name, limit.value))
		}
	}
	return errors.Join(faults...)
}

func (c Config) withDefaults() Config {
	setDefault(&c.MaxPayload, 1<<20)
	setDefault(&c.QueueMessages, 16384)
	setDefault(&c.QueueBytes, 64<<20)
	setDefault(&c.GroupMessages, 4096)
	setDefault(&c.GroupBytes, 8<<20)
	setDefault(&c.GroupSamples, 65536)
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

func setDefault[T int | int64](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}
