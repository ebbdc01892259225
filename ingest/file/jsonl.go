package file

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"decant/ingest"
	"decant/ingest/payload"
)

// readJSONL reads JSON lines: on each a row of decant's own jsonl export, or what a device would publish.
func (in *intake) readJSONL(r io.Reader) error {
	limits := in.cfg.Payload
	if limits.MaxPayload == 0 {
		limits.MaxPayload = 1 << 20
	}
	decoder, err := payload.New(limits)
	if err != nil {
		return err
	}
	route := in.route()
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), limits.MaxPayload+2) // and a line end
	for number := 1; lines.Scan(); number++ {
		line := lines.Bytes()
		if number == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		if line = bytes.Trim(line, " \t\r"); len(line) == 0 {
			continue
		}
		batch, isRow, err := decoder.DecodeRow(in.batch, route, line, in.cfg.Received)
		if !isRow {
			batch, err = decoder.DecodeRoute(in.batch, route, line, in.cfg.Received)
		}
		if err != nil {
			err = in.bad(number, err)
		} else {
			in.batch = batch
			err = in.row()
		}
		if err != nil {
			return err
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return in.whole(0, fmt.Errorf("after row %d a line is longer than %d bytes", in.summary.Rows, limits.MaxPayload))
	} else if err != nil {
		return fmt.Errorf("read %s: %w", in.name, err)
	}
	return nil
}

// route is where the samples of a payload go.
func (in *intake) route() ingest.Route {
	return ingest.Route{Channel: in.cfg.Channel, Subtopic: in.cfg.Subtopic, Publisher: in.cfg.Publisher}
}
