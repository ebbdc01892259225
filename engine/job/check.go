package job

import (
	"context"
	"errors"
	"fmt"

	"decant/engine/access"
	"decant/engine/export"
	"decant/engine/export/request"
)

// Draft is a request that is to become an export.
type Draft struct {
	Text    []byte
	Lenient bool
}

// parseStored reads a request as the service keeps it.
func parseStored(text []byte) (*request.Request, error) {
	r, err := request.Parse(text, request.Options{Service: true})
	if err != nil {
		return nil, fmt.Errorf("read the stored request: %w", err)
	}
	return r, nil
}

// check reads a draft and looks for what is wrong with it beside the samples: request.Faults or a *ForbiddenError.
func (s *Service) check(who access.Caller, d Draft) (*request.Request, error) {
	r, err := request.Parse(d.Text, request.Options{Lenient: d.Lenient, Service: true})
	if err != nil {
		return nil, err
	}
	if faults := s.messageFaults(r); len(faults) > 0 {
		return nil, faults
	}
	for i, it := range r.Items {
		if it.Resource == "" && !who.Sees(it.Channel) {
			return nil, outOfReach(fmt.Sprintf("items[%d].params.channelId", i), it.Channel)
		}
	}
	if c := r.Service.Condition; c != nil && !who.Sees(c.Channel) {
		return nil, outOfReach("condition.channelId", c.Channel)
	}
	return r, nil
}

func outOfReach(path, channel string) error {
	return &ForbiddenError{path, fmt.Sprintf("the token doesn't reach channel %s; ask an administrator for one that does", channel)}
}

// messageFaults are messages that can't be delivered as the service is configured.
func (s *Service) messageFaults(r *request.Request) (faults request.Faults) {
	if s.c.CheckMessage == nil {
		return nil
	}
	for i, m := range r.Notification {
		path, problem := s.c.CheckMessage(m)
		if problem == "" {
			continue
		}
		at := fmt.Sprintf("notification.messages[%d]", i)
		if path != "" {
			at += "." + path
		}
		faults = append(faults, request.Fault{Path: at, Message: problem})
	}
	return faults
}

// snapshot opens a snapshot at its first use, so that faults which need no samples cost none.
type snapshot struct {
	source export.Source
	opened export.Snapshot
}

func (s *snapshot) open(ctx context.Context) (export.Snapshot, error) {
	if s.opened == nil {
		snap, err := s.source.Open(ctx)
		if err != nil {
			return nil, fmt.Errorf("open a snapshot: %w", err)
		}
		s.opened = snap
	}
	return s.opened, nil
}

func (s *snapshot) close() {
	if s.opened != nil {
		s.opened.Close()
	}
}

// ofRequest says of an error of a plan that the request as it stands would fail with it: not the service, nor the store's files.
func ofRequest(err error) bool {
	var faulty *export.RequestError
	var missing *export.NotFoundError
	var limit *export.LimitError
	return errors.As(err, &faulty) || errors.As(err, &missing) || errors.As(err, &limit)
}
