package provisioning_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
	"github.com/ilumy/usersync/provisioning/sourcetest"
)

// hrAndAD are an HR system, which knows people by their numbers, and a directory, which knows their accounts and groups.
func hrAndAD() (hr, ad *memory.Store) {
	hr, ad = memory.New(&memory.Options{Kinds: []provisioning.Kind{provisioning.User}}), memory.New(nil)
	hr.Put(
		person("hr-1", "title", "Nurse", "number", "1", "phone", "hr-phone"),
		person("hr-2", "title", "Doctor", "number", "2", "phone", ""),
		person("hr-3", "title", "Porter", "number", "3"),
	)
	boss := person("ad-2", "mail", "two@example.com", "number", "2", "phone", "ad-phone")
	worker := person("ad-1", "mail", "one@example.com", "number", "1", "title", "wrong")
	worker.Refs = provisioning.Refs{"manager": {boss.Ref()}}
	ad.Put(boss, worker, person("ad-9", "mail", "service@example.com"),
		&provisioning.Record{Kind: provisioning.Group, ID: "g", Refs: provisioning.Refs{"members": {boss.Ref(), worker.Ref()}}})
	return hr, ad
}

func person(id string, attributes ...string) *provisioning.Record {
	r := &provisioning.Record{Kind: provisioning.User, ID: provisioning.ID(id), Attributes: provisioning.Attributes{}}
	for i := 0; i < len(attributes); i += 2 {
		if attributes[i+1] == "" {
			r.Attributes.Set(attributes[i])
			continue
		}
		r.Attributes.Set(attributes[i], attributes[i+1])
	}
	return r
}

func parts(hr, ad provisioning.Source) []provisioning.Part {
	return []provisioning.Part{
		{Name: "hr", Source: hr, Key: "number"},
		{Name: "ad", Source: ad, Key: "number", Keyless: true},
	}
}

func TestMerge(t *testing.T) {
	hr, ad := hrAndAD()
	won := map[provisioning.ID]map[string]string{}
	m, err := provisioning.Merge(parts(hr, ad), &provisioning.MergeOptions{
		Precedence: map[string][]string{"phone": {"ad", "hr"}},
		Won:        func(ref provisioning.Ref, parts map[string]string) { won[ref.ID] = parts },
	})
	require.NoError(t, err)
	got := map[provisioning.ID]*provisioning.Record{}
	for r, err := range m.Records(t.Context(), provisioning.User) {
		require.NoError(t, err)
		got[r.ID] = r
	}
	one := person("1", "title", "Nurse", "number", "1", "phone", "hr-phone", "mail", "one@example.com")
	one.Refs = provisioning.Refs{"manager": {{Kind: provisioning.User, ID: "2"}}}
	want := map[provisioning.ID]*provisioning.Record{
		"1": one,
		"2": person("2", "title", "Doctor", "number", "2", "phone", "ad-phone", "mail", "two@example.com"),
		"3": person("3", "title", "Porter", "number", "3"),
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
	require.Equal(t, map[string]string{"title": "hr", "number": "hr", "phone": "ad", "mail": "ad"}, won["2"])
}

// Of references, of who may use the system and of who is there at all the part decides that is to decide, and it is told which one did.
func TestMergePrecedence(t *testing.T) {
	expiry := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name  string
		opts  provisioning.MergeOptions
		adds  bool
		ids   []provisioning.ID
		chief provisioning.ID
		won   string
		until time.Time
	}{
		{"in the order of the parts", provisioning.MergeOptions{}, false, []provisioning.ID{"1"}, "2", "hr", time.Time{}},
		{"references of the second", provisioning.MergeOptions{Precedence: map[string][]string{"manager": {"ad", "hr"}}}, false, []provisioning.ID{"1"}, "3", "ad", time.Time{}},
		{"the second tells who is active", provisioning.MergeOptions{Active: "ad"}, false, []provisioning.ID{"1"}, "2", "hr", expiry},
		{"the second adds people", provisioning.MergeOptions{}, true, []provisioning.ID{"1", "3"}, "2", "hr", time.Time{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			to := func(n provisioning.ID) provisioning.Refs {
				return provisioning.Refs{"manager": {{Kind: provisioning.User, ID: n}}}
			}
			hr, ad := memory.New(nil), memory.New(nil)
			hr.Put(&provisioning.Record{Kind: provisioning.User, ID: "1", Refs: to("2")})
			ad.Put(&provisioning.Record{Kind: provisioning.User, ID: "1", Refs: to("3"), ValidUntil: expiry}, person("3"))
			won := map[provisioning.ID]map[string]string{}
			c.opts.Won = func(ref provisioning.Ref, parts map[string]string) { won[ref.ID] = parts }
			m, err := provisioning.Merge([]provisioning.Part{{Name: "hr", Source: hr}, {Name: "ad", Source: ad, Adds: c.adds}}, &c.opts)
			require.NoError(t, err)
			var ids []provisioning.ID
			for r, err := range m.Records(t.Context(), provisioning.User) {
				require.NoError(t, err)
				ids = append(ids, r.ID)
				if r.ID == "1" {
					require.Equal(t, to(c.chief), r.Refs)
					require.Equal(t, c.until, r.ValidUntil)
				}
			}
			require.Equal(t, c.ids, ids)
			require.Equal(t, map[string]string{"manager": c.won}, won["1"])
		})
	}
}

