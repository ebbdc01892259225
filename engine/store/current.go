package store

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"strconv"
	"strings"
)

// CURRENT names the live files. What it does not name is not part of the store. It is text, and only the text that is written for a list is read as one:
//
//	decant store 2
//	next 9                                      the number of the next file to be made
//	arrival 300000                              samples that have left the logs: the first log begins behind them
//	series 12                                   at most so many series are in the segments
//	segment segments/00000004.seg 471859 299000 1 300000 1767225600000000000 1769903999000000000
//	                                            bytes, rows, first and last arrival, time of the first and the last row
//	delete 300000 - 1767225600000000000 "c" * * * "temp"*
//	                                            newest arrival, from, to, channel, subtopic, publisher, unit, names
//	expire 300000 1767225600000000000 "c"       newest arrival, to, channel
//	log wal/00000007.log 1048576                bytes: this log is complete
//	log wal/00000008.log -                      the log being written, always the last; none after a clean stop
//	crc32c cc8bc1fd                             of all lines above
//
// Version 1 had neither arrival, series, delete nor expire, and of a segment no rows (they were as many as its arrivals) and no times.
type current struct {
	version  int
	next     uint64
	arrival  uint64 // samples that are or were in segments
	series   int64  // at most so many are in the segments; version 1: unknown
	segments []segmentFile
	deletes  []tombstone
	logs     []logFile
}

const (
	currentFile = "CURRENT"
	currentTemp = "CURRENT.tmp"
	segmentDir  = "segments"
	logDir      = "wal"

	currentVersion = 2
)

// segmentFile is a segment as CURRENT names it; name is relative to the store, with slashes. Segments stand by arrival. Several may share one range
// of arrivals: their times are then disjoint, and they stand by time.
type segmentFile struct {
	name        string
	bytes, rows int64
	first, last uint64 // arrival
	from, to    int64  // ns: time of the first and of the last row; the ends of time where version 1 does not tell
}

type logFile struct {
	name  string
	bytes int64 // -1: being written
}

// clone is a copy whose lists can be changed.
func (c current) clone() current {
	c.segments, c.deletes, c.logs = slices.Clone(c.segments), slices.Clone(c.deletes), slices.Clone(c.logs)
	return c
}

func headOf(version int) string { return fmt.Sprintf("decant store %d\n", version) }

// encode writes the list in the form of its version.
func (c current) encode() []byte {
	b := []byte(headOf(c.version))
	b = fmt.Appendf(b, "next %d\n", c.next)
	if c.version >= 2 {
		b = fmt.Appendf(b, "arrival %d\nseries %d\n", c.arrival, c.series)
	}
	for i := range c.segments {
		b = c.segments[i].append(b, c.version)
	}
	for i := range c.deletes {
		b = c.deletes[i].append(b)
	}
	for _, l := range c.logs {
		if l.bytes < 0 {
			b = fmt.Appendf(b, "log %s -\n", l.name)
		} else {
			b = fmt.Appendf(b, "log %s %d\n", l.name, l.bytes)
		}
	}
	return withChecksum(b)
}

// append writes the line of a segment. There may be ten thousand.
func (s *segmentFile) append(b []byte, version int) []byte {
	b = append(append(b, "segment "...), s.name...)
	number := func(n int64) { b = strconv.AppendInt(append(b, ' '), n, 10) }
	number(s.bytes)
	if version >= 2 {
		number(s.rows)
	}
	number(int64(s.first))
	number(int64(s.last))
	if version >= 2 {
		number(s.from)
		number(s.to)
	}
	return append(b, '\n')
}

// withChecksum adds the last line.
func withChecksum(text []byte) []byte {
	return fmt.Appendf(text, "crc32c %08x\n", crc32.Checksum(text, castagnoli))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// decodeCurrent reads CURRENT. What does not encode to the same bytes again is refused.
func decodeCurrent(path string, text []byte) (current, error) {
	bad := func(why string) (current, error) {
		return current{}, &CorruptError{File: path, Offset: 0, Text: why}
	}
	at := bytes.LastIndex(text, []byte("crc32c "))
	if at < 0 || string(text[at:]) != fmt.Sprintf("crc32c %08x\n", crc32.Checksum(text[:at], castagnoli)) {
		return bad("it does not match its checksum")
	}
	var c current
	for version := 1; version <= currentVersion; version++ {
		if bytes.HasPrefix(text, []byte(headOf(version))) {
			c.version = version
		}
	}
	if c.version == 0 {
		return current{}, fmt.Errorf("read %s: its version is not one that this decant knows: use a newer decant", path)
	}
	for line := range strings.Lines(string(text[len(headOf(c.version)):at])) {
		if !c.line(strings.TrimSuffix(line, "\n")) {
			return bad("it has a line that can't be")
		}
	}
	if !bytes.Equal(c.encode(), text) {
		return bad("it has a line that can't be")
	}
	if c.version == 1 && len(c.segments) > 0 {
		c.arrival = c.segments[len(c.segments)-1].last
	}
	if why := c.contradiction(); why != "" {
		return bad(why)
	}
	return c, nil
}

// line reads a line. What it takes too generously, encode finds.
func (c *current) line(line string) bool {
	what, rest, _ := strings.Cut(line, " ")
	p := parser{rest: rest}
	switch what {
	case "next":
		c.next = p.unsigned()
	case "arrival":
		c.arrival = p.unsigned()
	case "series":
		c.series = p.number()
	case "segment":
		s := segmentFile{name: p.word(), bytes: p.number(), from: math.MinInt64, to: math.MaxInt64}
		if c.version >= 2 {
			s.rows = p.number()
		}
		s.first, s.last = p.unsigned(), p.unsigned()
		if c.version >= 2 {
			s.from, s.to = p.number(), p.number()
		} else {
			s.rows = int64(s.last - s.first + 1)
		}
		c.segments = append(c.segments, s)
	case "delete", "expire":
		t, ok := parseTombstone(what, &p)
		if !ok || c.version < 2 {
			return false
		}
		c.deletes = append(c.deletes, t)
	case "log":
		l := logFile{name: p.word(), bytes: -1}
		if p.rest != "-" {
			l.bytes = p.number()
		} else {
			p.rest = ""
		}
		c.logs = append(c.logs, l)
	default:
		return false
	}
	return !p.bad && p.rest == ""
}

// contradiction says what can't be true of a list, whatever the files hold; "" where nothing is wrong.
func (c *current) contradiction() string {
	var last uint64
	for i, s := range c.segments {
		switch {
		case s.first < 1 || s.last < s.first || s.rows < 1 || uint64(s.rows) > s.last-s.first+1 || s.from > s.to:
			return "segment " + s.name + " can't be so"
		case i > 0 && s.sameRange(c.segments[i-1]):
			if s.from <= c.segments[i-1].to {
				return "segment " + s.name + " shares arrivals and times with the one before"
			}
		case s.first <= last:
			return "segment " + s.name + " is not in order of arrival"
		}
		last = s.last
	}
	if last > c.arrival {
		return "there are more samples in segments than ever arrived"
	}
	return ""
}

func (s segmentFile) sameRange(o segmentFile) bool { return s.first == o.first && s.last == o.last }
