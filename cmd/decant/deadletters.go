package main

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"

	"decant/engine"
)

type deadlettersCmd struct {
	List   listLettersCmd   `cmd:"" default:"withargs" help:"List what could not be taken."`
	Show   showLetterCmd    `cmd:"" help:"Show one letter with its payload."`
	Replay replayLettersCmd `cmd:"" help:"Decode the letters again after the configuration was mended, and store what can be taken now."`
}

type listLettersCmd struct {
	All  bool `help:"Also those that were replayed."`
	JSON bool `name:"json" help:"Print as JSON."`
}

func (c *listLettersCmd) Run(a *app) error {
	listing, damage := engine.DeadLetters(a.config)
	if damage != nil && exitCode(damage) != exitDamaged {
		return damage
	}
	t := table{columns: []string{"id", "received", "reason", "topic", "bytes", "replayed", "text"}}
	for _, e := range listing.Entries {
		if e.Replayed && !c.All {
			continue
		}
		topic := e.Topic
		if !c.JSON {
			topic = shortened(topic, 64)
		}
		t.add(e.ID, utc(e.Received), e.Reason, topic, e.PayloadBytes, e.Replayed, e.Text)
	}
	if err := t.print(a.stdout, c.JSON); err != nil {
		return err
	}
	if listing.Dropped > 0 {
		a.log.Warn("the folder is bounded; older letters were dropped", "dropped", listing.Dropped)
	}
	return damage
}

type showLetterCmd struct {
	ID   uint64 `arg:"" help:"The letter's number, as list prints it."`
	JSON bool   `name:"json" help:"Print as JSON; encoding says whether the payload is text or base64."`
}

func (c *showLetterCmd) Run(a *app) error {
	e, err := engine.DeadLetter(a.config, c.ID)
	if err != nil {
		return err
	}
	if c.JSON {
		t := table{columns: []string{"id", "received", "reason", "text", "topic", "client", "qos", "retained", "replayed", "bytes", "encoding", "payload"}}
		var encoding string
		var payload any
		if utf8.Valid(e.Payload) {
			encoding, payload = "text", string(e.Payload)
		} else {
			encoding, payload = "base64", e.Payload
		}
		t.add(e.ID, utc(e.Received), e.Reason, e.Text, e.Topic, e.Client, e.QoS, e.Retained, e.Replayed, e.PayloadBytes, encoding, payload)
		return t.print(a.stdout, true)
	}
	fmt.Fprintf(a.stdout, "id        %d\nreceived  %s\nreason    %s\ntext      %s\ntopic     %s\nclient    %s\nqos       %d\nretained  %t\nreplayed  %t\nbytes     %d\n\n",
		e.ID, utc(e.Received), e.Reason, visible(e.Text), visible(e.Topic), visible(e.Client), e.QoS, e.Retained, e.Replayed, e.PayloadBytes)
	if printable(e.Payload) {
		fmt.Fprintf(a.stdout, "%s\n", e.Payload)
	} else {
		fmt.Fprintf(a.stdout, "%x\n", e.Payload)
	}
	if e.Cut() {
		a.log.Warn("the payload was too long to keep; this is its beginning", "kept", len(e.Payload), "bytes", e.PayloadBytes)
	}
	return nil
}

// printable says whether a terminal shows a payload as it is. Anything else is printed in hexadecimal digits.
func printable(payload []byte) bool {
	return utf8.Valid(payload) && !bytes.ContainsFunc(payload, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
	})
}

type replayLettersCmd struct {
	JSON bool `name:"json" help:"Print what still can't be taken as JSON."`
}

func (c *replayLettersCmd) Run(a *app) error {
	if err := engine.CheckStore(a.config); err != nil {
		return err
	}
	to, err := engine.OpenWriter(a.config)
	if err != nil {
		return err
	}
	summary, err := engine.Replay(a.ctx, a.config, to)
	if closing := to.Close(); err == nil {
		err = closing
	}
	t := table{columns: []string{"id", "text"}}
	for _, f := range summary.Failed {
		t.add(f.ID, f.Text)
	}
	if len(t.rows) > 0 || c.JSON {
		if printing := t.print(a.stdout, c.JSON); err == nil {
			err = printing
		}
	}
	a.log.Info("replayed", "letters", summary.Stored, "samples", summary.Samples, "still_refused", len(summary.Failed))
	return interrupted(a.ctx, err)
}
