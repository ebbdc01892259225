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
)

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
	if err := c.do(ctx, call{method: http.MethodGet, path: path, query: query, again: safe}, &answer); err != nil {
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
