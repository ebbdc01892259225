package segment

import (
	"math"
	"slices"
	"strings"

	"decant/ingest"
)

// identity is what makes a row a repeat of another of the same time.
type identity struct {
	kind   ingest.Kind
	hasSum bool
	number uint64 // bits
	sum    uint64 // bits
	text   string
}

func (c *columns) identity(i int) identity {
	id := identity{kind: c.kindAt(i)}
	switch {
	case isNumber(id.kind):
		id.number = math.Float64bits(c.value[i])
	case hasText(id.kind):
		id.text = c.textAt(i)
	}
	if c.hasSumAt(i) {
		id.hasSum, id.sum = true, math.Float64bits(c.sum[i])
	}
	return id
}

// repeats is the set of identities seen at one time. Mostly it holds two or three; a device that stamps everything with the same second must
// not make it slow.
type repeats struct {
	few  []identity
	many map[identity]struct{}
}

func (s *repeats) reset() {
	s.few, s.many = s.few[:0], nil
}

// add is false where the identity is already there. Its text is copied: a block's memory serves the next block.
func (s *repeats) add(id identity) bool {
	const scanned = 16
	if s.many != nil {
		if _, there := s.many[id]; there {
			return false
		}
		id.text = strings.Clone(id.text)
		s.many[id] = struct{}{}
		return true
	}
	if slices.Contains(s.few, id) {
		return false
	}
	id.text = strings.Clone(id.text)
	s.few = append(s.few, id)
	if len(s.few) > scanned {
		s.many = make(map[identity]struct{}, 2*scanned)
		for _, id := range s.few {
			s.many[id] = struct{}{}
		}
	}
	return true
}
