package deadletter

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const suffix = ".letters"

// segment is a file of the folder.
type segment struct {
	path  string
	first uint64 // id of its first letter
	bytes int64
}

func segmentPath(dir string, first uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%020d%s", first, suffix))
}

// segments lists the folder, oldest first. A folder that is not there holds none.
func segments(dir string) ([]segment, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list dead letters: %w", err)
	}
	var all []segment
	for _, e := range entries {
		digits, ok := strings.CutSuffix(e.Name(), suffix)
		if !ok {
			continue
		}
		first, err := strconv.ParseUint(digits, 10, 64)
		if err != nil {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // dropped by the writer meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("list dead letters: %w", err)
		}
		all = append(all, segment{path: filepath.Join(dir, e.Name()), first: first, bytes: info.Size()})
	}
	slices.SortFunc(all, func(a, b segment) int { return cmp.Compare(a.first, b.first) })
	return all, nil
}

// read calls visit for each letter of the segment, in order, until visit returns false. Letters that don't match
// their checksums are passed over and reported together at the end; a last letter that is not finished is not.
func (s segment) read(visit func(Entry) bool) error {
	content, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // dropped by the writer meanwhile
	}
	if err != nil {
		return fmt.Errorf("read dead letters: %w", err)
	}
	var faults []error
	for offset := 0; offset < len(content); {
		e, size, err := parseRecord(content[offset:])
		if errors.Is(err, errUnfinished) {
			break
		}
		if err != nil {
			faults = append(faults, &CorruptError{File: s.path, Offset: int64(offset), What: err.Error()})
			if size == 0 {
				break // where the next letter begins is not known
			}
		} else if !visit(e) {
			break
		}
		offset += size
	}
	return errors.Join(faults...)
}
