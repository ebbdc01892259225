package api

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"strconv"

	"decant/engine/export/request"
	"decant/engine/job"
)

// pageRows is how many rows a page has where the caller doesn't say, and at most.
const pageRows = 1000

// page is the part of a listing that a call asks for, in one of two ways: page and pageSize, or limit and the offset that the answer
// before named.
type page struct {
	number int // from 1; 0: by limit and offset
	size   int
	offset int
	cursor cursor
}

// cursor is what an offset token says. It is opaque to callers, and no secret.
type cursor struct {
	Offset int    `json:"o"`
	Until  int64  `json:"u"` // ns: what was created from then on is on no page, so that the pages don't move
	Filter uint64 `json:"f"` // of the query that it belongs to
}

// page reads the parameters that choose a page, and narrows the filter to it.
func (q *query) page(f *job.Filter, now int64) page {
	p := page{number: q.number("page", 1, 1_000_000, 1), size: q.number("pageSize", 1, pageRows, pageRows)}
	if q.values.Has("limit") || q.values.Has("offset") {
		for _, other := range []string{"page", "pageSize"} {
			if q.values.Has(other) {
				q.fault(other, q.text(other), "limit and offset choose the page already; take these, or page and pageSize")
			}
		}
		p = page{size: q.number("limit", 1, pageRows, pageRows), cursor: cursor{Until: now + 1, Filter: q.digest()}}
		if q.values.Has("offset") {
			p.cursor = q.cursor()
		}
		if f.To == nil || p.cursor.Until < *f.To {
			f.To = &p.cursor.Until
		}
		p.offset = p.cursor.Offset
	} else {
		p.offset = (p.number - 1) * p.size
	}
	f.Offset, f.Limit = p.offset, p.size
	return p
}

// cursor reads the parameter offset.
func (q *query) cursor() (c cursor) {
	const allowed = "allowed is nextPage.offset of the answer before; leave it out for the first page"
	text, err := base64.RawURLEncoding.DecodeString(q.text("offset"))
	if err != nil || json.Unmarshal(text, &c) != nil || c.Offset < 0 || c.Until <= 0 {
		q.fault("offset", q.text("offset"), "%s", allowed)
		return cursor{}
	}
	if c.Filter != q.digest() {
		q.fault("offset", q.text("offset"), "it belongs to a listing with other filters; %s", allowed)
	}
	return c
}

// digest tells queries apart that select or sort differently.
func (q *query) digest() uint64 {
	h := fnv.New64a()
	selecting := url.Values{}
	for name, values := range q.values {
		switch name {
		case "limit", "offset", "pretty", "fields":
		default:
			selecting[name] = values
		}
	}
	h.Write([]byte(selecting.Encode()))
	return h.Sum64()
}

// answerPage answers with one page of a listing: the rows under their name, how many there are in all, and where the next page is.
func answerPage(w http.ResponseWriter, r *http.Request, query string, p page, name string, rows []object, total int64) error {
	if p.number > 0 && len(rows) < p.size && int64(p.offset+len(rows)) < total { // what a page by number leaves out is on no other
		return refuseFaults(badRequest, request.Fault{Path: "pageSize", Value: strconv.Itoa(p.size), Message: fmt.Sprintf(
			"the requests of these %s are so large that an answer holds %d of them; take smaller pages, or limit and offset, which give as many as fit", name, len(rows))})
	}
	v := object{{name, rows}, {"total", total}}
	if p.number > 0 {
		v = append(v, member{"page", p.number})
	}
	v = append(v, member{"pageSize", p.size}, member{"nextPage", p.next(r, len(rows), total)})
	if lenient(r) {
		v = append(v, member{"ignoredParameters", ignored(query, r, nil)})
	}
	return answer(w, r, http.StatusOK, v)
}

// next says where the next page is; null after the last.
func (p page) next(r *http.Request, rows int, total int64) any {
	after := p.offset + rows
	if rows == 0 || int64(after) >= total {
		return nil
	}
	values := r.URL.Query()
	if p.number > 0 {
		values.Set("page", strconv.Itoa(p.number+1))
		return object{{"path", r.URL.EscapedPath() + "?" + values.Encode()}}
	}
	c := p.cursor
	c.Offset = after
	text, err := json.Marshal(c)
	if err != nil { // of numbers: can't be
		return nil
	}
	offset := base64.RawURLEncoding.EncodeToString(text)
	values.Set("offset", offset)
	return object{{"offset", offset}, {"path", r.URL.EscapedPath() + "?" + values.Encode()}}
}
