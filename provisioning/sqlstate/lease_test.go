package sqlstate_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// as maps a record to itself.
type as struct{}

func (as) Map(src *provisioning.Record) (*provisioning.Record, error) {
	r := src.Clone()
	r.ID = ""
	return r, nil
}

// Two reconcilers, each with a handle of its own on the store, want to run the same job: one is
// refused and told who runs it, and may run when the other has ended.
func lease(t *testing.T, p place) {
	ctx := t.Context()
	source, sink := memory.New(nil), memory.New(nil)
	source.Put(&provisioning.Record{Kind: provisioning.User, ID: "1", Attributes: provisioning.Attributes{"mail": {"a@example.com"}}})
	reconciler := func(owner string, o *provisioning.Observer) *provisioning.Reconciler {
		r, err := provisioning.New(source, as{}, sink, &provisioning.Options{State: p.store(t), Owner: owner, Observer: o})
		require.NoError(t, err)
		return r
	}
	second := reconciler("second", nil)
	var refused error
	first := reconciler("first", &provisioning.Observer{Applying: func(ctx context.Context, _ *provisioning.Plan) {
		_, refused = second.Run(ctx)
	}})
	report, err := first.Run(ctx)
	require.NoError(t, err)
	require.NoError(t, report.Err())
	var busy *provisioning.BusyError
	if !errors.As(refused, &busy) || busy.Owner != "first" || busy.Token != 1 {
		t.Errorf("the second is told: %v", refused)
	}
	report, err = second.Run(ctx)
	require.NoError(t, err)
	require.NoError(t, report.Err())
	if n := sink.Len(provisioning.User); n != 1 {
		t.Errorf("%d people after two runs", n)
	}
}
