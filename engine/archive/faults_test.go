package archive

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/johannesboyne/gofakes3"
)

// TestFaults: whatever a server fails to do, to answer or to answer in full, an archive that is there is whole, and runs that are begun again bring the rest.
func TestFaults(t *testing.T) {
	s := newServer(t)
	var mu sync.Mutex
	faults, random := rand.New(rand.NewPCG(2, 11)), rand.New(rand.NewPCG(2, 12))
	s.breakBy(func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		n := faults.IntN(100)
		mu.Unlock()
		switch {
		case n < 20:
			panic(http.ErrAbortHandler) // before it is done
		case n < 40: // after it is done
			gofakes3.New(s.backend).Server().ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		case n < 50:
			return refuse(w, http.StatusInternalServerError, "InternalError")
		case n < 75 && r.Method == http.MethodGet:
			answer := httptest.NewRecorder()
			gofakes3.New(s.backend).Server().ServeHTTP(answer, r)
			for k, v := range answer.Header() {
				w.Header()[k] = v
			}
			w.Header().Set("Content-Length", fmt.Sprint(answer.Body.Len()))
			w.WriteHeader(answer.Code)
			w.Write(answer.Body.Bytes()[:answer.Body.Len()/2])
			panic(http.ErrAbortHandler)
		}
		return false
	})
	p := newPlant(t, bounds{groupRows: 50, enoughRows: 20, groupText: 500, partBytes: 8000})
	p.place = s.open(t, "s3://plant/archive")
	for range 3 {
		p.append(randomSamples(random, 150)...)
		snap := p.snapshot()
		done := false
		for try := 0; try < 50 && !done; try++ {
			_, err := Run(t.Context(), snap, p.place, Options{Before: math.MaxInt64, Workers: 2, bounds: p.bounds})
			if done = err == nil; done {
				break
			}
			if errors.As(err, new(*DamageError)) || !errors.Is(err, ErrUnreachable) && !errors.Is(err, ErrInUse) {
				t.Errorf("archive on a server that fails: %v", err)
			}
			if errors.Is(err, ErrInUse) { // its lease was not given back
				s.backend.DeleteObject("plant", "archive/"+lockName)
			}
		}
		snap.Close()
		if !done {
			t.Fatal("no run succeeds")
		}
	}
	s.breakBy(nil)
	p.check(random)
	if _, err := Verify(t.Context(), p.place, func(d *DamageError) { t.Error(d) }); err != nil {
		t.Fatal(err)
	}
}
