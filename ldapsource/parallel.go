package ldapsource

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
)

// delivery hands an entry from one of several readers to the one who wants it, and waits until it was looked at, since the
// reader uses it again.
type delivery struct {
	entry *entry.Entry
	seen  chan error
}

// parallel is eachBelow with several bases at once, each on a connection of its own to the same server. It calls f on
// this goroutine only.
func (p *pass) parallel(ctx context.Context, bases []string, req wire.Request, f func(*entry.Entry) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	req.Parts = false // those of several entries would be mixed
	readers, ctx := errgroup.WithContext(ctx)
	readers.SetLimit(p.options.Parallel)
	deliveries := make(chan delivery)
	ended := make(chan error, 1)
	go func() {
		for _, base := range bases {
			readers.Go(func() error { return p.deliver(ctx, base, req, deliveries) })
		}
		err := readers.Wait()
		close(deliveries)
		ended <- err
	}()
	var failed error
	for d := range deliveries {
		if failed == nil {
			if failed = f(d.entry); failed != nil {
				cancel()
			}
		}
		d.seen <- failed
	}
	if err := <-ended; failed == nil {
		return err
	}
	return failed
}

// deliver reads one base.
func (p *pass) deliver(ctx context.Context, base string, req wire.Request, to chan<- delivery) error {
	c, err := p.takeFrom(ctx, p.conn.server)
	if err != nil {
		return err
	}
	q := &pass{Source: p.Source, extended: p.extended, lines: &lines{conn: c}}
	defer q.end()
	seen := make(chan error, 1)
	return q.eachBelow(ctx, []string{base}, req, func(e *entry.Entry) error {
		select {
		case to <- delivery{e, seen}:
			return <-seen
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}
