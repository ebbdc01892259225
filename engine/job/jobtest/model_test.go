package jobtest

import (
	"testing"

	"decant/engine/job"
)

// TestModel holds the model itself to the contract.
func TestModel(t *testing.T) {
	Queue(t, func(*testing.T) job.Queue { return newModel() })
}
