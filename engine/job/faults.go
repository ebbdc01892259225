package job

import (
	"context"
	"fmt"
)

// draftFaults is what is wrong with each draft, by index; nil is nothing so far.
type draftFaults []error

func faultsOf(drafts []Draft) draftFaults { return make(draftFaults, len(drafts)) }

func (f draftFaults) any() bool {
	for _, err := range f {
		if err != nil {
			return true
		}
	}
	return false
}

func (f draftFaults) error() error {
	e := &DraftsError{}
	for i, err := range f {
		if err != nil {
			e.Drafts = append(e.Drafts, DraftFault{i, err})
		}
	}
	return e
}

// repeatedIDs finds drafts that choose the id of one before.
func (f draftFaults) repeatedIDs(adding []Adding) {
	first := map[string]int{}
	for i, a := range adding {
		if f[i] != nil {
			continue
		}
		if j, twice := first[a.Export.ID]; twice {
			f[i] = &ConflictError{i, fmt.Sprintf("requests %d and %d of the list have the same id %s; choose another for one of them, or leave it out", j, i, a.Export.ID)}
			continue
		}
		first[a.Export.ID] = i
	}
}

// tooManyJobs finds the draft with which the first jobs become more than a queue takes that is empty: waiting wouldn't help.
func (f draftFaults) tooManyJobs(adding []Adding, l Limits) {
	name, most := "queued", l.Queued
	if l.QueuedEach > 0 && (most == 0 || l.QueuedEach < most) {
		name, most = "owner_queued", l.QueuedEach
	}
	if most == 0 {
		return
	}
	jobs := 0
	for i, a := range adding {
		if f[i] != nil {
			continue
		}
		if jobs += len(a.Jobs); jobs <= most {
			continue
		}
		if len(a.Jobs) > most {
			f[i] = &ForbiddenError{"backfill", fmt.Sprintf("%d jobs at once; limits.%s allows %d that have not ended: choose a smaller backfill", len(a.Jobs), name, most)}
		} else {
			f[i] = &ForbiddenError{"", fmt.Sprintf("with this request of the list there are %d jobs at once; limits.%s allows %d that have not ended: send fewer requests at a time", jobs, name, most)}
		}
		return
	}
}

// takenIDs finds drafts whose id one of the owner's exports has already.
func (s *Service) takenIDs(ctx context.Context, adding []Adding, f draftFaults) error {
	for i, a := range adding {
		if f[i] != nil || a.Export.ID == a.Export.Key {
			continue
		}
		have, err := s.c.Queue.Find(ctx, a.Export.Owner, a.Export.ID)
		if err != nil {
			return err
		}
		if len(have) > 0 {
			f[i] = &ConflictError{i, fmt.Sprintf("there is an export with the id %s already; change that one, or choose another id", a.Export.ID)}
		}
	}
	return nil
}
