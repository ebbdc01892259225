// Package ingest turns MQTT messages into samples on disk.
//
//  1. A Source (ingest/mqtt, ingest/broker) hands messages to a Pipeline.
//  2. Patterns read a topic; a Decoder (ingest/payload) reads the payload under it and gives samples.
//  3. An Appender (the store) makes them durable, many messages with one sync.
//  4. The pipeline acknowledges each message to its source. What can't be taken lies in DeadLetters (ingest/deadletter) by then.
//
// Promised: no message is acknowledged before its samples or its dead letter are durable; acknowledgements come in order of receipt; a
// delivery that a broker repeats after a fault is stored once; a bad message never stops the stream; memory is bounded, whatever
// arrives. Not promised: anything at QoS 0, and that a publisher's own repetition of relative times is recognised.
//
// The package imports nothing of decant's outside its own folder. docs/ingest.md has the same for operators, with a picture.
package ingest
