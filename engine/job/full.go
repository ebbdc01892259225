package job

import (
	"context"
	"encoding/json"
	"fmt"

	"decant/engine/access"
	"decant/engine/export"
	"decant/engine/export/request"
)

// Scopes of a full export: all channels, or those that the configuration says are public.
const (
	standardScope = "standard"
	publicScope   = "public"
)

// CreateFull makes an export of all that the store holds, and its job. format is jsonl or parquet; scope standard or public. Only an administrator may, and within
// Limits.FullBytes, else it is a *TooLargeError. What is stored when the job runs is what it holds.
func (s *Service) CreateFull(ctx context.Context, who access.Caller, format, scope string) (Made, error) {
	if !who.Admin() {
		return Made{}, &ForbiddenError{Message: "only an administrator may export everything; ask for a token with the scope admin"}
	}
	var faults request.Faults
	if format != "jsonl" && format != "parquet" {
		faults = append(faults, request.Fault{Path: "format", Value: fmt.Sprintf("%q", format), Message: "allowed are jsonl and parquet"})
	}
	if scope != standardScope && scope != publicScope {
		faults = append(faults, request.Fault{Path: "scope", Value: fmt.Sprintf("%q", scope), Message: "allowed are standard and public"})
	}
	if len(faults) > 0 {
		return Made{}, faults
	}
	var full fullRequest
	full.Full.Format, full.Full.Scope = format, scope
	text, err := json.Marshal(full)
	if err != nil {
		return Made{}, fmt.Errorf("write the request: %w", err)
	}
	now := s.c.Clock()
	a := newExport(who, &request.Request{Raw: text}, now)
	a.Export.Type, a.Jobs[0].Type = Full, Full
	if err := s.checkFull(ctx, a.Jobs[0]); err != nil {
		return Made{}, err
	}
	exports, _, err := s.c.Queue.Create(ctx, []Adding{a}, nil, s.admission())
	if err != nil {
		return Made{}, err
	}
	s.wake()
	return Made{Export: exports[0]}, nil
}

// checkFull plans a full export and holds what it would take against the limit.
func (s *Service) checkFull(ctx context.Context, j Job) error {
	snap, err := s.c.Source.Open(ctx)
	if err != nil {
		return fmt.Errorf("open a snapshot: %w", err)
	}
	defer snap.Close()
	limits := s.c.Limits()
	p, err := PlanFor(ctx, snap, j, limits, export.Options{Version: s.c.Version, Clock: s.c.Clock})
	if err != nil {
		return err
	}
	bytes, most := sum(p.Items, func(it export.Item) int64 { return it.Bytes }), limits.FullBytes
	if most == 0 || bytes <= most {
		return nil
	}
	return &TooLargeError{Bytes: bytes, Limit: most, Message: fmt.Sprintf("everything takes about %d bytes as this format; limits.full allows %d. "+
		"Take scope public, or parquet where jsonl was asked for, or make exports of single channels or ranges of time (POST /exports with from and to)", bytes, most)}
}
