package client

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Export is what the service keeps of a request.
type Export struct {
	ID        string     `json:"id"`
	Owner     string     `json:"owner"`
	Title     string     `json:"title"`
	Type      string     `json:"type"` // oneTime, recurring or full
	Tags      []Tag      `json:"tags"`
	Enabled   bool       `json:"enabled"`
	Version   int64      `json:"version"`
	CreatedAt time.Time  `json:"createdAt"`
	UpdatedAt time.Time  `json:"updatedAt"`
	NextRun   *time.Time `json:"nextRun"` // of a recurring export that isn't paused
	LastJob   *Job       `json:"lastJob"` // the newest; nil before the first

	// What its creator should know.
	IgnoredParameters []string `json:"ignoredParameters"`
	Warnings          []string `json:"warnings"`

	Request Request         `json:"-"` // what creates it again
	Raw     json.RawMessage `json:"-"` // as the service sent it
}

// Tag is a word by which its owner finds an export again.
type Tag struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// UnmarshalJSON reads an export and keeps its text.
func (e *Export) UnmarshalJSON(data []byte) error {
	type plain Export
	if err := json.Unmarshal(data, (*plain)(e)); err != nil {
		return err
	}
	all, err := object(data)
	if err != nil {
		return err
	}
	e.Request = all.only(requestFields)
	e.Raw = append(json.RawMessage(nil), data...)
	return nil
}

// Status is that of the newest job; "" before the first.
func (e Export) Status() string {
	if e.LastJob == nil {
		return ""
	}
	return e.LastJob.Status
}

// ETag is what If-Match asks for.
func (e Export) ETag() string { return strconv.Quote(strconv.FormatInt(e.Version, 10)) }

// CreateOptions say how requests are taken.
type CreateOptions struct {
	Lenient bool   // unknown fields are left out and named in IgnoredParameters
	Key     string // the idempotency key: with the same one nothing is made twice
}

func (o CreateOptions) header() http.Header {
	h := http.Header{}
	if o.Lenient {
		h.Set("Prefer", "handling=lenient")
	}
	if o.Key != "" {
		h.Set("Idempotency-Key", o.Key)
	}
	return h
}

// again: only a call with a key may be made again without knowing what became of the first.
func (o CreateOptions) again() again {
	if o.Key != "" {
		return safe
	}
	return refused
}

// Create makes an export.
func (c *Client) Create(ctx context.Context, r Request, o CreateOptions) (Export, error) {
	var e Export
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/exports", query: c.owned(), header: o.header(), body: r.JSON(), again: o.again()}, &e)
	return e, err
}

// CreateAll makes exports of several requests, all or none. The answer has them in the requests' order.
func (c *Client) CreateAll(ctx context.Context, all []Request, o CreateOptions) ([]Export, error) {
	body, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Exports []Export `json:"exports"`
	}
	if _, err := c.do(ctx, call{method: http.MethodPost, path: "/exports/bulk", query: c.owned(), header: o.header(), body: body, again: o.again()}, &answer); err != nil {
		return nil, err
	}
	if len(answer.Exports) != len(all) {
		return nil, fmt.Errorf("POST /exports/bulk: the answer has %d exports for %d requests", len(answer.Exports), len(all))
	}
	return answer.Exports, nil
}

// Change replaces an export's request if it has the version of etag still. Else the *Error has status 412.
func (c *Client) Change(ctx context.Context, id string, r Request, etag string) (Export, error) {
	var e Export
	_, err := c.do(ctx, call{method: http.MethodPut, path: "/exports/" + segment(id), query: c.owned(), header: http.Header{"If-Match": {etag}}, body: r.JSON()}, &e)
	return e, err
}

// Check asks whether a request could be taken, and what it would do; the answer is the service's text.
func (c *Client) Check(ctx context.Context, r Request, lenient bool) (json.RawMessage, error) {
	var plan json.RawMessage
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/exports/plan", header: CreateOptions{Lenient: lenient}.header(), body: r.JSON(), again: safe}, &plan)
	return plan, err
}

