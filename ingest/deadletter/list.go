package deadletter

import (
	"errors"
	"fmt"
)

// Listing is what a folder holds at one moment.
type Listing struct {
	Entries []Entry // oldest first, without their payloads
	Dropped uint64  // letters that were dropped before, for want of room
}

// List reads the folder. It may run beside a writer. Damage is reported together with everything that could still be read.
func List(dir string) (Listing, error) {
	var l Listing
	marks, marksErr := readMarks(dir)
	err := scan(dir, func(e Entry) bool {
		e.Replayed = marks[e.ID]
		e.Payload = nil
		l.Entries = append(l.Entries, e)
		return true
	})
	all, listErr := segments(dir)
	if listErr == nil && len(all) > 0 {
		l.Dropped = all[0].first - 1
	}
	switch {
	case marksErr == nil:
		return l, err
	case err == nil:
		return l, marksErr
	}
	return l, errors.Join(marksErr, err)
}

// Get reads one letter with its payload. The error wraps ErrNotFound where the folder has none with that id.
func Get(dir string, id uint64) (Entry, error) {
	var found Entry
	marks, err := readMarks(dir)
	if err != nil {
		return found, err
	}
	err = scan(dir, func(e Entry) bool {
		if e.ID == id {
			found = e
			found.Replayed = marks[id]
		}
		return e.ID < id
	})
	if found.ID == id && id != 0 {
		return found, nil // damage elsewhere is not this letter's
	}
	if err != nil {
		return found, err
	}
	return found, fmt.Errorf("dead letter %d: %w", id, ErrNotFound)
}

// scan calls visit for each letter of the folder, oldest first, until it returns false.
func scan(dir string, visit func(Entry) bool) error {
	all, err := segments(dir)
	if err != nil {
		return err
	}
	var faults []error
	for _, s := range all {
		more := true
		err := s.read(func(e Entry) bool {
			more = visit(e)
			return more
		})
		if err != nil {
			faults = append(faults, err)
		}
		if !more {
			break
		}
	}
	return errors.Join(faults...)
}
