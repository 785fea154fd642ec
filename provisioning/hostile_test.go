package provisioning_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// Somebody who gives themselves a hundred thousand values of each attribute that a rule of adoption compares stops nobody, and is
// found by them like everybody else.
func TestAdoptionBesideManyValues(t *testing.T) {
	j := newJob(20)
	j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"phone", "nick"}}}
	mallory := user(100)
	mallory.ID = "mallory"
	giveMany(mallory)
	byHand := user(3)
	byHand.Attributes.Set("phone", "+49 7", "+49 8")
	byHand.Attributes.Set("nick", "Three", "Third")
	j.src.Put(byHand.Clone())
	byHand.ID = "by hand"
	j.dst.Put(mallory, byHand)
	j.clean(t)
	require.Equal(t, byHand.ID, j.of(t, uref(3)).ID)
	require.Equal(t, 21, j.dst.Len(provisioning.User))
}

// giveMany gives a record a hundred thousand values of two attributes.
func giveMany(r *provisioning.Record) {
	for n := range 100_000 {
		r.Attributes["phone"] = append(r.Attributes["phone"], fmt.Sprint("+49 ", n))
		r.Attributes["nick"] = append(r.Attributes["nick"], fmt.Sprint("nick", n))
	}
}

// Nor does it stop the one whose account it is, when they are asked for alone.
func TestAdoptionOfManyValuesOnDemand(t *testing.T) {
	for _, rival := range []bool{false, true} {
		t.Run(fmt.Sprint("rival ", rival), func(t *testing.T) {
			j := newJob(20)
			j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"phone", "nick"}}}
			account := user(3)
			account.ID = "mallory"
			giveMany(account)
			j.dst.Put(account)
			few := func(n int) {
				r := user(n)
				r.Attributes.Set("phone", "+49 7")
				r.Attributes.Set("nick", "Nick8")
				j.src.Put(r)
			}
			few(3)
			if rival {
				few(4)
			}
			_, err := j.reconciler(t).Sync(t.Context(), uref(3))
			require.NoError(t, err)
			require.Equal(t, rival, j.of(t, uref(3)) == nil, "whose it is, nobody can tell")
		})
	}
}

// strict is a sink that refuses to look for an empty value, as services do that answer a filter with 400.
type strict struct{ *memory.Store }

func (s strict) Find(ctx context.Context, l provisioning.Lookup) iter.Seq2[*provisioning.Record, error] {
	if slices.Contains(l.Values, "") {
		return func(yield func(*provisioning.Record, error) bool) {
			yield(nil, fmt.Errorf("%w: the filter has no value", provisioning.ErrInvalid))
		}
	}
	return s.Store.Find(ctx, l)
}

// A reference without an ID, as a careless mapping makes of an empty column, stops no run of what changed.
func TestReferenceToNobody(t *testing.T) {
	j := newJob(20)
	j.source, j.sink = j.src, strict{j.dst}
	j.clean(t)
	led := renamedUser(3)
	led.Refs = provisioning.Refs{"manager": {{Kind: provisioning.User}}}
	j.src.Put(led, user(30))
	report := j.partial(t)
	require.Equal(t, map[provisioning.Op]int{provisioning.Create: 1, provisioning.Update: 1}, report.Plan.Ops())
}
