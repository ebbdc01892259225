package job

import (
	"context"
	"fmt"
	"slices"

	"decant/engine/access"
	"decant/engine/export"
)

// Channel is a channel and what the store holds of it.
type Channel struct {
	ID          string
	Subtopics   []string // sorted
	Series      int64
	Samples     int64
	First, Last int64 // ns
}

// Series lists series of a channel and subtopic ("" is any) that the caller may see, by channel, subtopic, name, unit and publisher.
func (s *Service) Series(ctx context.Context, who access.Caller, channel, subtopic string) ([]export.Series, error) {
	snap, err := s.c.Source.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open a snapshot: %w", err)
	}
	defer snap.Close()
	series, err := snap.Series(ctx, channel, subtopic)
	if err != nil {
		return nil, fmt.Errorf("list series: %w", err)
	}
	return slices.DeleteFunc(slices.Clone(series), func(x export.Series) bool { return !who.Sees(x.Channel) }), nil
}

// Channels lists channels that the caller may see, by id.
func (s *Service) Channels(ctx context.Context, who access.Caller) ([]Channel, error) {
	series, err := s.Series(ctx, who, "", "")
	if err != nil {
		return nil, err
	}
	var channels []Channel
	for _, x := range series {
		if len(channels) == 0 || channels[len(channels)-1].ID != x.Channel {
			channels = append(channels, Channel{ID: x.Channel, First: x.First, Last: x.Last})
		}
		c := &channels[len(channels)-1]
		if len(c.Subtopics) == 0 || c.Subtopics[len(c.Subtopics)-1] != x.Subtopic {
			c.Subtopics = append(c.Subtopics, x.Subtopic)
		}
		c.Series++
		c.Samples += x.Samples
		c.First, c.Last = min(c.First, x.First), max(c.Last, x.Last)
	}
	return channels, nil
}
