package httpx

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// slowestPace is the rate, a second, below which a pace is never slowed down: the pauses that the server asks for do the rest.
const slowestPace = 10

// A pace is a token bucket that shrinks when the server says that requests come too fast, and grows again while it
// does not. Otherwise every pause would end in the burst that leads to the next one.
type pace struct {
	limiter *rate.Limiter
	most    rate.Limit // what was asked for

	mu      sync.Mutex
	second  time.Time // when the present second began
	count   int       // requests in it
	before  int       // requests in the second before
	slowed  time.Time
	grown   time.Time
	too     rate.Limit // the rate that was too fast
	limited bool       // the limit is below most
}

func newPace(perSecond float64, burst int) *pace {
	most := rate.Inf
	if perSecond > 0 {
		most = rate.Limit(perSecond)
	}
	return &pace{limiter: rate.NewLimiter(most, max(1, burst)), most: most}
}

// wait lets a request through when its time has come.
func (p *pace) wait(ctx context.Context) error {
	if err := p.limiter.Wait(ctx); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.tick(now)
	p.count++
	if p.limited && now.Sub(p.grown) >= time.Second {
		p.grow(now)
	}
	return nil
}

// tick begins a second anew when one has passed.
func (p *pace) tick(now time.Time) {
	switch passed := now.Sub(p.second); {
	case passed < time.Second:
		return
	case passed < 2*time.Second:
		p.before = p.count
	default:
		p.before = 0
	}
	p.second, p.count = now, 0
}

// grow raises the limit by a tenth, and takes it away when twice of what was too fast has not been too fast again.
func (p *pace) grow(now time.Time) {
	p.grown = now
	next := p.limiter.Limit() * 1.1
	if next >= p.most || next >= 2*p.too {
		next, p.limited = p.most, false
	}
	p.limiter.SetLimit(next)
}

// slow halves the rate. The many answers that one burst brings count as one.
func (p *pace) slow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Sub(p.slowed) < time.Second {
		return
	}
	p.tick(now)
	was := min(rate.Limit(max(p.count, p.before)), p.limiter.Limit())
	half := max(was/2, slowestPace)
	if half >= p.limiter.Limit() {
		return
	}
	p.slowed, p.grown, p.too, p.limited = now, now, max(was, slowestPace), true
	p.limiter.SetLimit(half)
}