// mayBe says of records that part ad lacks them and has one which does not tell whose it is.
func mayBe(ids ...string) string {
	s := ""
	for _, id := range ids {
		s += "\nrecord User/" + id + ": part ad has a User that does not tell who it is, and may be this one"
	}
	return s
}

func TestMergeErrors(t *testing.T) {
	hr, ad := hrAndAD()
	for _, c := range []struct {
		name  string
		parts func() []provisioning.Part
		want  string
	}{
		{"a part that breaks breaks the whole", func() []provisioning.Part {
			return parts(cutSource{hr, 1, errReset}, ad)
		}, "read part hr: connection reset by peer"},
		{"and so does the second", func() []provisioning.Part {
			return parts(hr, cutSource{ad, 1, errReset})
		}, "read part ad: connection reset by peer"},
		{"a part that does not have the kind after it gave some", func() []provisioning.Part {
			return parts(hr, cutSource{ad, 1, errors.ErrUnsupported})
		}, "read part ad: User records end after 1: unsupported operation"},
		{"a record that cannot be read because something is unsupported", func() []provisioning.Part {
			return parts(hr, cutSource{ad, 0, &provisioning.RecordError{Ref: provisioning.Ref{Kind: provisioning.User, ID: "ad-9"}, Err: errors.ErrUnsupported}})
		}, "a User without an ID: part ad: User/ad-9: unsupported operation" + mayBe("1", "2", "3")},
		{"a record without a key", func() []provisioning.Part {
			p := parts(hr, ad)
			p[1].Keyless = false
			return p
		}, "a User without an ID: part ad: ad-9 has 0 values of number, which must name it" + mayBe("3")},
		{"two with one key", func() []provisioning.Part {
			return parts(concat{hr, person("hr-4", "number", "2")}, ad)
		}, "record User/2: part hr has two records with this key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := provisioning.Merge(c.parts(), nil)
			require.NoError(t, err)
			var got error
			for _, err := range m.Records(t.Context(), provisioning.User) {
				got = errors.Join(got, err)
			}
			require.EqualError(t, got, c.want)
		})
	}
	for _, c := range []struct {
		parts []provisioning.Part
		opts  *provisioning.MergeOptions
		want  string
	}{
		{nil, nil, "merge: no sources are given"},
		{[]provisioning.Part{{Name: "a", Source: hr}, {Name: "a", Source: ad}}, nil, `merge: part 2 needs a name of its own and a source, its name is "a"`},
		{parts(hr, ad), &provisioning.MergeOptions{Active: "x"}, `merge: Active names part "x", which is not there`},
		{parts(hr, ad), &provisioning.MergeOptions{Precedence: map[string][]string{"a": {"x"}}}, `merge: Precedence of "a" names part "x", which is not there`},
	} {
		_, err := provisioning.Merge(c.parts, c.opts)
		require.EqualError(t, err, c.want)
	}
}

// Several sources are one source, and keep its rules.
func TestMergeIsASource(t *testing.T) {
	build := func(t *testing.T, cut int) provisioning.Source {
		hr, ad := hrAndAD()
		var src provisioning.Source = ad
		if cut >= 0 {
			src = cutSource{ad, cut, errReset}
		}
		m, err := provisioning.Merge(parts(hr, src), nil)
		require.NoError(t, err)
		return m
	}
	sourcetest.Test(t, sourcetest.Fixture{
		Kinds: []provisioning.Kind{provisioning.User},
		Count: map[provisioning.Kind]int{provisioning.User: 3},
		New:   func(t *testing.T) provisioning.Source { return build(t, -1) },
		Cut:   func(t *testing.T, n int) provisioning.Source { return build(t, n) },
	})
}

