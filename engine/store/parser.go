package store

import (
	"strconv"
	"strings"
)

// parser reads the words of a line one after the other. It is sticky: after a fault the rest means nothing.
type parser struct {
	rest string
	bad  bool
}

// word is the next one; in none there is a blank.
func (p *parser) word() string {
	word, rest, _ := strings.Cut(p.rest, " ")
	p.rest = rest
	p.bad = p.bad || word == ""
	return word
}

func (p *parser) number() int64 {
	n, err := strconv.ParseInt(p.word(), 10, 64)
	p.bad = p.bad || err != nil
	return n
}

func (p *parser) unsigned() uint64 {
	n, err := strconv.ParseUint(p.word(), 10, 63)
	p.bad = p.bad || err != nil
	return n
}

// end is one of a range: "-" is open, and then it is math.MinInt64 or math.MaxInt64.
func (p *parser) end(open int64) int64 {
	if p.rest == "-" || strings.HasPrefix(p.rest, "- ") {
		p.word()
		return open
	}
	return p.number()
}

// text is a quoted text, or with any a *, which is nil.
func (p *parser) text(any bool) *string {
	if any && (p.rest == "*" || strings.HasPrefix(p.rest, "* ")) {
		p.rest = p.rest[1:]
		return nil
	}
	quoted, err := strconv.QuotedPrefix(p.rest)
	if err != nil {
		p.bad = true
		return new(string)
	}
	s, err := strconv.Unquote(quoted)
	p.bad = p.bad || err != nil
	p.rest = p.rest[len(quoted):]
	return &s
}

// blank passes over the one between two words.
func (p *parser) blank() {
	if rest, ok := strings.CutPrefix(p.rest, " "); ok && rest != "" {
		p.rest = rest
	} else if p.rest != "" {
		p.bad = true
	}
}
