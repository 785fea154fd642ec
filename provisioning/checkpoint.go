package provisioning

import (
	"context"
	"time"
)

// checkpointEvery is how often at least is saved what was done, while a run goes on.
const checkpointEvery = 10 * time.Second

// checkpoint saves what was done so far, so that a run whose process ends is in the history of the day, and what it linked
// and wrote is remembered. The cursor does not move by it. It is called with x.mu held.
func (x *run) checkpoint(ctx context.Context) {
	if time.Since(x.saved) < checkpointEvery || ctx.Err() != nil {
		return
	}
	x.saved = time.Now()
	x.rememberPast()
	if err := x.r.save(ctx, x.state); err != nil && x.stopped == nil {
		x.stopped = err
	}
}
