package database

import (
	"testing"

	"decant/engine/job"
	"decant/engine/job/jobtest"
)

func TestSQLite(t *testing.T) {
	jobtest.Queue(t, func(t *testing.T) job.Queue { return openTest(t) })
}
