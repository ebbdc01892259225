package api

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// How slowly a client may take a file. One that takes nothing for stall, or on the whole less than slowest, is cut off: it may come again with Range.
const (
	stall   = time.Minute
	slowest = 8 << 10 // bytes a second
)

// pace says until when the next bytes of a file must be taken.
type pace struct {
	begun time.Time
	taken int64
}

func newPace(now time.Time) pace { return pace{begun: now} }

// deadline is that of a write of n bytes that begins now.
func (p pace) deadline(now time.Time, n int) time.Time {
	inAll := p.begun.Add(stall + time.Duration((p.taken+int64(n))/slowest)*time.Second)
	if next := now.Add(stall); next.Before(inAll) {
		return next
	}
	return inAll
}

// sender passes a file on to a client at no less than its pace. What http.ServeContent would refuse as text it keeps for a problem.
type sender struct {
	http.ResponseWriter
	pace    pace
	size    int64 // of the whole file
	refused error
}

func (s *sender) WriteHeader(status int) {
	switch status {
	case http.StatusRequestedRangeNotSatisfiable:
		s.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", s.size))
		s.refused = refuse(noSuchRange, "the file has not the bytes that Range asks for; Content-Range says how many it has")
	case http.StatusPreconditionFailed:
		s.refused = refuse(otherFile, "If-Match or If-Unmodified-Since doesn't hold: the file is another one")
	default:
		s.ResponseWriter.WriteHeader(status)
	}
}

func (s *sender) Write(b []byte) (int, error) {
	if s.refused != nil {
		return len(b), nil
	}
	// Connections know the system's clock only. A writer without deadlines, as in tests, is as quick as it is.
	_ = http.NewResponseController(s.ResponseWriter).SetWriteDeadline(s.pace.deadline(time.Now(), len(b)))
	n, err := s.ResponseWriter.Write(b)
	s.pace.taken += int64(n)
	return n, err
}

// contentDisposition names a file to save (RFC 6266). A name that is not plain ASCII is given twice: percent-encoded as RFC 8187 has it, and before that with
// underscores for who can't read it.
func contentDisposition(name string) string {
	var plain, encoded strings.Builder
	exact := true
	for _, r := range name {
		switch {
		case r < ' ' || r > '~' || r == '"' || r == '\\' || r == '/':
			plain.WriteByte('_')
			exact = false
		case r == '%': // some clients decode it
			plain.WriteByte('%')
			exact = false
		default:
			plain.WriteRune(r)
		}
	}
	if exact {
		return `attachment; filename="` + name + `"`
	}
	for _, c := range []byte(name) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$&+-.^_`|~", c) >= 0 {
			encoded.WriteByte(c)
		} else {
			fmt.Fprintf(&encoded, "%%%02X", c)
		}
	}
	return `attachment; filename="` + plain.String() + `"; filename*=UTF-8''` + encoded.String()
}