// Export gives one export.
func (c *Client) Export(ctx context.Context, id string) (Export, error) {
	var e Export
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/exports/" + segment(id), query: c.owned(), again: safe}, &e)
	return e, err
}

// Delete deletes an export, its jobs and their files. etag may be empty: then whatever its version is.
func (c *Client) Delete(ctx context.Context, id, etag string) error {
	header := http.Header{}
	if etag != "" {
		header.Set("If-Match", etag)
	}
	_, err := c.do(ctx, call{method: http.MethodDelete, path: "/exports/" + segment(id), query: c.owned(), header: header}, nil)
	return err
}

// Run makes a job now: of a recurring export the run that was due last, or due last at another moment, as the service reads it (Unix seconds or
// ISO 8601); "" is now.
func (c *Client) Run(ctx context.Context, id, at string) (Job, error) {
	query := c.owned()
	if at != "" {
		query.Set("at", at)
	}
	var j Job
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/exports/" + segment(id) + "/run", query: query}, &j)
	return j, err
}

// Cancel cancels the jobs of an export that have not ended, and says how many they were.
func (c *Client) Cancel(ctx context.Context, id string) (int, error) {
	var answer struct {
		Cancelled int `json:"cancelled"`
	}
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/exports/" + segment(id) + "/cancel", query: c.owned(), again: safe}, &answer)
	return answer.Cancelled, err
}

// Filter selects exports. Empty fields select all.
type Filter struct {
	IDs       []string
	Status    []string // of the newest job
	Type      string
	TagLabels []string
	TagValues []string
	From, To  string // of the creation: from ≤ t < to, Unix seconds or ISO 8601
	Sort      string // createdAt:desc
	Limit     int    // at most so many; 0: all
}

func (f Filter) query(q url.Values) url.Values {
	for name, values := range map[string][]string{"ids[]": f.IDs, "status[]": f.Status, "tagLabels[]": f.TagLabels, "tagLabelValues[]": f.TagValues} {
		for _, v := range values {
			q.Add(name, v)
		}
	}
	for name, v := range map[string]string{"type": f.Type, "sort": f.Sort, "from": f.From, "to": f.To} {
		if v != "" {
			q.Set(name, v)
		}
	}
	return q
}

// Exports lists exports a page at a time: a page is asked for when the one before was used up. An error ends the list.
func (c *Client) Exports(ctx context.Context, f Filter) iter.Seq2[Export, error] {
	return pages[Export](ctx, c, "/exports", f.query(c.owned()), "exports", f.Limit)
}

// pageSize is how many rows a page has.
const pageSize = 500

// pages walks a listing, of which it gives at most limit rows (0: all). The next page is where the service says that it is, so what is added
// meanwhile moves nothing.
func pages[T any](ctx context.Context, c *Client, path string, query url.Values, field string, limit int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		query := maps.Clone(query)
		query.Set("limit", strconv.Itoa(pageSize))
		if limit > 0 {
			query.Set("limit", strconv.Itoa(min(limit, pageSize)))
		}
		for given := 0; ; {
			rows, next, err := page[T](ctx, c, path, query, field)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
				if given++; given == limit {
					return
				}
			}
			if next == "" || next == query.Get("offset") {
				return
			}
			query.Set("offset", next)
		}
	}
}

// page asks for one page and for where the next is; "" after the last.
func page[T any](ctx context.Context, c *Client, path string, query url.Values, field string) (rows []T, next string, err error) {
	var answer map[string]json.RawMessage
	if _, err := c.do(ctx, call{method: http.MethodGet, path: path, query: query, again: safe}, &answer); err != nil {
		return nil, "", err
	}
	var after *struct {
		Offset string `json:"offset"`
	}
	if err := json.Unmarshal(answer[field], &rows); err != nil {
		return nil, "", &NetworkError{Doing: "GET " + path, Err: fmt.Errorf("the answer is not what the service sends: %s: %w", field, err)}
	}
	if answer["nextPage"] != nil && json.Unmarshal(answer["nextPage"], &after) == nil && after != nil {
		next = after.Offset
	}
	return rows, next, nil
}
