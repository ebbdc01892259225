package jobtest

import (
	"decant/engine/job"
	"testing"
)

func manyWorkers(t *testing.T, q job.Queue) {}
