package provisioning_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// Whatever is put into a snapshot comes out of it.
func TestSnapshotGivesBackWhatItWasGiven(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{1, 50, 2000} {
		s := provisioning.NewSnapshot()
		want := map[provisioning.Ref]*provisioning.Record{}
		for n := range size {
			r := randomRecord(rng, n, size)
			want[provisioning.Ref{Kind: r.Kind, ID: r.ExternalID}] = r.Clone()
			require.NoError(t, s.Add(r))
		}
		n := 0
		for _, kind := range []provisioning.Kind{provisioning.User, provisioning.Group, "Room"} {
			for r := range s.Records(kind) {
				n++
				ref := provisioning.Ref{Kind: r.Kind, ID: r.ExternalID}
				if diff := cmp.Diff(want[ref], r, cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("%s (-put +got):\n%s", ref, diff)
				}
				got, ok := s.Get(ref)
				if diff := cmp.Diff(r, got); !ok || diff != "" {
					t.Fatalf("Get %s: %t\n%s", ref, ok, diff)
				}
			}
		}
		require.Equal(t, size, n)
	}
}

func randomRecord(rng *rand.Rand, n, size int) *provisioning.Record {
	kinds := []provisioning.Kind{provisioning.User, provisioning.Group, "Room"}
	r := &provisioning.Record{Kind: kinds[n%3], ExternalID: randomID(rng, n), Disabled: rng.IntN(2) == 0, Attributes: provisioning.Attributes{}}
	if rng.IntN(4) == 0 {
		r.ValidFrom = time.Unix(rng.Int64N(1e10)-5e9, rng.Int64N(1e9)).UTC()
	}
	if rng.IntN(4) == 0 {
		r.ValidUntil = time.Unix(rng.Int64N(1e10), 0).UTC()
	}
	for a := range rng.IntN(20) {
		values := []string{}
		for range rng.IntN(4) {
			switch rng.IntN(4) {
			case 0:
				values = append(values, "often")
			case 1:
				values = append(values, fmt.Sprint("value ", rng.IntN(1e6)))
			case 2:
				values = append(values, strings.Repeat("long ", rng.IntN(300)))
			case 3:
				values = append(values, "")
			}
		}
		r.Attributes[fmt.Sprint("attribute", a)] = values
	}
	for a := range rng.IntN(3) {
		refs := []provisioning.Ref{}
		for range rng.IntN(5) {
			refs = append(refs, provisioning.Ref{Kind: kinds[rng.IntN(3)], ID: provisioning.ID(fmt.Sprint("other-", rng.IntN(size)))})
		}
		if r.Refs == nil {
			r.Refs = provisioning.Refs{}
		}
		r.Refs[fmt.Sprint("refs", a)] = refs
	}
	return r
}

// randomID gives an ID of every form that is packed in a way of its own.
func randomID(rng *rand.Rand, n int) provisioning.ID {
	uuid := fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", rng.Uint32(), rng.IntN(1<<16), rng.IntN(1<<16), rng.IntN(1<<16), n)
	switch rng.IntN(6) {
	case 0:
		return provisioning.ID(strings.ToUpper(uuid))
	case 1:
		return provisioning.ID(strings.Repeat("x", 250) + uuid)
	case 2:
		return provisioning.ID(fmt.Sprint(n))
	case 3:
		return provisioning.ID("aA" + uuid[2:])
	case 4:
		return provisioning.ID("g" + uuid[1:])
	}
	return provisioning.ID(uuid)
}

func TestSnapshotHoldsBothOfOneID(t *testing.T) {
	j := newJob(20)
	j.clean(t)
	second := user(2)
	second.Attributes.Set("displayName", "Another")
	j.source = concat{j.src, second}
	report := j.run(t)
	require.Len(t, report.Held, 1)
	require.Contains(t, report.Held[0].Reason, "two records with this ID")
	require.Equal(t, "User 2", j.of(t, uref(2)).Attributes.Get("displayName"))
	require.False(t, j.of(t, uref(2)).Disabled)
}

// IDs with different case are different records, and so are those that only look like UUIDs.
func TestIDsAreOpaque(t *testing.T) {
	ids := []provisioning.ID{
		"0a0b0c0d-0000-4000-8000-00000000000e", "0A0B0C0D-0000-4000-8000-00000000000E", "0A0b0c0d-0000-4000-8000-00000000000e",
		"00000000-0000-4000-8000-000000000001", "000000000000-4000-8000-000000000001", "", " ",
	}
	s := provisioning.NewSnapshot()
	for _, id := range ids {
		err := s.Add(&provisioning.Record{Kind: provisioning.User, ExternalID: id})
		require.Equal(t, id == "", err != nil)
	}
	require.Equal(t, len(ids)-1, s.Len(provisioning.User))
}

// An ID that is no UTF-8 is another one once it is saved as JSON, where two such may even become the same. Nobody is created who would
// not be known again, and nobody removed who is there under either.
func TestIDsThatAreNoUTF8(t *testing.T) {
	raw, second := provisioning.ID("M\xfcller"), provisioning.ID("M\xf6ller")
	person := func(id, external provisioning.ID) *provisioning.Record {
		return &provisioning.Record{Kind: provisioning.User, ID: id, ExternalID: external,
			Attributes: provisioning.Attributes{"userName": {fmt.Sprintf("%x", id)}}}
	}
	for _, c := range []struct {
		name   string
		links  bool
		mapper mapFunc
		person []*provisioning.Record
	}{
		{"in the source", false, asIs, []*provisioning.Record{person(raw, ""), person(second, "")}},
		{"in the source, with a link table", true, asIs, []*provisioning.Record{person(raw, ""), person(second, "")}},
		{"by the mapper", true, func(src *provisioning.Record) (*provisioning.Record, error) {
			if src.ID == "1" {
				src.ExternalID = raw
			}
			return src, nil
		}, []*provisioning.Record{person("1", "")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newJob(5)
			j.mapper = c.mapper
			if j.opts.Links = c.links; c.links {
				j.sink = nameless{j.dst.Bare()}
			}
			j.src.Put(c.person...)
			if !c.links {
				j.dst.Put(person("as it is", raw), person("as it was saved", "M\ufffdller"))
			}
			before := j.dst.Len(provisioning.User)
			for range 2 {
				report := j.run(t)
				require.NotEmpty(t, report.Held)
				require.Contains(t, report.Held[0].Reason, "is no UTF-8")
				require.Equal(t, before+5, j.dst.Len(provisioning.User))
				require.Zero(t, j.disabled(t))
			}
		})
	}
}

// A record that is larger than a chunk of the arena leaves those after it alone.
func TestSnapshotOfLargeRecords(t *testing.T) {
	s := provisioning.NewSnapshot()
	want := map[provisioning.ID]*provisioning.Record{}
	for n, size := range []int{0, 2 << 20, 0, 3 << 20, 0, 0, 1<<20 - 20, 0, 1<<20 - 12, 0, 1 << 20, 0} {
		r := &provisioning.Record{Kind: provisioning.User, ExternalID: uid(n), Attributes: provisioning.Attributes{}}
		if size > 0 {
			r.Attributes["photo"] = []string{strings.Repeat("x", size)}
		}
		want[r.ExternalID] = r
		require.NoError(t, s.Add(r))
	}
	for id, w := range want {
		got, ok := s.Get(provisioning.Ref{Kind: provisioning.User, ID: id})
		if !ok || !cmp.Equal(w, got, cmpopts.EquateEmpty()) {
			t.Errorf("%s comes out otherwise than it was put in", id)
		}
	}
}
