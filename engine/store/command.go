package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"decant/engine/store/wal"
)

// What another process may ask of the writer besides taking samples is a line of text:
//
//	delete FROM TO CHANNEL SUBTOPIC PUBLISHER UNIT NAME…      as the line of CURRENT that it becomes, but for the arrival
//	compact
//
// The answer is what it did, as JSON: Deleted or Compacted.
const (
	commandDelete  = "delete"
	commandCompact = "compact"
)

// command does what another process asks for.
func (s *Store) command(ctx context.Context, line string) (did string, err error) {
	what, rest, _ := strings.Cut(line, " ")
	var result any
	switch what {
	case commandDelete:
		p := parser{rest: rest}
		var d Deletion
		if d.Selection, d.From, d.To = parseDeletion(&p); p.bad {
			return "", fmt.Errorf("the command %q can't be read", line)
		}
		result, err = s.Delete(ctx, d)
	case commandCompact:
		result, err = s.Compact(ctx)
	default:
		return "", fmt.Errorf("the command %s is not known here: restart the writer with the newer decant", what)
	}
	if err != nil {
		return "", s.keeper.closedOr(err)
	}
	b, err := json.Marshal(result)
	return string(b), err
}

// Delete has the writer delete, as Store.Delete does.
func (c *Client) Delete(ctx context.Context, d Deletion) (Deleted, error) {
	var out Deleted
	if err := d.validate(); err != nil {
		return out, err
	}
	line := appendDeletion([]byte(commandDelete+" "), d.Selection, d.From, d.To)
	return out, c.ask(ctx, line, "have the running writer delete", "it may be done or not", &out)
}

// Compact has the writer compact, as Store.Compact does. When ctx ends, the writer goes on.
func (c *Client) Compact(ctx context.Context) (Compacted, error) {
	var out Compacted
	return out, c.ask(ctx, []byte(commandCompact), "have the running writer compact", "it may go on", &out)
}

// ask sends a command and reads what it did.
func (c *Client) ask(ctx context.Context, line []byte, doing, doubt string, result any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	return c.within(ctx, func() error {
		did, err := c.call(wal.Command, line, doing, doubt)
		if err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(did), result); err != nil {
			return fmt.Errorf("%s: read its answer: %w", doing, err)
		}
		return nil
	})
}
