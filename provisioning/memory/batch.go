package memory

import (
	"context"

	"github.com/ilumy/usersync/provisioning"
)

// Batching is a [Store] that takes several changes at once, too.
type Batching struct{ *Store }

// Batch makes changes one after another, each for itself.
func (b Batching) Batch(ctx context.Context, changes []*provisioning.Change) []error {
	errs := make([]error, len(changes))
	for i, c := range changes {
		switch c.Op {
		case provisioning.Create:
			c.Target, errs[i] = b.Create(ctx, c.After)
		case provisioning.Delete:
			errs[i] = b.Delete(ctx, provisioning.Ref{Kind: c.Kind, ID: c.Target})
		default:
			errs[i] = b.Update(ctx, c)
		}
	}
	return errs
}

var _ provisioning.Batcher = Batching{}
