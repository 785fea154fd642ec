package provisioning

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errNotTried marks a change that was not made because of another.
var errNotTried = errors.New("not tried")

// make creates a record, or writes the attributes of one.
func (x *run) make(ctx context.Context, res *Result) {
	c := res.Change
	started := time.Now()
	var err error
	switch {
	case res.Written:
		return // In a batch. Its references are yet to be written.
	case c.Op == Create:
		err = x.create(ctx, res)
	case onlyRefs(c):
		// Only references change, later.
	default:
		err = x.attempt(ctx, res, "", func(ctx context.Context) error { return x.r.sink.Update(ctx, x.current(c)) })
	}
	res.Took += time.Since(started)
	if x.refused(res, err) {
		return // It is settled when nothing can free the value any more.
	}
	if err == nil {
		x.free(c)
		if c.refers() {
			x.halfway(ctx, res)
			return // It is settled when its references are written.
		}
	}
	x.settle(ctx, res, err)
}

// halfway notes, before anything else may happen, that a record is written whose references are yet to be.
func (x *run) halfway(ctx context.Context, res *Result) {
	if onlyRefs(res.Change) {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	res.Written = true
	x.rememberWritten(res)
	x.checkpoint(ctx)
	if o := x.r.opts.Observer; o != nil && o.Written != nil {
		o.Written(ctx, res)
	}
}

// current gives a change without references as it is to be sent. When this run has written to the record before, its
// version is another than the plan says.
func (x *run) current(c *Change) *Change {
	sent := *c
	sent.Add, sent.Remove, sent.Had = nil, nil, nil
	x.mu.Lock()
	defer x.mu.Unlock()
	target := Ref{Kind: c.Kind, ID: c.Target}
	if x.written[target] && c.Before != nil {
		before := *c.Before
		before.Version = ""
		sent.Before = &before
	}
	x.written[target] = true
	return &sent
}

func (x *run) disable(ctx context.Context, res *Result) {
	started := time.Now()
	c := x.current(res.Change)
	err := x.attempt(ctx, res, "", func(ctx context.Context) error { return deactivate(ctx, x.r.sink, c) })
	res.Took += time.Since(started)
	x.settle(ctx, res, err)
}

func (x *run) delete(ctx context.Context, res *Result) {
	started := time.Now()
	ref := Ref{Kind: res.Change.Kind, ID: res.Change.Target}
	err := x.attempt(ctx, res, "", func(ctx context.Context) error { return x.r.sink.Delete(ctx, ref) })
	res.Took += time.Since(started)
	x.settle(ctx, res, err)
}

// create makes a record. Whenever the answer leaves open whether it was made, it is looked for before it is tried again.
func (x *run) create(ctx context.Context, res *Result) error {
	c := res.Change
	sent := c.bare()
	done := func(ctx context.Context, id ID) { x.made(ctx, c, id) }
	doubt := res.doubt && x.canLookUp()
	if res.doubt && !doubt {
		return fmt.Errorf("%w: whether it was created is not known, and the next run will tell", errUnsure)
	}
	err := x.attempt(ctx, res, "", func(ctx context.Context) error {
		if doubt {
			have, err := x.lookup(ctx, c)
			if err != nil {
				return err
			}
			if have != nil {
				done(ctx, have.ID)
				return nil
			}
		}
		id, err := x.r.sink.Create(ctx, sent)
		if err == nil && id == "" {
			return errNoID
		}
		if err == nil {
			done(ctx, id)
			return nil
		}
		var wait *RetryError
		doubt = doubt || !errors.As(err, &wait)
		if doubt && ClassOf(err) == Retry && !x.canLookUp() {
			return fmt.Errorf("%w: whether it was created is not known, and the next run will tell: %w", errUnsure, err)
		}
		return err
	})
	if err == nil || !errors.Is(err, ErrExists) || !x.canLookUp() {
		return err
	}
	have, lerr := x.lookup(ctx, c)
	if lerr != nil || have == nil {
		return errors.Join(err, lerr)
	}
	// It is our own, made since the plan was, or by a write whose answer was lost.
	done(ctx, have.ID)
	update := *c
	update.Op, update.Target, update.Add, update.Remove = Update, have.ID, nil, nil
	update.Before = &Record{Kind: c.Kind, ID: have.ID, ExternalID: c.Source, Version: have.Version, Disabled: have.Disabled}
	return x.attempt(ctx, res, "", func(ctx context.Context) error { return x.r.sink.Update(ctx, x.current(&update)) })
}

// bare gives what a sink is to create: a record without references, which follow when what they refer to is there.
func (c *Change) bare() *Record {
	r := *c.After
	r.ID, r.Refs = "", nil
	return &r
}

// errNoID says that a sink broke its contract.
var errNoID = fmt.Errorf("%w: the sink gave no ID for what it created", ErrInvalid)

// made notes the ID of a record that was created.
func (x *run) made(ctx context.Context, c *Change, id ID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	c.Target = id
	x.created[Ref{Kind: c.Kind, ID: c.Source}] = id
	if !x.r.opts.Links {
		return
	}
	x.state.links.Put(c.Link)
	x.checkpoint(ctx)
}

// canLookUp reports whether one record can be found by its ExternalID without reading all.
func (x *run) canLookUp() bool {
	_, ok := x.r.sink.(Finder)
	return ok && !x.r.opts.Links
}

// lookup finds what a Create made, by its ExternalID. Many services compare that without regard to case, or pass over a filter that
// they do not know, so what they give may be another's.
func (x *run) lookup(ctx context.Context, c *Change) (*Record, error) {
	for h, err := range Find(ctx, x.r.sink, Lookup{Kind: c.Kind, By: ByExternalID, Values: []string{string(c.Source)}}) {
		switch {
		case err != nil:
			return nil, fmt.Errorf("look for what may have been created: %w", err)
		case h != nil && h.ExternalID == c.Source:
			return h, nil
		}
	}
	return nil, nil
}
