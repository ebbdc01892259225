package client

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
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
	ETag      string     `json:"etag"` // what If-Match takes
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

// CreateOptions say how requests are taken.
type CreateOptions struct {
	Lenient bool   // unknown fields are left out and named in IgnoredParameters
	Key     string // the idempotency key: with the same one nothing is made twice
}

// NewKey is an idempotency key that nobody used before.
func NewKey() string { return rand.Text() }

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
	err := c.do(ctx, call{method: http.MethodPost, path: "/exports", query: c.owned(), header: o.header(), body: r.JSON(), again: o.again()}, &e)
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
	if err := c.do(ctx, call{method: http.MethodPost, path: "/exports/bulk", query: c.owned(), header: o.header(), body: body, again: o.again()}, &answer); err != nil {
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
	err := c.do(ctx, call{method: http.MethodPut, path: "/exports/" + segment(id), query: c.owned(), header: http.Header{"If-Match": {etag}}, body: r.JSON()}, &e)
	return e, err
}

// Check asks whether a request could be taken; nothing is made.
func (c *Client) Check(ctx context.Context, r Request) error {
	return c.do(ctx, call{method: http.MethodPost, path: "/exports/plan", body: r.JSON(), again: safe}, nil)
}

// Export gives one export.
func (c *Client) Export(ctx context.Context, id string) (Export, error) {
	var e Export
	err := c.do(ctx, call{method: http.MethodGet, path: "/exports/" + segment(id), query: c.owned(), again: safe}, &e)
	return e, err
}

// Delete deletes an export, its jobs and their files. etag may be empty: then whatever its version is.
func (c *Client) Delete(ctx context.Context, id, etag string) error {
	header := http.Header{}
	if etag != "" {
		header.Set("If-Match", etag)
	}
	err := c.do(ctx, call{method: http.MethodDelete, path: "/exports/" + segment(id), query: c.owned(), header: header}, nil)
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
	err := c.do(ctx, call{method: http.MethodPost, path: "/exports/" + segment(id) + "/run", query: query}, &j)
	return j, err
}

// Cancel cancels the jobs of an export that have not ended, and says how many they were.
func (c *Client) Cancel(ctx context.Context, id string) (int, error) {
	var answer struct {
		Cancelled int `json:"cancelled"`
	}
	err := c.do(ctx, call{method: http.MethodPost, path: "/exports/" + segment(id) + "/cancel", query: c.owned(), again: safe}, &answer)
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
