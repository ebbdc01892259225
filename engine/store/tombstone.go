package store

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"decant/engine/store/segment"
	"decant/ingest"
)

// Selection chooses series of one channel. A field that is nil is any; no names are all names.
type Selection struct {
	Channel   string
	Subtopic  *string
	Publisher *string
	Unit      *string
	Names     []Name
}

// Name is a series' name, or a prefix of names.
type Name struct {
	Name   string
	Prefix bool
}

func (n Name) matches(name string) bool {
	return name == n.Name || n.Prefix && strings.HasPrefix(name, n.Name)
}

// matches says whether a series is chosen.
func (s *Selection) matches(series ingest.Series) bool {
	is := func(want *string, have string) bool { return want == nil || *want == have }
	return s.Channel == series.Channel && is(s.Subtopic, series.Subtopic) && is(s.Publisher, series.Publisher) && is(s.Unit, series.Unit) &&
		(len(s.Names) == 0 || slices.ContainsFunc(s.Names, func(n Name) bool { return n.matches(series.Name) }))
}

// tombstone takes samples out of the store: those of the selected series in from ≤ t < to that are stored already. Readers pass them over at once;
// compaction leaves them out where it rewrites a segment, and when nothing is left that a tombstone takes, it goes.
//
// What is stored already is told by arrival: a delete changes to a new log, so each segment and each log lies wholly before or wholly behind it.
type tombstone struct {
	Selection
	arrival  uint64 // of the newest sample that it takes
	from, to int64  // ns; math.MinInt64 and math.MaxInt64 are open ends
	expired  bool   // by retention: the range is open at its beginning and the selection a whole channel
}

// takes says whether the tombstone takes samples of a series from a segment or head whose samples arrived up to last.
func (t *tombstone) takes(last uint64, series ingest.Series) bool {
	return last <= t.arrival && t.matches(series)
}

// byChannel sorts tombstones by channel: retention may have one for each of ten thousand.
func byChannel(deletes []tombstone) map[string][]tombstone {
	of := make(map[string][]tombstone, len(deletes))
	for _, t := range deletes {
		of[t.Channel] = append(of[t.Channel], t)
	}
	return of
}

// append writes the tombstone's line of CURRENT.
func (t *tombstone) append(b []byte) []byte {
	if t.expired {
		b = fmt.Appendf(b, "expire %d %s ", t.arrival, endText(t.to))
		return append(strconv.AppendQuote(b, t.Channel), '\n')
	}
	b = fmt.Appendf(b, "delete %d ", t.arrival)
	return append(appendDeletion(b, t.Selection, t.from, t.to), '\n')
}

// appendDeletion writes what a tombstone takes, as CURRENT and the socket have it.
func appendDeletion(b []byte, s Selection, from, to int64) []byte {
	b = fmt.Appendf(b, "%s %s %q", endText(from), endText(to), s.Channel)
	for _, text := range []*string{s.Subtopic, s.Publisher, s.Unit} {
		if text == nil {
			b = append(b, " *"...)
		} else {
			b = strconv.AppendQuote(append(b, ' '), *text)
		}
	}
	for _, n := range s.Names {
		b = strconv.AppendQuote(append(b, ' '), n.Name)
		if n.Prefix {
			b = append(b, '*')
		}
	}
	return b
}

// endText is the end of a range; an open one is "-".
func endText(t int64) string {
	if t == math.MinInt64 || t == math.MaxInt64 {
		return "-"
	}
	return strconv.FormatInt(t, 10)
}

// parseTombstone reads what append wrote, behind the line's first word.
func parseTombstone(what string, p *parser) (t tombstone, ok bool) {
	t.arrival = p.unsigned()
	if what == "expire" {
		t.from, t.to, t.expired = math.MinInt64, p.end(math.MaxInt64), true
		t.Channel = *p.text(false)
		return t, !p.bad
	}
	t.Selection, t.from, t.to = parseDeletion(p)
	return t, !p.bad
}

// parseDeletion reads what appendDeletion wrote.
func parseDeletion(p *parser) (s Selection, from, to int64) {
	from, to = p.end(math.MinInt64), p.end(math.MaxInt64)
	s.Channel = *p.text(false)
	for _, into := range []**string{&s.Subtopic, &s.Publisher, &s.Unit} {
		p.blank()
		*into = p.text(true)
	}
	for p.blank(); p.rest != "" && !p.bad; p.blank() {
		n := Name{Name: *p.text(false)}
		p.rest, n.Prefix = strings.CutPrefix(p.rest, "*")
		s.Names = append(s.Names, n)
	}
	return s, from, to
}

// span is from ≤ t < to, ns.
type span struct{ from, to int64 }

// left appends to runs what a channel's tombstones leave of a run: of a segment or head whose samples arrived up to last.
func left(runs []segment.Run, run segment.Run, deletes []tombstone, last uint64, series ingest.Series) []segment.Run {
	var taken []span
	for i := range deletes {
		if deletes[i].takes(last, series) {
			taken = append(taken, span{deletes[i].from, deletes[i].to})
		}
	}
	if len(taken) == 0 {
		return append(runs, run)
	}
	for _, s := range gaps(taken) {
		runs = append(runs, run.Clip(s.from, s.to))
	}
	return runs
}

// gaps are what spans leave of all time, in order. It sorts them.
func gaps(taken []span) []span {
	slices.SortFunc(taken, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var out []span
	from := int64(math.MinInt64)
	for _, s := range taken {
		if s.from > from {
			out = append(out, span{from, s.from})
		}
		from = max(from, s.to)
	}
	if from < math.MaxInt64 {
		out = append(out, span{from, math.MaxInt64})
	}
	return out
}
