package provisioning

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// leaseFor is how long a lease lasts that is not renewed. It is renewed three times as often.
const leaseFor = time.Minute

// ErrBusy says that another process runs the job. The error is a [*BusyError].
var ErrBusy = errors.New("job is being run elsewhere")

// ErrLeaseLost says that another process took the job over, so this one writes nothing more.
var ErrLeaseLost = errors.New("lease lost")

// A BusyError tells who runs the job.
type BusyError struct {
	Job string
	Lease
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("job %s is being run by %s since %s (%v ago); wait for its end, or until %s if that process is dead",
		e.Job, e.Owner, e.Since.Format(time.RFC3339), time.Since(e.Since).Round(time.Second), e.Until.Format(time.RFC3339))
}

// Is makes errors.Is(err, ErrBusy) true.
func (e *BusyError) Is(target error) bool { return target == ErrBusy }

// A Lease is the right to run a job for a while.
type Lease struct {
	// Token grows with every lease of the job, and Nonce is no other lease's.
	Token uint64 `json:"token"`
	Nonce string `json:"nonce,omitempty"`
	// Owner names the process for a person, Process names it for other processes of its machine.
	Owner   string  `json:"owner"`
	Process Process `json:"process,omitzero"`
	// Since is when it was taken, Until when it ends unless it is renewed. Both are zero when nobody has it.
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
}

// A holding is a lease that this process has.
type holding struct {
	r      *Reconciler
	store  Swapper
	lease  Lease
	stored []byte
	tried  [][]byte     // what was written since, of which nobody knows whether it is stored
	until  atomic.Int64 // lease.Until in nanoseconds
	stop   context.CancelCauseFunc
	done   chan struct{}
}

// acquire takes the job's lease, and gives a context that ends when it is lost. Without a Swapper there is
// no lease, but one Reconciler still runs one thing at a time.
func (r *Reconciler) acquire(ctx context.Context) (release func(), _ context.Context, _ error) {
	if !r.running.TryLock() {
		since := time.Unix(0, r.since.Load()).UTC()
		return nil, ctx, &BusyError{Job: r.opts.Job, Lease: Lease{Owner: r.opts.Owner + " (this one)", Since: since, Until: time.Now().UTC()}}
	}
	r.since.Store(time.Now().UnixNano())
	store, ok := r.opts.State.(Swapper)
	if !ok {
		return r.running.Unlock, ctx, nil
	}
	h := &holding{r: r, store: store, done: make(chan struct{})}
	if err := h.take(ctx); err != nil {
		r.running.Unlock()
		return nil, ctx, err
	}
	ctx, h.stop = context.WithCancelCause(ctx)
	r.holding = h
	go h.renew(ctx)
	return func() {
		h.release(ctx)
		r.holding = nil
		r.running.Unlock()
	}, ctx, nil
}

func (h *holding) key() string { return h.r.key("lease") }

func (h *holding) take(ctx context.Context) error {
	old, err := h.store.Load(ctx, h.key())
	if err != nil {
		return fmt.Errorf("take lease: %w", err)
	}
	var last Lease
	if old != nil {
		if err := json.Unmarshal(old, &last); err != nil {
			return fmt.Errorf("take lease: %w: %w; remove %s when no process runs the job", ErrState, err, h.key())
		}
	}
	now := time.Now().UTC()
	if now.Before(last.Until) && !last.Process.dead() {
		return &BusyError{Job: h.r.opts.Job, Lease: last}
	}
	h.lease = Lease{Token: last.Token + 1, Nonce: rand.Text(), Owner: h.r.opts.Owner, Process: thisProcess(), Since: now, Until: now.Add(leaseFor)}
	h.stored = old
	ok, err := h.write(ctx, h.lease)
	if err != nil {
		return fmt.Errorf("take lease: %w", err)
	}
	if !ok {
		return &BusyError{Job: h.r.opts.Job, Lease: h.faster(ctx, now)}
	}
	return nil
}

// faster gives the lease of a process that took the job between the look at it and the attempt to take it.
func (h *holding) faster(ctx context.Context, now time.Time) Lease {
	l := Lease{}
	if b, err := h.store.Load(ctx, h.key()); err == nil && json.Unmarshal(b, &l) == nil && now.Before(l.Until) {
		return l
	}
	return Lease{Owner: "a process that was faster", Since: now, Until: now.Add(leaseFor)}
}

// write puts the lease in the place of what this process wrote last. A write that seems to have failed may have been done
// and only its answer been lost, of this one or of one before; so what is stored is looked at, and the lease is lost only
// when it is another process's.
func (h *holding) write(ctx context.Context, l Lease) (bool, error) {
	b, err := json.Marshal(l)
	if err != nil {
		return false, err
	}
	h.tried = append(h.tried, b)
	for range 2 {
		ok, err := h.store.Swap(ctx, h.key(), h.stored, b)
		if err != nil || !ok {
			now, unread := h.store.Load(ctx, h.key())
			switch {
			case unread != nil:
				return false, cmp.Or(err, unread)
			case !bytes.Equal(now, b) && h.wrote(now):
				h.stored = now
				continue
			case !bytes.Equal(now, b):
				return false, err
			}
		}
		h.lease, h.stored, h.tried = l, b, nil
		h.until.Store(l.Until.UnixNano())
		return true, nil
	}
	return false, errors.New("what is stored is an earlier lease of this process, although it was replaced; is the store shared?")
}

// wrote reports whether what is stored is of this process.
func (h *holding) wrote(now []byte) bool {
	return slices.ContainsFunc(h.tried, func(b []byte) bool { return bytes.Equal(now, b) })
}

// renew prolongs the lease until ctx ends. When that cannot be done in time, ctx ends, and with it every write.
func (h *holding) renew(ctx context.Context) {
	defer close(h.done)
	tick := time.NewTicker(leaseFor / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		l := h.lease
		l.Until = time.Now().UTC().Add(leaseFor)
		try, cancel := context.WithTimeout(ctx, leaseFor/4)
		ok, err := h.write(try, l)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && !ok:
			h.stop(fmt.Errorf("%w: another process has taken job %s over", ErrLeaseLost, h.r.opts.Job))
			return
		case err != nil && time.Now().Add(leaseFor/3).After(h.lease.Until):
			h.stop(fmt.Errorf("%w: it could not be renewed: %w", ErrLeaseLost, err))
			return
		}
	}
}

// release gives the lease back, but keeps its token.
func (h *holding) release(ctx context.Context) {
	h.stop(nil)
	<-h.done
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseFor/4)
	defer cancel()
	if _, err := h.write(ctx, Lease{Token: h.lease.Token, Nonce: h.lease.Nonce, Owner: h.lease.Owner}); err != nil {
		h.r.log.WarnContext(ctx, "the lease was not given back; it ends by itself", "job", h.r.opts.Job, "error", err)
	}
}

// mayWrite gives an error when the lease has ended, as that of a process which was asleep has.
func (r *Reconciler) mayWrite() error {
	if h := r.holding; h != nil && time.Now().UnixNano() > h.until.Load() {
		return fmt.Errorf("%w: it ended at %s and was not renewed", ErrLeaseLost, time.Unix(0, h.until.Load()).UTC().Format(time.RFC3339))
	}
	return nil
}
