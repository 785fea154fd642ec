package provisioning_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// nameless is a sink that cannot keep an ExternalID.
type nameless struct{ provisioning.Sink }

func (s nameless) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		for r, err := range s.Sink.Records(ctx, kind) {
			if r != nil {
				r.ExternalID = ""
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

func (s nameless) Create(ctx context.Context, r *provisioning.Record) (provisioning.ID, error) {
	c := r.Clone()
	c.ExternalID = ""
	return s.Sink.Create(ctx, c)
}

func (s nameless) Update(ctx context.Context, c *provisioning.Change) error {
	d := *c
	d.After = c.After.Clone()
	d.After.ExternalID = ""
	return s.Sink.Update(ctx, &d)
}

// A sink that keeps no ExternalID obeys the same laws through the link table.
func TestLinkTable(t *testing.T) {
	j := newJob(20)
	j.opts.Links = true
	j.sink = nameless{j.dst.Bare()}
	j.src.Put(group("g", 1, 2, 3))
	stranger := &provisioning.Record{Kind: provisioning.User, ID: "stranger", Attributes: provisioning.Attributes{"userName": {"admin"}}}
	j.dst.Put(stranger)
	j.clean(t)
	require.Equal(t, 21, j.dst.Len(provisioning.User))

	renamed := user(4)
	renamed.Attributes.Set("userName", "renamed@example.com")
	j.src.Put(renamed, group("g", 1, 2))
	j.src.Remove(uref(5))
	report := j.clean(t)
	require.Equal(t, map[provisioning.Op]int{provisioning.Update: 2, provisioning.Deactivate: 1}, report.Plan.Ops())
	require.Equal(t, 1, j.disabled(t))
	got, _ := j.dst.Get(stranger.Ref())
	require.Equal(t, stranger.Attributes, got.Attributes)
}

// What was created, and whose answer or link was lost, is found again.
func TestLinkTableAfterLostAnswers(t *testing.T) {
	j := newJob(50)
	j.opts.Links = true
	j.opts.Attempts = 2
	var n atomic.Int64
	dst := memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		if c.Name == "Create" && c.After && n.Add(1)%4 == 0 {
			return provisioning.ErrUnavailable
		}
		return nil
	}})
	j.dst, j.sink = dst, nameless{dst.Bare()}
	report := j.run(t)
	require.Error(t, report.Err())
	report = j.run(t)
	require.NoError(t, report.Err())
	require.Len(t, report.Plan.Relinked, 12)
	require.Equal(t, 50, dst.Len(provisioning.User), "somebody is there twice")
	j.converged(t)
}

func TestRepair(t *testing.T) {
	for _, table := range []bool{false, true} {
		j := newJob(20)
		if table {
			j.opts.Links = true
			j.sink = nameless{j.dst.Bare()}
		}
		j.clean(t)
		// Somebody's account in the directory was deleted and made anew: another ID, the same person.
		links := collect(t, j.reconciler(t).Links(t.Context(), provisioning.User))
		require.Len(t, links, 20)
		i := slices.IndexFunc(links, func(l provisioning.Link) bool { return l.Source == uid(3) })
		j.src.Remove(uref(3))
		anew := user(3)
		anew.ID = "guid-anew"
		j.src.Put(anew)

		taken := links[(i+1)%20]
		taken.Source = uid(3)
		require.ErrorIs(t, j.reconciler(t).Relink(t.Context(), taken), provisioning.ErrExists)
		require.ErrorIs(t, j.reconciler(t).Relink(t.Context(), provisioning.Link{Kind: provisioning.User, Source: "x", Target: "y"}), provisioning.ErrNotFound)

		// Nobody is linked with whom the source does not have, or not in scope: the next run would disable the account.
		right := links[i]
		j.src.Put(user(50))
		for source, want := range map[provisioning.ID]string{"guid-nobody": "the source has no User/guid-nobody", uid(50): "User/guid-50 is out of scope"} {
			wrong := right
			wrong.Source = source
			scoped := *j
			scoped.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
				if src.ID == uid(50) {
					return nil, provisioning.SkipRecord
				}
				return src, nil
			})
			err := scoped.reconciler(t).Relink(t.Context(), wrong)
			require.ErrorIs(t, err, provisioning.ErrNotFound)
			require.ErrorContains(t, err, want)
		}
		j.src.Remove(uref(50))
		right.Source = "guid-anew"
		require.NoError(t, j.reconciler(t).Relink(t.Context(), right))
		report := j.clean(t)
		require.True(t, report.Plan.Empty(), "table %t: %v", table, report.Plan.Ops())
		require.Equal(t, 20, j.dst.Len(provisioning.User))

		wrong := right
		wrong.Source = uid(4)
		if table {
			require.ErrorIs(t, j.reconciler(t).Unlink(t.Context(), wrong), provisioning.ErrNotFound)
			require.Len(t, collect(t, j.reconciler(t).Links(t.Context(), provisioning.User)), 20)
		}
		err := j.reconciler(t).Unlink(t.Context(), right)
		if !table {
			require.ErrorIs(t, err, errors.ErrUnsupported)
			continue
		}
		require.NoError(t, err)
		require.Len(t, collect(t, j.reconciler(t).Links(t.Context(), provisioning.User)), 19)
	}
}

