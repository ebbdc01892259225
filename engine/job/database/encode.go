package database

import (
	"encoding/json"
	"fmt"
	"strconv"

	"decant/engine/job"
)

// text is a value as JSON; NULL where there is none.
func text[T any](v T) *string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode a %T: %v", v, err)) // a type of ours that JSON can't hold
	}
	if string(b) == "null" {
		return nil
	}
	s := string(b)
	return &s
}

// decode reads what text wrote.
func decode[T any](s *string, into *T) error {
	if s == nil {
		return nil
	}
	if err := json.Unmarshal([]byte(*s), into); err != nil {
		return fmt.Errorf("read a %T of the database: %w", *into, err)
	}
	return nil
}

// seen is job.Seen with its value as text: JSON has no NaN and no infinity, and a sample may be either.
type seen struct {
	Value *string `json:"value"`
	Holds bool    `json:"holds"`
}

func encodeSeen(s *job.Seen) *string {
	if s == nil {
		return nil
	}
	stored := seen{Holds: s.Holds}
	if s.Value != nil {
		number := strconv.FormatFloat(*s.Value, 'g', -1, 64)
		stored.Value = &number
	}
	return text(stored)
}

func decodeSeen(s *string) (*job.Seen, error) {
	if s == nil {
		return nil, nil
	}
	var stored seen
	if err := decode(s, &stored); err != nil {
		return nil, err
	}
	result := &job.Seen{Holds: stored.Holds}
	if stored.Value != nil {
		value, err := strconv.ParseFloat(*stored.Value, 64)
		if err != nil {
			return nil, fmt.Errorf("read the value of a condition in the database: %w", err)
		}
		result.Value = &value
	}
	return result, nil
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
