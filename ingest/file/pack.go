package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"decant/ingest"
	"decant/ingest/payload"
)

// maxPack is the largest file that is read as one payload, in bytes.
const maxPack = 256 << 20

// readPack reads a file that is one payload. It is taken whole or not at all, so there is no bad row to skip.
func (in *intake) readPack(r io.Reader, format string) error {
	data, err := io.ReadAll(io.LimitReader(r, maxPack+1))
	if err != nil {
		return fmt.Errorf("read %s: %w", in.name, err)
	}
	if len(data) > maxPack {
		return in.whole(0, fmt.Errorf("the file is larger than %d MiB; a pack is read whole. JSON lines (.jsonl), a pack on each, have no limit", maxPack>>20))
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	limits := in.cfg.Payload
	limits.MaxPayload, limits.MaxRecords = maxPack, math.MaxInt32
	decoder, err := payload.New(limits)
	if err != nil {
		return err
	}
	route := in.route()
	if format != FormatPayload {
		route.Format = format
	}
	err = decoder.Stream(route, data, in.cfg.Received, in.cfg.Batch, func(samples []ingest.Sample) error {
		for i := range samples {
			in.count(samples[i].Time)
		}
		in.summary.Rows = in.summary.Samples
		if err := in.ctx.Err(); err != nil {
			return err
		}
		return in.emit(samples)
	})
	var fault *payload.Error
	if errors.As(err, &fault) {
		line := 0
		if fault.Offset >= 0 && format != FormatSenMLCBOR {
			line = 1 + bytes.Count(data[:min(fault.Offset, len(data))], []byte{'\n'})
		}
		return in.whole(line, err)
	}
	return err
}
