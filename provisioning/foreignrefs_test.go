package provisioning_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// One record on demand, a group or somebody with a manager, where the mapper gives ExternalIDs of its own.
func TestOnDemandKeepsMembersCalledByNumber(t *testing.T) {
	for name, mapper := range map[string]mapFunc{
		"of users": func(src *provisioning.Record) (*provisioning.Record, error) {
			if src.Kind == provisioning.User {
				src.ExternalID = "ext-" + src.ID
			}
			return src, nil
		},
		"of groups": func(src *provisioning.Record) (*provisioning.Record, error) {
			if src.Kind == provisioning.Group {
				src.ExternalID = "ext-" + src.ID
			}
			return src, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob(5)
			j.mapper = mapper
			j.src.Put(group("g", 0, 1, 2, 3))
			j.clean(t)
			members := func() int {
				for _, r := range j.have(t) {
					if r.Kind == provisioning.Group {
						return len(r.Refs["members"])
					}
				}
				return -1
			}
			require.Equal(t, 4, members())
			_, err := j.reconciler(t).Sync(t.Context(), gref("g"))
			require.NoError(t, err)
			require.Equal(t, 4, members(), "members after Sync of the group")
		})
	}
}

func TestOnDemandKeepsAManagerCalledByNumber(t *testing.T) {
	j := newJob(0)
	j.mapper = byNumber
	j.src.Put(inRow("row-1", "1"), inRow("row-2", "2", "row-1"))
	j.clean(t)
	require.Len(t, j.of(t, numberRef("2")).Refs["manager"], 1)
	_, err := j.reconciler(t).Sync(t.Context(), provisioning.Ref{Kind: provisioning.User, ID: "row-2"})
	require.NoError(t, err)
	require.Len(t, j.of(t, numberRef("2")).Refs["manager"], 1, "manager after Sync")
}

// Only one has an ExternalID of its own, and cannot be mapped today.
func TestHeldOneWithANumberOfItsOwn(t *testing.T) {
	j := newJob(0)
	j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
		if src.Attributes.Get("scope") == "bad" {
			return nil, errors.New("department is unknown")
		}
		if n := src.Attributes.Get("number"); n != "" {
			src.ExternalID = provisioning.ID(n)
		}
		return src, nil
	})
	j.src.Put(user(1), user(2), user(3), inRow("row-9", "900"))
	j.clean(t)
	j.src.Put(scoped(inRow("row-9", "900"), "bad"))
	j.run(t)
	require.Zero(t, j.disabled(t), "who could not be mapped is disabled")
}

// The source gives two records with one ID, which have numbers of their own.
func TestTwoNumbersWithOneID(t *testing.T) {
	j := newJob(0)
	j.mapper = byNumber
	j.src.Put(inRow("row-1", "1"), inRow("row-2", "2"), inRow("row-3", "3"))
	j.clean(t)
	j.src.Remove(provisioning.Ref{Kind: provisioning.User, ID: "row-2"})
	j.source = concat{j.src.Source(), inRow("row-1", "2")}
	j.run(t)
	require.Zero(t, j.disabled(t), "number 2 is in the source")
}

// The grace of one must not begin anew because another one is looked at whose ID in the source is its number.
func TestGraceOfANumberThatIsAnothersRow(t *testing.T) {
	j := newJob(0)
	j.mapper = byNumber
	j.opts.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneDelete}
	j.opts.Policy.Grace = 30 * 24 * time.Hour
	j.src.Put(inRow("7", "1"), inRow("8", "7"), inRow("9", "9"))
	j.clean(t)
	j.src.Remove(numberRef("8"))
	j.run(t)
	m, _, err := j.reconciler(t).Memory(t.Context())
	require.NoError(t, err)
	before, ok := m.Gone.Get(numberRef("7"))
	require.True(t, ok)
	_, err = j.reconciler(t).Sync(t.Context(), numberRef("7"))
	require.NoError(t, err)
	m, _, err = j.reconciler(t).Memory(t.Context())
	require.NoError(t, err)
	after, ok := m.Gone.Get(numberRef("7"))
	require.True(t, ok, "the grace of number 7 is forgotten because row 7 was looked at")
	require.Equal(t, before, after)
}

// Who is out of scope keeps memberships where IDs are the source's; and where they are mapped?
func TestOutOfScopeKeepsMemberships(t *testing.T) {
	for _, foreign := range []bool{false, true} {
		t.Run(fmt.Sprint(foreign), func(t *testing.T) {
			j := newJob(0)
			j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
				if src.Attributes.Get("scope") == "out" {
					return nil, provisioning.SkipRecord
				}
				if foreign && src.Kind == provisioning.User {
					src.ExternalID = "ext-" + src.ID
				}
				return src, nil
			})
			j.opts.Policy.OutOfScope = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneKeep}
			j.src.Put(user(0), user(1), user(2), group("g", 0, 1, 2))
			j.clean(t)
			j.src.Put(scoped(user(1), "out"))
			j.run(t)
			require.Len(t, j.of(t, gref("g")).Refs["members"], 3)
		})
	}
}
