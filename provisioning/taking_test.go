package provisioning_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// listed is a source of users that are given in an order, by their numbers; what is not a user is a word about one.
type listed struct {
	provisioning.Source
	users []any // int, or error
}

func (l *listed) Records(_ context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		if kind != provisioning.User {
			return
		}
		for _, u := range l.users {
			var r *provisioning.Record
			err, bad := u.(error)
			if !bad {
				r = user(u.(int))
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// TestRecordsAreTakenInOrder has what is no plain record at each place at which records may be taken together.
func TestRecordsAreTakenInOrder(t *testing.T) {
	const bad, out, twice = 1000, 1001, 5
	for _, n := range []int{1, 63, 64, 65, 128, 129, 200} {
		for _, at := range []int{0, 1, 62, 63, 64, 65, 127, 128, n - 1, n} {
			if at > n {
				continue
			}
			for _, tt := range []struct {
				name                  string
				word                  any
				created, held, source int
			}{
				{"unreadable", &provisioning.RecordError{Ref: uref(bad), Err: errors.New("broken")}, n, 1, n + 1},
				{"out of scope", out, n, 0, n + 1},
				{"twice", twice, n - 1, 1, n},
			} {
				if tt.word == twice && n <= twice {
					continue
				}
				t.Run(fmt.Sprintf("%s at %d of %d", tt.name, at, n), func(t *testing.T) {
					j := newJob(0)
					l := &listed{Source: j.source}
					for i := range n {
						if i == at {
							l.users = append(l.users, tt.word)
						}
						l.users = append(l.users, i)
					}
					if at == n {
						l.users = append(l.users, tt.word)
					}
					j.source = l
					j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
						if src.ID == uid(out) {
							return nil, provisioning.SkipRecord
						}
						return src, nil
					})
					p := j.plan(t)
					counts := p.Counts[provisioning.User]
					if len(p.Changes) != tt.created || len(p.Held) != tt.held || counts.Source != tt.source || !counts.Complete {
						t.Errorf("%d created, %d held, of %d; want %d, %d, %d, complete: %v", len(p.Changes), len(p.Held), counts.Source, tt.created, tt.held, tt.source, counts.Complete)
					}
				})
			}
			t.Run(fmt.Sprintf("cut off at %d of %d", at, n), func(t *testing.T) {
				j := newJob(0)
				cut := errors.New("cut off")
				l := &listed{Source: j.source}
				for i := range at {
					l.users = append(l.users, i)
				}
				l.users = append(l.users, cut)
				j.source = l
				_, err := j.reconciler(t).Plan(t.Context())
				require.ErrorIs(t, err, cut)
				require.ErrorContains(t, err, fmt.Sprintf("after %d", at))
			})
		}
	}
}

// TestManyInAnyOrder plans so many people that they are looked up together, who all are as they shall be, with their IDs or with
// ExternalIDs that the mapper gives.
func TestManyInAnyOrder(t *testing.T) {
	const n = 13_000
	for _, foreign := range []bool{false, true} {
		for _, shuffled := range []bool{false, true} {
			t.Run(fmt.Sprintf("foreign %v shuffled %v", foreign, shuffled), func(t *testing.T) {
				source, sink := newPeople(n, shuffled)
				external := func(id provisioning.ID) provisioning.ID {
					if foreign {
						return "number " + id
					}
					return id
				}
				mapper := mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
					src.ExternalID = external(src.ID)
					return src, nil
				})
				r, err := provisioning.New(source, mapper, &renamed{people: sink, external: external}, nil)
				require.NoError(t, err)
				p, err := r.Plan(t.Context())
				require.NoError(t, err)
				if got := p.Counts[provisioning.User].Unchanged; !p.Empty() || got != n {
					t.Errorf("%d changes, %d unchanged; want none, %d", len(p.Changes), got, n)
				}
			})
		}
	}
}

// renamed is a sink of people with other ExternalIDs.
type renamed struct {
	*people
	external func(provisioning.ID) provisioning.ID
}

func (s *renamed) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		for r, err := range s.people.Records(ctx, kind) {
			r.ExternalID = s.external(r.ExternalID)
			if !yield(r, err) {
				return
			}
		}
	}
}

// TestManyNamesOfReferences has more of them than are looked up first, and one that an attribute has too.
func TestManyNamesOfReferences(t *testing.T) {
	const people, names = 6, 20
	j := newJob(0)
	for n := range people {
		u := user(n)
		u.Attributes["ref3"] = []string{"a value"}
		u.Refs = provisioning.Refs{}
		for i := n; i < names; i++ {
			u.Refs[fmt.Sprintf("ref%d", i)] = []provisioning.Ref{uref((n + i) % people), uref((n + i + 1) % people)}
		}
		j.src.Put(u)
	}
	j.clean(t)
	p := j.plan(t)
	want := map[string]int{}
	for n := range people {
		for i := n; i < names; i++ {
			want[fmt.Sprintf("ref%d", i)] += 2
		}
	}
	require.Equal(t, want, p.Counts[provisioning.User].Refs)
	u, _ := j.src.Get(uref(1))
	u.Refs["ref15"] = u.Refs["ref15"][:1]
	j.src.Put(u)
	require.Len(t, j.plan(t).Changes, 1)
	j.clean(t)
}
