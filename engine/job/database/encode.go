package database

import (
	"encoding/json"
	"fmt"
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

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