// Where the mapper gives ExternalIDs of its own, a link is by these.
func TestRelinkByExternalID(t *testing.T) {
	j := newJob(5)
	j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
		src.ExternalID = "external-" + src.ID
		return src, nil
	})
	byHand, err := j.dst.Create(t.Context(), &provisioning.Record{Kind: provisioning.User, Attributes: provisioning.Attributes{"userName": {"anna"}}})
	require.NoError(t, err)
	link := provisioning.Link{Kind: provisioning.User, Source: uid(3), Target: byHand}
	require.ErrorIs(t, j.reconciler(t).Relink(t.Context(), link), provisioning.ErrNotFound)
	link.Source = "external-" + uid(3)
	require.NoError(t, j.reconciler(t).Relink(t.Context(), link))
	j.clean(t)
	require.Equal(t, 5, j.dst.Len(provisioning.User))
}

// A record that the policy protects is not touched by hand either.
func TestRelinkOfAProtectedRecord(t *testing.T) {
	for _, table := range []bool{false, true} {
		j := newJob(3)
		j.opts.Links = table
		j.opts.Policy.Protect = []provisioning.Lookup{{Kind: provisioning.User, By: "userName", Values: []string{"root"}}}
		root := &provisioning.Record{Kind: provisioning.User, ID: "admin", Attributes: provisioning.Attributes{"userName": {"root"}}}
		j.dst.Put(root)
		before := j.have(t)
		err := j.reconciler(t).Relink(t.Context(), provisioning.Link{Kind: provisioning.User, Source: uid(1), Target: "admin"})
		require.ErrorContains(t, err, "relink User guid-1 with admin: Policy.Protect has it never touched; take it out of there first")
		require.Equal(t, before, j.have(t))
		require.Empty(t, collect(t, j.reconciler(t).Links(t.Context(), provisioning.User)))
	}
}

// A link by hand that the sink did not take is not said to be made. One that keeps no ExternalID has the link table for it.
func TestRelinkThatTheSinkRefuses(t *testing.T) {
	for _, refusal := range []error{provisioning.ErrUnauthorized, provisioning.ErrUnavailable, provisioning.ErrInvalid, errors.ErrUnsupported} {
		for _, table := range []bool{false, true} {
			bad := false
			j := faultyJob(5, func(c memory.Call) error {
				if c.Name == "Update" && bad {
					return refusal
				}
				return nil
			})
			j.opts.Links = table
			j.clean(t)
			anew := user(3)
			anew.ID = "guid-anew"
			j.src.Remove(uref(3))
			j.src.Put(anew)
			link := provisioning.Link{Kind: provisioning.User, Source: "guid-anew", Target: j.of(t, uref(3)).ID}
			bad = true
			err := j.reconciler(t).Relink(t.Context(), link)
			bad = false
			if table && errors.Is(refusal, errors.ErrUnsupported) {
				require.NoError(t, err)
				require.Contains(t, collect(t, j.reconciler(t).Links(t.Context(), provisioning.User)), link)
				continue
			}
			require.ErrorIs(t, err, refusal, "table %v", table)
			require.NotContains(t, collect(t, j.reconciler(t).Links(t.Context(), provisioning.User)), link)
		}
	}
}

func collect[T any](t *testing.T, seq iter.Seq2[T, error]) []T {
	t.Helper()
	var all []T
	for v, err := range seq {
		require.NoError(t, err)
		all = append(all, v)
	}
	return all
}
