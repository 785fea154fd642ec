package provisioning_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// numbered is somebody whose number is the key in all parts.
func numbered(n int, number ...string) *provisioning.Record {
	r := user(n)
	r.Attributes.Set("number", number...)
	return r
}

func number(n int) provisioning.Ref {
	return provisioning.Ref{Kind: provisioning.User, ID: provisioning.ID(fmt.Sprint("n", n))}
}

// While a part has a record that does not tell whose it is, the other parts decide about nobody whom that part seems not to
// have: whoever is disabled there would be let in.
func TestMergeWithARecordOfNobody(t *testing.T) {
	for name, spoil := range map[string]func(ad *memory.Store) provisioning.Source{
		"it cannot be read": func(ad *memory.Store) provisioning.Source { return failing{ad.Source(), uref(3)} },
		"it has no key": func(ad *memory.Store) provisioning.Source {
			ad.Put(numbered(3))
			return ad.Source()
		},
		"it has two keys": func(ad *memory.Store) provisioning.Source {
			ad.Put(numbered(3, "n3", "n4"))
			return ad.Source()
		},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob(0)
			hr, ad := memory.New(nil), memory.New(nil)
			for n := range 5 {
				h, a := numbered(n, fmt.Sprint("n", n)), numbered(n, fmt.Sprint("n", n))
				h.Attributes.Set("mail", fmt.Sprintf("hr%d@example.com", n))
				a.Attributes.Set("mail", fmt.Sprintf("ad%d@example.com", n))
				a.Disabled = n == 3
				hr.Put(h)
				ad.Put(a)
			}
			hr.Put(numbered(9, "n9")) // who has no record in ad at all
			merged := func(ad provisioning.Source) provisioning.Source {
				m, err := provisioning.Merge([]provisioning.Part{{Name: "hr", Source: hr.Source(), Key: "number"}, {Name: "ad", Source: ad, Key: "number"}},
					&provisioning.MergeOptions{Active: "ad", Precedence: map[string][]string{"mail": {"ad", "hr"}}})
				require.NoError(t, err)
				return m
			}
			j.opts.Policy.CreateDisabled = true
			j.source = merged(ad.Source())
			j.clean(t)
			before := j.have(t)
			j.source = merged(spoil(ad))
			report := j.run(t)
			require.NotEmpty(t, report.Plan.Notes)
			require.Equal(t, before, j.have(t))
			var held []provisioning.ID
			for _, h := range report.Held {
				held = append(held, h.Source)
			}
			require.ElementsMatch(t, []provisioning.ID{"n3", "n9"}, held, "and all others go on")
		})
	}
}

// A reference to a record that cannot be told apart by its key is nobody else's, and is not taken away.
func TestMergeKeepsReferencesToABadKey(t *testing.T) {
	for name, spoil := range map[string]func(ad *memory.Store){
		"no key":                          func(ad *memory.Store) { ad.Put(numbered(2)) },
		"two keys, one of them another's": func(ad *memory.Store) { ad.Put(numbered(2, "n1", "n2")) },
		"the key of another":              func(ad *memory.Store) { ad.Put(numbered(2, "n1")) },
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob(0)
			ad := memory.New(nil)
			team, others := group("team", 2, 3), group("others", 3)
			team.Attributes.Set("number", "team")
			others.Attributes.Set("number", "others")
			ad.Put(numbered(1, "n1"), numbered(2, "n2"), numbered(3, "n3"), numbered(4, "n4"), team, others)
			m, err := provisioning.Merge([]provisioning.Part{{Name: "ad", Source: ad, Key: "number"}}, nil)
			require.NoError(t, err)
			j.source = m
			j.clean(t)
			before := j.of(t, gref("team")).Refs["members"]
			require.ElementsMatch(t, []provisioning.Ref{j.of(t, number(2)).Ref(), j.of(t, number(3)).Ref()}, before)

			spoil(ad)
			others.Refs["members"] = append(others.Refs["members"], uref(4))
			ad.Put(others)
			report := j.run(t)
			require.NotEmpty(t, report.Held)
			require.ElementsMatch(t, before, j.of(t, gref("team")).Refs["members"], "somebody lost a membership, or another got it")
			require.Len(t, j.of(t, gref("others")).Refs["members"], 2, "a group that has nothing to do with it was held")
		})
	}
}
