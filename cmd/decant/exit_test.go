package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"decant/engine"
	"decant/engine/export"
	"decant/engine/export/request"
	"decant/engine/job/database"
	"decant/engine/store"
	"decant/ingest/deadletter"
	"decant/ingest/mqtt"
)

// TestExitCode: every kind of error has its documented code, however deep it is wrapped.
func TestExitCode(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("something else"), 1},
		{usageError{errors.New("flag")}, 2},
		{request.Faults{{Path: "format"}}, 2},
		{&engine.InputError{Err: fs.ErrNotExist}, 2},
		{&database.URLError{Err: errors.New("no port")}, 2},
		{store.ErrNotStore, 2},
		{&fs.PathError{Op: "open", Path: "CURRENT", Err: fs.ErrPermission}, 2},
		{&fs.PathError{Op: "mkdir", Path: "out", Err: syscall.EROFS}, 2},
		{&fs.PathError{Op: "mkdir", Path: "plant.csv/out", Err: syscall.ENOTDIR}, 2},
		{&export.NotFoundError{}, 3},
		{deadletter.ErrNotFound, 3},
		{&store.CorruptError{File: "CURRENT"}, 4},
		{&deadletter.CorruptError{File: "1.letters"}, 4},
		{&mqtt.BrokerError{Err: errors.New("refused")}, 5},
		{&pgconn.ConnectError{Config: &pgconn.Config{}}, 5},
		{&export.LimitError{}, 6},
		{store.ErrLimit, 6},
		{store.ErrDiskFull, 6},
		{store.ErrInUse, 7},
		{context.Canceled, 130},
		{errInterrupted, 130},
		{&engine.PartialError{Err: errInterrupted}, 130},
		{&engine.PartialError{Err: store.ErrDiskFull}, 6},
	} {
		if got := exitCode(c.err); got != c.want {
			t.Errorf("%T %v: exit code %d, want %d", c.err, c.err, got, c.want)
		}
		if c.err == nil {
			continue
		}
		if got := exitCode(fmt.Errorf("outer: %w", errors.Join(c.err))); got != c.want {
			t.Errorf("%T %v, wrapped: exit code %d, want %d", c.err, c.err, got, c.want)
		}
	}
}
