package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// maxRecord bounds a CSV record, so that a quote that is never closed does not read a whole file into memory.
const maxRecord = 16 << 20

// cell is one cell of a record. Its text is valid until the next record.
type cell struct {
	text   []byte
	quoted bool // tells "" from nothing
}

// records splits CSV (RFC 4180) into records: cells between delimiters, lines that end in LF or CRLF, quotes around cells that hold any of
// these, doubled quotes inside them. A byte order mark is passed over. encoding/csv is not used since it does not tell "" from an empty cell.
type records struct {
	r      io.Reader
	comma  []byte
	buf    []byte // buf[start:] is unread
	start  int
	eof    bool
	line   int // of the record last returned
	ahead  int // of the next
	cells  []cell
	joined []byte // cells with doubled quotes
}

// recordFault is a record that is not CSV. The next one can still be read.
type recordFault struct{ text string }

func (f *recordFault) Error() string { return f.text }

// fatalFault is a record behind which nothing can be read.
type fatalFault struct{ text string }

func (f *fatalFault) Error() string { return f.text }

// errMore says that a record is not all in the buffer.
var errMore = errors.New("more input is needed")

func newRecords(r io.Reader, comma rune) *records {
	return &records{r: r, comma: utf8.AppendRune(nil, comma), buf: make([]byte, 0, 64<<10), ahead: 1}
}

// open passes over a byte order mark and refuses UTF-16.
func (rs *records) open() error {
	for len(rs.buf) < 3 && !rs.eof {
		if err := rs.fill(); err != nil {
			return err
		}
	}
	if bytes.HasPrefix(rs.buf, []byte("\xff\xfe")) || bytes.HasPrefix(rs.buf, []byte("\xfe\xff")) {
		return &fatalFault{"the file is UTF-16; save it as UTF-8"}
	}
	if bytes.HasPrefix(rs.buf, []byte("\xef\xbb\xbf")) {
		rs.start = 3
	}
	return nil
}

// next reads a record. A blank line is a record without cells. At the end it returns io.EOF; a *recordFault or *fatalFault is the file's, any other
// error the reader's. rs.line is the line in which the record begins.
func (rs *records) next() ([]cell, error) {
	for {
		rs.cells, rs.joined = rs.cells[:0], rs.joined[:0]
		n, err := rs.parse(rs.buf[rs.start:])
		if err == errMore && !rs.eof {
			if err := rs.fill(); err != nil {
				return nil, err
			}
			continue
		}
		rs.line = rs.ahead
		if err == errMore {
			return nil, &fatalFault{"the quote that opens in this record is never closed"}
		}
		if n == 0 {
			return nil, io.EOF
		}
		rs.ahead += bytes.Count(rs.buf[rs.start:rs.start+n], []byte{'\n'})
		rs.start += n
		return rs.cells, err
	}
}

// fill reads more into the buffer, which grows where one record fills it.
func (rs *records) fill() error {
	if rs.start > 0 {
		rs.buf = rs.buf[:copy(rs.buf, rs.buf[rs.start:])]
		rs.start = 0
	}
	if len(rs.buf) == cap(rs.buf) {
		if len(rs.buf) >= maxRecord {
			rs.line = rs.ahead
			return &fatalFault{fmt.Sprintf("the record is longer than %d bytes; is a quote not closed?", maxRecord)}
		}
		rs.buf = append(make([]byte, 0, 2*cap(rs.buf)), rs.buf...)
	}
	n, err := rs.r.Read(rs.buf[len(rs.buf):cap(rs.buf)])
	rs.buf = rs.buf[:len(rs.buf)+n]
	if err == io.EOF {
		rs.eof = true
		return nil
	}
	return err
}

// parse splits the record at the start of b and says how long it is, with its line end.
func (rs *records) parse(b []byte) (n int, err error) {
	i := 0
	for {
		if i < len(b) && b[i] == '"' {
			end, err := rs.quoted(b, i+1)
			if err != nil {
				return rs.faultyLine(b, end, err)
			}
			i = end
		} else {
			from := i
			for i < len(b) && b[i] != '\n' && b[i] != rs.comma[0] && b[i] != '"' {
				i++
			}
			for len(rs.comma) > 1 && i < len(b) && b[i] == rs.comma[0] && !bytes.HasPrefix(b[i:], rs.comma) {
				for i++; i < len(b) && b[i] != '\n' && b[i] != rs.comma[0] && b[i] != '"'; i++ {
				}
			}
			if i < len(b) && b[i] == '"' {
				return rs.faultyLine(b, i, &recordFault{fmt.Sprintf("cell %d has a quote inside, but does not begin with one; such a cell must be quoted and the quote "+
					"doubled", len(rs.cells)+1)})
			}
			if i >= len(b) && !rs.eof {
				return 0, errMore
			}
			text := b[from:i:i]
			if i >= len(b) || b[i] == '\n' {
				text = bytes.TrimSuffix(text, []byte{'\r'})
				if len(text) == 0 && len(rs.cells) == 0 { // a blank line, or the end
					return min(i+1, len(b)), nil
				}
			}
			rs.cells = append(rs.cells, cell{text: text})
		}
		switch {
		case i >= len(b):
			return i, nil
		case b[i] == '\n':
			return i + 1, nil
		}
		i += len(rs.comma)
	}
}

// quoted reads a quoted cell whose text starts at i, and says where the delimiter or line end behind it is.
func (rs *records) quoted(b []byte, i int) (end int, err error) {
	from, joined := i, len(rs.joined)
	for {
		q := bytes.IndexByte(b[i:], '"')
		if q < 0 {
			return 0, errMore
		}
		q += i
		if q+1 >= len(b) && !rs.eof {
			return 0, errMore
		}
		if q+1 < len(b) && b[q+1] == '"' {
			rs.joined = append(rs.joined, b[from:q+1]...)
			i, from = q+2, q+2
			continue
		}
		text := b[from:q:q]
		if len(rs.joined) > joined {
			rs.joined = append(rs.joined, text...)
			text = rs.joined[joined:len(rs.joined):len(rs.joined)]
		}
		rs.cells = append(rs.cells, cell{text: text, quoted: true})
		end = q + 1
		if end < len(b) && b[end] == '\r' {
			if end+1 >= len(b) && !rs.eof {
				return 0, errMore
			}
			if end+1 >= len(b) || b[end+1] == '\n' {
				end++
			}
		}
		if end >= len(b) || b[end] == '\n' || bytes.HasPrefix(b[end:], rs.comma) {
			return end, nil
		}
		if len(b)-end < len(rs.comma) && !rs.eof {
			return 0, errMore
		}
		return end, &recordFault{fmt.Sprintf("cell %d has text after its closing quote; a quote inside a cell must be doubled", len(rs.cells))}
	}
}

// faultyLine ends a record that is not CSV at the next line end behind i.
func (rs *records) faultyLine(b []byte, i int, fault error) (int, error) {
	if fault == errMore {
		return 0, errMore
	}
	end := bytes.IndexByte(b[i:], '\n')
	if end < 0 {
		if !rs.eof {
			return 0, errMore
		}
		return len(b), fault
	}
	return i + end + 1, fault
}
