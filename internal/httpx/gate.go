package httpx

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// gate is what every attempt of a client passes: the rates, and the pause that the server asked for.
type gate struct {
	pace    *pace
	limiter Waiter

	mu    sync.Mutex
	until time.Time
}

// pause holds back all requests for a while: what the server said to one, it means for all.
func (g *gate) pause(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := time.Now().Add(d); until.After(g.until) {
		g.until = until
	}
}

func (g *gate) wait(ctx context.Context) error {
	for {
		g.mu.Lock()
		d := time.Until(g.until)
		g.mu.Unlock()
		if d <= 0 {
			break
		}
		timer := time.NewTimer(d)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
	}
	if err := g.pace.wait(ctx); err != nil {
		return err
	}
	if g.limiter != nil {
		return g.limiter.Wait(ctx)
	}
	return nil
}

var _ Waiter = (*rate.Limiter)(nil)
