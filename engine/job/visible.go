package job

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"decant/engine/access"
)

// Who sees what:
//
//	an owner           their own exports and jobs
//	an administrator   everybody's
//	a limited token    of these, what reads no channel but those that its globs allow
//
// An export that lists what decant knows (resource items), or everything (full), shows what the globs it was written under allow. A limited token
// sees it where it has the same globs. A job counts by the request that it began with, whatever became of its export. What a caller doesn't see
// is ErrNotFound, as if it were not there.

// sees says whether a caller's globs allow an export or job with this request, written under these globs.
func sees(who access.Caller, text json.RawMessage, globs []string) bool {
	if who.Channels == nil {
		return true
	}
	n, err := readNamed(text)
	if err != nil {
		return false
	}
	if n.lists && !sameGlobs(who.Channels, globs) {
		return false
	}
	for _, channel := range n.channels {
		if !who.Sees(channel) {
			return false
		}
	}
	return true
}

// named is what a stored request reads.
type named struct {
	channels []string
	lists    bool // beyond these channels: what decant knows, or everything
}

// readNamed looks for what a stored request reads. It takes no part in checking it, so that requests stay visible that a later decant would refuse.
func readNamed(text json.RawMessage) (n named, err error) {
	var r struct {
		Items []struct {
			Params struct {
				Channel  string  `json:"channelId"`
				Resource *string `json:"resource"`
			} `json:"params"`
		} `json:"items"`
		Condition *struct {
			Channel string `json:"channelId"`
		} `json:"condition"`
		Full *struct{} `json:"full"`
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return n, fmt.Errorf("read the stored request: %w", err)
	}
	n.lists = r.Full != nil
	for _, it := range r.Items {
		if it.Params.Resource != nil {
			n.lists = true
		} else {
			n.channels = append(n.channels, it.Params.Channel)
		}
	}
	if r.Condition != nil {
		n.channels = append(n.channels, r.Condition.Channel)
	}
	return n, nil
}

// sameGlobs compares globs without regard to their order. None at all (nil) is any channel, and not the same as an empty list.
func sameGlobs(a, b []string) bool {
	sorted := func(globs []string) []string { return slices.Compact(slices.Sorted(slices.Values(globs))) }
	return (a == nil) == (b == nil) && slices.Equal(sorted(a), sorted(b))
}

// shown is an export as a caller who sees it may see it: its newest job may have run with a request that the caller doesn't see.
func shown(who access.Caller, e Export) Export {
	if e.Last != nil && !sees(who, e.Last.Request, e.Last.Channels) {
		e.Last = nil
	}
	return e
}

// reach narrows what a caller names to what they reach; ok is false where that is nothing. owner "" of an administrator is everybody.
func reach(who access.Caller, owner string) (reached string, ok bool) {
	switch {
	case who.Admin():
		return owner, true
	case owner == "" || owner == who.Owner:
		return who.Owner, who.Owner != "" // a queue takes "" for everybody
	}
	return "", false
}

// Export gives one export. owner is what an administrator may name; "" is the caller's own, or of an administrator the only one with that id: where two owners
// share it, it is a *ConflictError.
func (s *Service) Export(ctx context.Context, who access.Caller, owner, id string) (Export, error) {
	owner, ok := reach(who, owner)
	if !ok {
		return Export{}, ErrNotFound
	}
	found, err := s.c.Queue.Find(ctx, owner, id)
	if err != nil {
		return Export{}, err
	}
	found = slices.DeleteFunc(found, func(e Export) bool { return !sees(who, e.Request, e.Channels) })
	switch len(found) {
	case 0:
		return Export{}, ErrNotFound
	case 1:
		return shown(who, found[0]), nil
	}
	return Export{}, &ConflictError{Message: fmt.Sprintf("%d owners have an export with the id %s; say whose is meant with ?owner=", len(found), id)}
}

// Job gives one job.
func (s *Service) Job(ctx context.Context, who access.Caller, id string) (Job, error) {
	owner, ok := reach(who, "")
	if !ok {
		return Job{}, ErrNotFound
	}
	j, err := s.c.Queue.Job(ctx, owner, id)
	if err != nil {
		return Job{}, err
	}
	if !sees(who, j.Request, j.Channels) {
		return Job{}, ErrNotFound
	}
	return j, nil
}

// Linked gives a job by a link whose signature was verified: no caller is asked for.
func (s *Service) Linked(ctx context.Context, id string) (Job, error) {
	return s.c.Queue.Job(ctx, "", id)
}
