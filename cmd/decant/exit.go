package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"

	"decant/decimation"
	"decant/engine"
	"decant/engine/archive"
	"decant/engine/client"
	"decant/engine/export"
	"decant/engine/export/request"
	"decant/engine/job/database"
	"decant/engine/store"
	"decant/ingest/deadletter"
	"decant/ingest/file"
	"decant/ingest/mqtt"
)

// The exit codes, as README documents them.
const (
	exitDone        = 0
	exitInternal    = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitDamaged     = 4
	exitBroker      = 5
	exitLimit       = 6
	exitInUse       = 7
	exitInterrupted = 130
)

// usageError is wrong flags or a wrong input file.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// notFound is a listing for something that is not there.
type notFound struct{ error }

// damaged is a store with faults that were already listed.
type damaged struct{ error }

// errInterrupted is a run that the user stopped.
var errInterrupted = errors.New("interrupted")

// exitCode maps an error to its code. It is the only place that does.
func exitCode(err error) int {
	var (
		usage   usageError
		faults  request.Faults
		exists  *export.ExistsError
		bad     *file.FaultsError
		input   *engine.InputError
		cell    *export.SampleError
		sum     *decimation.OverflowError
		falls   *decimation.DeltaOverflowError
		missing notFound
		absent  *export.NotFoundError
		faulty  damaged
		corrupt *store.CorruptError
		letters *deadletter.CorruptError
		rotten  *archive.DamageError
		broker  *mqtt.BrokerError
		limit   *export.LimitError
		url     *database.URLError
		refused *client.Error
		network *client.NetworkError
		sum256  *client.ChecksumError
		ended   *client.JobError
		given   *client.InputError
	)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return exitInterrupted
	case engine.DiskFull(err): // whatever was to be written
		return exitLimit
	case errors.As(err, &ended):
		return jobCode(ended.Job)
	case errors.As(err, &refused):
		return serviceCode(refused)
	case errors.As(err, &network), errors.As(err, &sum256), database.Unreachable(err):
		return exitBroker
	case errors.As(err, &usage), errors.As(err, &given), errors.As(err, &url), errors.As(err, &faults), errors.As(err, &exists), errors.As(err, &bad), errors.As(err, &input), errors.Is(err, store.ErrNotStore),
		errors.Is(err, archive.ErrNotArchive), errors.Is(err, archive.ErrAccess),
		errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), // a folder that the user may not read or write
		errors.Is(err, syscall.ENOTDIR),                                     // a folder under what is a file
		errors.As(err, &cell), errors.As(err, &sum), errors.As(err, &falls): // the data can't be printed as asked
		return exitUsage
	case errors.As(err, &missing), errors.As(err, &absent), errors.Is(err, deadletter.ErrNotFound):
		return exitNotFound
	case errors.As(err, &faulty), errors.As(err, &corrupt), errors.As(err, &letters), errors.As(err, &rotten):
		return exitDamaged
	case errors.As(err, &broker), errors.Is(err, archive.ErrUnreachable):
		return exitBroker
	case errors.As(err, &limit), errors.Is(err, store.ErrLimit), errors.Is(err, store.ErrDiskFull):
		return exitLimit
	case errors.Is(err, store.ErrInUse), errors.Is(err, archive.ErrInUse):
		return exitInUse
	}
	return exitInternal
}

// serviceCode is the code of an answer of the export service that says no.
func serviceCode(e *client.Error) int {
	switch {
	case e.Status == 404, e.Status == 410, e.Kind == client.UnknownSeries:
		return exitNotFound
	case e.Status == 413, e.Status == 429, e.Kind == client.OverLimit:
		return exitLimit
	case e.Status >= 500:
		return exitBroker
	}
	return exitUsage
}

// jobCode is the code of a job of the export service that did not end well.
func jobCode(j client.Job) int {
	if j.Status == client.Cancelled {
		return exitInterrupted
	}
	if j.Error != nil {
		switch j.Error.Kind {
		case "request":
			return exitUsage
		case "notFound":
			return exitNotFound
		case "data":
			return exitDamaged
		case "limit":
			return exitLimit
		}
	}
	return exitInternal
}

// report prints an error as a person reads it and gives its exit code.
func report(w io.Writer, err error) int {
	if err != nil {
		fmt.Fprintf(w, "decant: %s\n", err)
	}
	return exitCode(err)
}
