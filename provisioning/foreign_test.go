package provisioning_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// Where the mapper gives ExternalIDs of its own, here an employee number, one person's number may be another's ID in the
// source. They are never taken for each other.

// inRow is somebody whom the source calls by a row, and the sink by a number.
func inRow(row, number string, manager ...string) *provisioning.Record {
	r := &provisioning.Record{Kind: provisioning.User, ID: provisioning.ID(row),
		Attributes: provisioning.Attributes{"userName": {"user" + number}, "number": {number}}, Refs: provisioning.Refs{"manager": {}}}
	for _, m := range manager {
		r.Refs["manager"] = append(r.Refs["manager"], provisioning.Ref{Kind: provisioning.User, ID: provisioning.ID(m)})
	}
	return r
}

func numberRef(number string) provisioning.Ref {
	return provisioning.Ref{Kind: provisioning.User, ID: provisioning.ID(number)}
}

// byNumber maps by number; whom scope says so of is out of scope, or cannot be mapped.
var byNumber = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
	switch src.Attributes.Get("scope") {
	case "out":
		return nil, provisioning.SkipRecord
	case "bad":
		return nil, errors.New("department is unknown")
	}
	src.ExternalID = provisioning.ID(src.Attributes.Get("number"))
	return src, nil
})

func scoped(r *provisioning.Record, scope string) *provisioning.Record {
	r.Attributes.Set("scope", scope)
	return r
}

func TestNumbersThatAreRows(t *testing.T) {
	j := newJob(0)
	j.mapper = byNumber
	const people = 10
	for n := range people {
		j.src.Put(inRow(fmt.Sprint(n), fmt.Sprint(n+1), fmt.Sprint((n+1)%people)))
	}
	j.clean(t)
	require.Equal(t, people, j.dst.Len(provisioning.User))
	for n := range people {
		manager := numberRef(fmt.Sprint((n+1)%people + 1))
		require.Equal(t, []provisioning.Ref{j.of(t, manager).Ref()}, j.of(t, numberRef(fmt.Sprint(n+1))).Refs["manager"], "row %d", n)
	}
}

// Some are called by their IDs and some by a number, in whatever order they come.
func TestNumbersOfSome(t *testing.T) {
	j := newJob(0)
	j.mapper = byNumber
	j.src.Put(inRow("1", "1", "3"), inRow("2", "2", "1"), inRow("3", "4", "2"), inRow("4", "3", "3"))
	j.clean(t)
	for row, manager := range map[string]string{"1": "4", "2": "1", "4": "2", "3": "4"} {
		require.Equal(t, []provisioning.Ref{j.of(t, numberRef(manager)).Ref()}, j.of(t, numberRef(row)).Refs["manager"], "number %s", row)
	}
	j.src.Remove(numberRef("3"))
	j.clean(t)
	require.True(t, j.of(t, numberRef("4")).Disabled, "row 3 is gone, whose number is 4")
	require.Equal(t, 1, j.disabled(t))
}

func TestOneNumberOfTwo(t *testing.T) {
	j := newJob(0)
	j.mapper = byNumber
	j.src.Put(inRow("row-1", "1"), inRow("row-2", "2"), inRow("row-3", "3"))
	j.clean(t)
	j.src.Put(inRow("row-9", "2"), inRow("row-4", "4"))
	report := j.run(t)
	require.Len(t, report.Held, 2)
	for _, h := range report.Held {
		require.Equal(t, provisioning.ID("2"), h.Source)
		require.Contains(t, h.Reason, "the mapping gives another record the same ExternalID")
		require.Len(t, h.With, 1)
		require.Contains(t, []provisioning.ID{"row-2", "row-9"}, h.With[0].Source)
	}
	require.NotNil(t, j.of(t, numberRef("4")))
	require.Zero(t, j.disabled(t))
}

func TestNobodyIsDisabledForAnotherWithTheirNumber(t *testing.T) {
	t.Run("the other is out of scope", func(t *testing.T) {
		j := newJob(0)
		j.mapper = byNumber
		j.src.Put(inRow("row-9", "5"), inRow("row-1", "1"))
		j.clean(t)
		j.src.Put(scoped(inRow("5", "77"), "out"), scoped(inRow("row-9", "5"), "bad"))
		j.run(t)
		require.Zero(t, j.disabled(t))
	})
	t.Run("the other is gone, and asked for alone", func(t *testing.T) {
		j := newJob(0)
		j.mapper = byNumber
		j.src.Put(inRow("row-2", "3"), inRow("3", "900"))
		j.src.Remove(numberRef("3"))
		j.clean(t)
		trace, err := j.reconciler(t).Sync(t.Context(), numberRef("3"))
		require.NoError(t, err)
		require.Len(t, trace.Plan.Held, 1)
		require.Contains(t, trace.Plan.Held[0].Reason, "only a full run can tell")
		require.Zero(t, j.disabled(t))
	})
	t.Run("the other is a manager who is not in the sink", func(t *testing.T) {
		j := newJob(0)
		j.mapper = byNumber
		j.src.Put(inRow("row-2", "3"), inRow("row-1", "1"), scoped(inRow("3", "900"), "out"))
		j.clean(t)
		j.src.Put(inRow("row-1", "1", "3"))
		j.run(t)
		require.Empty(t, j.of(t, numberRef("1")).Refs["manager"], "a stranger is the manager")
		_, err := j.reconciler(t).Sync(t.Context(), provisioning.Ref{Kind: provisioning.User, ID: "row-1"})
		require.NoError(t, err)
		require.Empty(t, j.of(t, numberRef("1")).Refs["manager"], "a stranger is the manager")
	})
}

// Who is out of scope does not tell the number any more, so whoever is not seen is treated by the milder rule.
func TestNumbersOutOfScope(t *testing.T) {
	j := newJob(0)
	j.mapper = byNumber
	j.opts.Policy.OutOfScope = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneKeep}
	j.src.Put(inRow("row-1", "1"), inRow("row-2", "2"))
	j.clean(t)
	j.src.Put(scoped(inRow("row-2", "2"), "out"))
	j.run(t)
	require.Zero(t, j.disabled(t), "who is out of scope is to be kept")
	j.src.Remove(provisioning.Ref{Kind: provisioning.User, ID: "row-2"})
	j.run(t)
	require.Equal(t, 1, j.disabled(t))
}
