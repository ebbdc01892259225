package main

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// progress shows how far a command has come: a bar on a terminal, a line every ten seconds elsewhere, nothing with -q.
type progress struct {
	a    *app
	what string // what is counted: rows, samples
	// together says that labels take turns, as files do that are written side by side. Else a new label ends the one before.
	together bool

	mu   sync.Mutex
	bars *mpb.Progress       // on a terminal
	bar  map[string]*mpb.Bar // by label
	said time.Time
}

const progressEvery = 10 * time.Second

func (a *app) progress(what string) *progress {
	p := &progress{a: a, what: what, bar: map[string]*mpb.Bar{}, said: time.Now()}
	if f, ok := a.stderr.(*os.File); ok && !a.quiet && term.IsTerminal(int(f.Fd())) {
		p.bars = mpb.New(mpb.WithOutput(f), mpb.WithWidth(40))
	}
	return p
}

// update says that done of expected are done of what label names. Expected may be less than what comes, or 0 where nobody knows.
func (p *progress) update(label string, done, expected int64) {
	if p.a.quiet {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bars != nil {
		bar := p.bar[label]
		if bar == nil {
			bar = p.begin(label)
		}
		bar.SetTotal(max(expected, done+1), false)
		bar.SetCurrent(done)
		if p.together && done == expected {
			bar.SetTotal(-1, true)
		}
		return
	}
	if now := time.Now(); now.Sub(p.said) >= progressEvery {
		p.said = now
		if expected > 0 {
			fmt.Fprintf(p.a.stderr, "%s: %d of %d %s\n", label, done, expected, p.what)
		} else {
			fmt.Fprintf(p.a.stderr, "%s: %d %s\n", label, done, p.what)
		}
	}
}

func (p *progress) begin(label string) *mpb.Bar {
	if !p.together {
		p.end()
	}
	// A bar that is made with a total takes no other, and one that stays below it never ends.
	bar := p.bars.AddBar(0,
		mpb.PrependDecorators(decor.Name(label+" ")),
		mpb.AppendDecorators(decor.CurrentNoUnit("%d "+p.what), decor.Name(" "), decor.Elapsed(decor.ET_STYLE_GO)))
	p.bar[label] = bar
	return bar
}

// end ends the bars: as complete or, where the user stopped the run, where they stand.
func (p *progress) end() {
	for label, bar := range p.bar {
		if p.a.ctx.Err() != nil {
			bar.Abort(false)
		} else {
			bar.SetTotal(-1, true)
		}
		delete(p.bar, label)
	}
}

// finish ends what is left.
func (p *progress) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end()
	if p.bars != nil {
		p.bars.Wait()
	}
}
