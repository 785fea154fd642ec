package provisioning_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

func lower(s string) string { return strings.ToLower(s) }

func TestPain08BigGroupsTruncated(t *testing.T) {
	const people = 5000
	j := newJob(people)
	all := make([]int, people)
	for n := range all {
		all[n] = n
	}
	j.src.Put(group("everybody", all...))
	j.clean(t)
	require.Len(t, j.of(t, gref("everybody")).Refs["members"], people)

	// One more costs one, not all.
	j.src.Put(user(people), group("everybody", append(all, people)...))
	p := j.plan(t)
	last := p.Changes[len(p.Changes)-1]
	require.Len(t, last.Add["members"], 1)
	require.Empty(t, last.Remove)
	j.clean(t)
	require.Len(t, j.of(t, gref("everybody")).Refs["members"], people+1)
}

func TestPain09DisabledAndExpired(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		name        string
		disabled    bool
		from, until time.Duration
		want        bool
	}{
		{name: "enabled", want: false},
		{name: "disabled", disabled: true, want: true},
		{name: "expired", until: -time.Hour, want: true},
		{name: "expires later", until: time.Hour, want: false},
		{name: "starts later", from: time.Hour, want: true},
		{name: "started", from: -time.Hour, want: false},
		{name: "started and disabled", disabled: true, from: -time.Hour, want: true},
		{name: "expired before it starts", from: time.Hour, until: -time.Hour, want: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newJob(1)
			j.opts.Policy.CreateDisabled = true
			r := user(0)
			r.Disabled = c.disabled
			if c.from != 0 {
				r.ValidFrom = now.Add(c.from)
			}
			if c.until != 0 {
				r.ValidUntil = now.Add(c.until)
			}
			j.src.Put(r)
			j.clean(t)
			require.Equal(t, c.want, j.of(t, uref(0)).Disabled)
		})
	}
}

func TestPain10LeaversStay(t *testing.T) {
	j := newJob(30)
	j.clean(t)
	j.src.Remove(uref(3))
	j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
		switch src.ID {
		case uid(4):
			return nil, provisioning.SkipRecord
		case uid(5):
			return nil, fmt.Errorf("cannot be mapped")
		}
		return src, nil
	})
	j.run(t)
	for n, want := range map[int]bool{3: true, 4: true, 5: false, 6: false} {
		require.Equal(t, want, j.of(t, uref(n)).Disabled, "user %d", n)
	}
}

func TestPain11ALookupForEveryRecord(t *testing.T) {
	j := newJob(500)
	var calls atomic.Int64
	j.sink = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		if !c.After {
			calls.Add(1)
		}
		return nil
	}})
	j.run(t)
	// Two lists, and a write for each person.
	require.Equal(t, int64(502), calls.Load())
	calls.Store(0)
	require.True(t, j.run(t).Plan.Empty())
	require.Equal(t, int64(2), calls.Load())
}

func TestPain12ManagerDangling(t *testing.T) {
	j := newJob(2)
	r := user(1)
	r.Refs = provisioning.Refs{"manager": {uref(7)}}
	j.src.Put(r)
	report := j.clean(t)
	require.NotNil(t, j.of(t, uref(1)), "a missing manager made a create fail")
	require.Equal(t, []provisioning.Pending{{
		Link: provisioning.Link{Kind: provisioning.User, Source: uid(1)}, Name: "manager", To: uref(7),
	}}, report.Plan.Pending)

	j.src.Put(user(7))
	j.clean(t)
	require.Equal(t, []provisioning.Ref{j.of(t, uref(7)).Ref()}, j.of(t, uref(1)).Refs["manager"])

	// Two who manage each other.
	for n, boss := range map[int]int{0: 1, 1: 0} {
		r := user(n)
		r.Refs = provisioning.Refs{"manager": {uref(boss)}}
		j.src.Put(r)
	}
	j.clean(t)
}

func TestPain15NullNeverCleared(t *testing.T) {
	j := newJob(1)
	r := user(0)
	r.Attributes.Set("phone", "1234")
	r.Attributes.Set("title", "Engineer")
	j.src.Put(r)
	j.clean(t)

	cleared := user(0) // title is not mentioned, and so is left alone
	cleared.Attributes.Set("phone")
	j.src.Put(cleared)
	j.clean(t)
	got := j.of(t, uref(0)).Attributes
	require.Empty(t, got["phone"])
	require.Equal(t, "Engineer", got.Get("title"))
}

// once yields each record of a kind that is in a list.
// iterOf is a sequence of records.
type iterOf = iter.Seq2[*provisioning.Record, error]

func once(records ...*provisioning.Record) iterOf {
	return func(yield func(*provisioning.Record, error) bool) {
		for _, r := range slices.Clone(records) {
			if !yield(r.Clone(), nil) {
				return
			}
		}
	}
}
