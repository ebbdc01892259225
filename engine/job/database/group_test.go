package database

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// TestTogether has many transactions wait for one that is at work, so that they become one: what each says is its own, and all but those that failed are stored.
func TestTogether(t *testing.T) {
	db := openTest(t, filepath.Join(t.TempDir(), "decant.db"))
	errMine := errors.New("mine")
	held, begun := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		err := db.write(t.Context(), func(t tx) error { close(begun); <-held; return nil })
		if err != nil {
			t.Error(err)
		}
	})
	<-begun

	const members = 100 // more than mostTogether
	got := make([]string, members)
	for i := range members {
		all.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					got[i] = fmt.Sprint(v)
				}
			}()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			write := db.write
			if i%2 == 0 {
				write = db.writeSoon
			}
			err := write(ctx, func(t tx) error {
				if _, err := t.exec(`INSERT INTO idempotency (owner, key, digest, exports, created_at) VALUES ('ada', $1, '', '', 0)`, fmt.Sprint(i)); err != nil {
					return err
				}
				switch i % 10 {
				case 3:
					return errMine
				case 5:
					cancel() // too late: it runs to its end
				case 7:
					panic("thrown")
				case 9:
					_, err := t.exec(`INSERT INTO nowhere VALUES (1)`)
					return err
				}
				return nil
			})
			if err != nil {
				got[i] = err.Error()
			}
		})
	}
	gone, leave := context.WithCancel(t.Context())
	all.Go(func() {
		err := db.write(gone, func(tx) error { return errors.New("began, though its caller had left") })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("who left got %v", err)
		}
	})
	for waiting := 0; waiting < members+1; {
		db.group.mu.Lock()
		waiting = len(db.group.waiting)
		db.group.mu.Unlock()
	}
	leave()
	for waiting := members + 1; waiting > members; {
		db.group.mu.Lock()
		waiting = len(db.group.waiting)
		db.group.mu.Unlock()
	}
	close(held)
	all.Wait()

	var want []string
	for i := range members {
		says := map[int]string{3: "mine", 7: "thrown", 9: "SQL logic error: no such table: nowhere (1)"}[i%10]
		if got[i] != says {
			t.Errorf("member %d got %q, want %q", i, got[i], says)
		}
		if says == "" {
			want = append(want, fmt.Sprint(i))
		}
	}
	var stored []string
	err := db.read(t.Context(), func(t tx) (err error) {
		stored, err = rows(t, one[string], `SELECT key FROM idempotency`)
		return err
	})
	slices.Sort(stored)
	slices.Sort(want)
	if err != nil || !slices.Equal(stored, want) {
		t.Errorf("stored is %v, %v; want %v", stored, err, want)
	}
}

// TestTogetherFallsApart: where one member takes the transaction of all with it, each is run by itself.
func TestTogetherFallsApart(t *testing.T) {
	db := openTest(t, filepath.Join(t.TempDir(), "decant.db"))
	ms := make([]*member, 5)
	for i := range ms {
		ms[i] = &member{ctx: t.Context(), done: make(chan struct{}), do: func(t tx) error {
			if i == 2 {
				if _, err := t.exec(`ROLLBACK`); err != nil {
					return err
				}
				return errors.New("no space")
			}
			_, err := t.exec(`INSERT INTO idempotency (owner, key, digest, exports, created_at) VALUES ('ada', $1, '', '', 0)`, fmt.Sprint(i))
			return err
		}}
	}
	db.commit(ms)
	for i, m := range ms {
		if (m.err != nil) != (i == 2) {
			t.Errorf("member %d: %v", i, m.err)
		}
	}
	var stored int64
	if err := db.read(t.Context(), func(t tx) error { return t.row(`SELECT count(*) FROM idempotency`, nil, &stored) }); err != nil || stored != 4 {
		t.Errorf("%d are stored, %v", stored, err)
	}
	if _, err := db.Claim(t.Context(), "w", 1, 2); err != nil {
		t.Error(err)
	}
}
