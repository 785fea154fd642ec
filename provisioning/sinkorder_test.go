package provisioning_test

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// The order in which a sink gives its records, which decides how they are looked up, decides nothing about the plan.
func TestTheOrderOfTheSinkDecidesNothing(t *testing.T) {
	for _, c := range []struct {
		name   string
		people int
		// gives says what the source gives of a person.
		gives func(s *provisioning.Snapshot, n int) error
	}{
		{"all sorts", 1000, func(s *provisioning.Snapshot, n int) error {
			switch n % 7 {
			case 0:
				s.Skip(uref(n))
				return nil
			case 1:
				s.Hold(uref(n), "broken", "")
				return nil
			case 2:
				return nil
			}
			return s.Add(wantedUser(n))
		}},
		{"nobody in scope", 300, func(s *provisioning.Snapshot, n int) error {
			s.Skip(uref(n))
			return nil
		}},
		{"nobody at all", 300, func(*provisioning.Snapshot, int) error { return nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan := func(order []int) *provisioning.Plan {
				s := provisioning.NewSnapshot()
				for n := range c.people {
					require.NoError(t, c.gives(s, n))
				}
				s.Complete(provisioning.User)
				p, err := provisioning.Compare(&provisioning.Comparison{
					At: time.Unix(0, 0), Wanted: s, Kinds: []provisioning.Kind{provisioning.User},
					Have: map[provisioning.Kind]iter.Seq2[*provisioning.Record, error]{provisioning.User: haveUsers(order)},
				})
				require.NoError(t, err)
				return p
			}
			inOrder := make([]int, c.people)
			for n := range inOrder {
				inOrder[n] = n
			}
			want := plan(inOrder)
			require.NotEmpty(t, want.Changes)
			backwards := slices.Clone(inOrder)
			slices.Reverse(backwards)
			for _, order := range [][]int{backwards, rand.New(rand.NewPCG(1, 1)).Perm(c.people)} {
				got := plan(order)
				if diff := cmp.Diff(want.Held, got.Held); diff != "" {
					t.Errorf("held (-in order +otherwise):\n%s", diff)
				}
				if diff := cmp.Diff(want.Counts, got.Counts); diff != "" {
					t.Errorf("counts (-in order +otherwise):\n%s", diff)
				}
				if diff := cmp.Diff(want.Changes, got.Changes); diff != "" {
					t.Errorf("changes (-in order +otherwise):\n%s", diff)
				}
			}
		})
	}
}

func wantedUser(n int) *provisioning.Record {
	r := user(n)
	r.ExternalID = r.ID
	r.Refs = provisioning.Refs{"manager": {uref(n / 10)}}
	return r
}

// haveUsers gives the people of a sink: some are as they shall be, some are not, and one in eleven cannot be read.
func haveUsers(order []int) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		for _, n := range order {
			if n%11 == 5 {
				if !yield(nil, &provisioning.RecordError{Ref: provisioning.Ref{Kind: provisioning.User, ID: target(n)}, Err: errReset}) {
					return
				}
				continue
			}
			r := wantedUser(n)
			r.ID = target(n)
			r.Refs["manager"][0].ID = target(n / 10)
			switch n % 5 {
			case 0:
				r.Attributes.Set("displayName", "Another")
			case 1:
				r.Refs["manager"] = nil
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

func target(n int) provisioning.ID { return provisioning.ID(fmt.Sprint("target-", n)) }