func TestPain14TwoSourcesFight(t *testing.T) {
	t.Run("two sources, one sink", func(t *testing.T) {
		hr, ad := hrAndAD()
		j := newJob(0)
		m, err := provisioning.Merge(append(parts(hr, ad)[:1:1], provisioning.Part{Name: "ad", Source: ad, Key: "number", Adds: true, Keyless: true}), nil)
		require.NoError(t, err)
		j.source = m
		_, err = j.reconciler(t).Run(t.Context())
		require.NoError(t, err)
		require.Equal(t, 3, j.dst.Len(provisioning.User))
		one := j.of(t, provisioning.Ref{Kind: provisioning.User, ID: "1"})
		require.Equal(t, "Nurse", one.Attributes.Get("title"))
		require.Equal(t, "one@example.com", one.Attributes.Get("mail"))
		hr.Remove(provisioning.Ref{Kind: provisioning.User, ID: "hr-3"})
		j.clean(t)
		require.True(t, j.of(t, provisioning.Ref{Kind: provisioning.User, ID: "3"}).Disabled)
	})
	t.Run("membership that others add to", func(t *testing.T) {
		j := newJob(10)
		j.opts.Policy.SharedRefs = []string{"members"}
		j.src.Put(group("g", 1, 2, 3))
		j.clean(t)
		theirs := j.of(t, uref(7)).Ref()
		require.NoError(t, j.dst.EditRefs(t.Context(), j.of(t, gref("g")).Ref(), "members", []provisioning.Ref{theirs}, nil))
		j.clean(t)
		j.src.Put(group("g", 1, 2))
		j.clean(t)
		got := j.of(t, gref("g")).Refs["members"]
		require.ElementsMatch(t, []provisioning.Ref{j.of(t, uref(1)).Ref(), j.of(t, uref(2)).Ref(), theirs}, got)
	})
}

func TestFlattenRefs(t *testing.T) {
	nest := func(id string, groups []string, members ...int) *provisioning.Record {
		g := group(id, members...)
		for _, other := range groups {
			g.Refs["members"] = append(g.Refs["members"], gref(other))
		}
		return g
	}
	j := newJob(10)
	j.opts.Policy.FlattenRefs = []string{"members"}
	j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
		if src.ID == "hidden" {
			return nil, provisioning.SkipRecord
		}
		return src, nil
	})
	// A circle, a diamond, a group that is out of scope, and one that is not there.
	j.src.Put(nest("a", []string{"b", "hidden"}, 1), nest("b", []string{"a", "c"}, 2), nest("c", nil, 1, 3),
		nest("hidden", []string{"c", "nowhere"}, 4))
	j.clean(t)
	members := func(id string) []int {
		var got []int
		for _, ref := range j.of(t, gref(id)).Refs["members"] {
			for n := range 10 {
				if j.of(t, uref(n)).ID == ref.ID {
					got = append(got, n)
				}
			}
		}
		return got
	}
	require.ElementsMatch(t, []int{1, 2, 3, 4}, members("a"))
	require.ElementsMatch(t, []int{1, 2, 3, 4}, members("b"))
	require.ElementsMatch(t, []int{1, 3}, members("c"))
	require.Nil(t, j.of(t, gref("hidden")))

	// A nested group that cannot be read takes no member away.
	j.source = failing{j.src, gref("c")}
	j.run(t)
	require.ElementsMatch(t, []int{1, 2, 3, 4}, members("a"))

	// Nor does one that the source gives twice.
	j.source = concat{j.src, group("c", 5)}
	j.run(t)
	require.ElementsMatch(t, []int{1, 2, 3, 4}, members("a"))
}

// As it is, nested groups stay groups.
func TestNestedGroups(t *testing.T) {
	j := newJob(3)
	a, b := group("a", 1), group("b", 2)
	a.Refs["members"] = append(a.Refs["members"], b.Ref())
	b.Refs["members"] = append(b.Refs["members"], a.Ref())
	j.src.Put(a, b)
	j.clean(t)
	require.Contains(t, j.of(t, gref("a")).Refs["members"], j.of(t, gref("b")).Ref())
	require.Contains(t, j.of(t, gref("b")).Refs["members"], j.of(t, gref("a")).Ref())
}
