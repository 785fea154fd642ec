package provisioning_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// saved gives the plan as another process reads it.
func saved(t *testing.T, p *provisioning.Plan) *provisioning.Plan {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, p.Encode(&b))
	read, err := provisioning.DecodePlan(&b)
	require.NoError(t, err)
	return read
}

// changedJob is a job with changes of every sort to be made.
func changedJob(t *testing.T) *job {
	t.Helper()
	j := newJob(30)
	j.src.Put(group("g", 1, 2, 3))
	j.clean(t)
	renamed, disabled := user(4), user(6)
	renamed.Attributes.Set("displayName", "Renamed")
	renamed.Refs = provisioning.Refs{"manager": {uref(1)}}
	disabled.Disabled = true
	j.src.Put(renamed, disabled, user(40), group("g", 1, 2, 40))
	j.src.Remove(uref(5))
	return j
}

func TestSavedPlan(t *testing.T) {
	j := changedJob(t)
	p := j.plan(t)
	read := saved(t, p)
	if diff := cmp.Diff(p, read, cmpopts.IgnoreUnexported(provisioning.Plan{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("a plan is another when it was written and read (-made +read):\n%s", diff)
	}
	require.Equal(t, p.Digest(), read.Digest())
	report, err := j.reconciler(t).Apply(t.Context(), read)
	require.NoError(t, err)
	require.NoError(t, report.Err(), "%+v", report.Failures)
	require.Equal(t, p.Digest(), report.Digest)
	j.converged(t)

	// Applied twice, it does nothing twice: every record is another than it says.
	report, err = j.reconciler(t).Apply(t.Context(), saved(t, p))
	require.NoError(t, err)
	for op, tally := range report.Ops {
		if op != provisioning.Deactivate {
			require.Zero(t, tally.Done, "%s was done again", op)
		}
	}
	j.converged(t)
}

// What is no UTF-8 would be another value once it is saved as JSON, so such a plan is not saved. Made and applied at once, it does no harm.
func TestPlanOfWhatIsNoUTF8(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*job, *provisioning.Record)
		want   string
	}{
		"a value": {func(_ *job, r *provisioning.Record) { r.Attributes.Set("photo", "\xff\xd8") },
			`write plan: change 0: attribute "photo" of User/guid-1 is no UTF-8, and would be another once it is saved; map it as base64`},
		"a value that the sink has": {func(j *job, r *provisioning.Record) {
			have := j.of(t, uref(1))
			have.Attributes.Set("photo", "\xff\xd8")
			j.dst.Put(have)
			r.Attributes.Set("photo", "none")
		}, `write plan: change 0: attribute "photo" of User/guid-1 is no UTF-8, and would be another once it is saved; map it as base64`},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob(3)
			j.clean(t)
			r := user(1)
			c.change(j, r)
			j.src.Put(r)
			require.EqualError(t, j.plan(t).Encode(io.Discard), c.want)
			j.clean(t)
			require.NoError(t, j.plan(t).Encode(io.Discard))
		})
	}
}

func TestApproval(t *testing.T) {
	j := newJob(100)
	j.clean(t)
	for n := range 50 {
		j.src.Remove(uref(n))
	}
	p := saved(t, j.plan(t))
	_, err := j.reconciler(t).Apply(t.Context(), p)
	var refused *provisioning.RefusedError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, p.Digest(), refused.Digest)
	require.Contains(t, err.Error(), "approve it with "+p.Digest())

	require.ErrorContains(t, p.Approve("some other"), `the approval names plan "some other"`)
	t.Run("by a mere digest is none", func(t *testing.T) {
		mere := saved(t, p)
		require.NoError(t, mere.Approve(refused.Digest))
		_, err := j.reconciler(t).Apply(t.Context(), mere)
		require.ErrorIs(t, err, provisioning.ErrRefused)
		require.ErrorContains(t, err, "does not name what refuses it: deactivate")
		require.Zero(t, j.disabled(t))
	})
	require.NoError(t, p.Approve(refused.Token()))
	t.Run("is of that very plan", func(t *testing.T) {
		other := saved(t, p)
		other.Changes = append(other.Changes, other.Changes[0])
		_, err := j.reconciler(t).Apply(t.Context(), other)
		require.ErrorIs(t, err, provisioning.ErrRefused)
	})
	report, err := j.reconciler(t).Apply(t.Context(), saved(t, p))
	require.NoError(t, err)
	require.NoError(t, report.Err())
	require.Equal(t, 50, j.disabled(t))
}

func TestDecodePlanMistakes(t *testing.T) {
	for in, want := range map[string]string{
		``:                          "read plan: EOF; make the plan again",
		`{"format":1,"changes":[`:   "read plan: unexpected EOF; make the plan again",
		`{"format":9,"changes":[]}`: "read plan: it has format 9, this program knows 1; make the plan again",
		`{"format":1,"changes":[],"refusals":[null]}`:                                                  "read plan: a refusal is null; make the plan again",
		`{"format":1,"changes":[null]}`:                                                                "read plan: change 0 is null; make the plan again",
		`{"format":1,"changes":[],"more":1}`:                                                           `read plan: json: unknown field "more"; make the plan again`,
		`{"format":1,"changes":[{"op":"x"}]}`:                                                          `read plan: change 0: unknown operation "x"; make the plan again`,
		`{"format":1,"changes":[{"op":"update","kind":"User","source":"1","target":"2"}]}`:             "read plan: change 0: update of User/1 has no after; make the plan again",
		`{"format":1,"changes":[{"op":"update","kind":"User","source":"1","after":{"kind":"User"}}]}`:  "read plan: change 0: update does not name its record; make the plan again",
		`{"format":1,"changes":[{"op":"delete","kind":"User","source":"1"}]}`:                          "read plan: change 0: delete does not name its record; make the plan again",
		`{"format":1,"changes":[{"op":"create","kind":"User","target":"1","after":{"kind":"User"}}]}`:  "read plan: change 0: create does not name its record; make the plan again",
		`{"format":1,"changes":[{"op":"update","kind":"User","target":"1","after":{"kind":"Group"}}]}`: "read plan: change 0: update of User/ is of a Group after it; make the plan again",
		`{"format":1,"changes":[{"op":"deactivate","kind":"","target":"1","after":{"kind":""}}]}`:      "read plan: change 0: deactivate does not name its record; make the plan again",
		`{"format":1,"changes":[{"op":"update","kind":"User","target":"1","after":{"kind":"User"}}]}`:  "read plan: change 0: update of User/ has no before; make the plan again",
	} {
		_, err := provisioning.DecodePlan(strings.NewReader(in))
		require.EqualError(t, err, want, in)
	}
}

// A plan is made from nothing but the comparison: the same gives the same, in whatever order the records come.
func TestCompareIsPure(t *testing.T) {
	build := func(reverse bool) *provisioning.Plan {
		s := provisioning.NewSnapshot()
		for n := range 20 {
			if reverse {
				n = 19 - n
			}
			r := user(n)
			r.ID, r.ExternalID = "", r.ID
			r.Refs = provisioning.Refs{"manager": {uref((n + 7) % 20)}}
			require.NoError(t, s.Add(r))
		}
		s.Complete(provisioning.User)
		var have []*provisioning.Record
		for n := 10; n < 30; n++ {
			r := user(n)
			r.ExternalID, r.ID = r.ID, "target-"+r.ID
			r.Attributes.Set("displayName", "Other")
			have = append(have, r)
		}
		p, err := provisioning.Compare(&provisioning.Comparison{
			At: time.Unix(1e9, 0).UTC(), Wanted: s, Kinds: []provisioning.Kind{provisioning.User},
			Have: map[provisioning.Kind]iterOf{provisioning.User: once(have...)},
		})
		require.NoError(t, err)
		return p
	}
	first, second := build(false), build(true)
	if diff := cmp.Diff(first, second, cmpopts.IgnoreUnexported(provisioning.Plan{})); diff != "" {
		t.Errorf("another order, another plan:\n%s", diff)
	}
	require.Equal(t, map[provisioning.Op]int{provisioning.Create: 10, provisioning.Update: 10, provisioning.Deactivate: 10}, first.Ops())
}

// A plan of any size has the digest of its changes one after another, as saved plans and approvals have it.
// A plan of many changes is digested by several processors, each part in its place.
func TestDigestOfALargePlan(t *testing.T) {
	build := func() *provisioning.Plan {
		p := &provisioning.Plan{Format: 1, Fingerprint: "rules"}
		for n := range 1000 {
			p.Changes = append(p.Changes, &provisioning.Change{
				Op: provisioning.Create, Link: provisioning.Link{Kind: provisioning.User, Source: provisioning.ID(fmt.Sprint(n))},
				After: &provisioning.Record{Kind: provisioning.User, Attributes: provisioning.Attributes{"title": {"<Director>"}}},
			})
		}
		return p
	}
	digest := build().Digest()
	for range 20 {
		p := build()
		for _, c := range p.Changes {
			c.Target = "filled in when it was applied"
		}
		require.Equal(t, digest, p.Digest())
	}
	for name, change := range map[string]func(*provisioning.Plan){
		"another fingerprint": func(p *provisioning.Plan) { p.Fingerprint = "other rules" },
		"another format":      func(p *provisioning.Plan) { p.Format = 2 },
		"one less":            func(p *provisioning.Plan) { p.Changes = p.Changes[:999] },
		"another value":       func(p *provisioning.Plan) { p.Changes[700].After.Attributes.Set("title", "Clerk") },
		"another order":       func(p *provisioning.Plan) { c := p.Changes; c[1], c[900] = c[900], c[1] },
	} {
		p := build()
		change(p)
		require.NotEqual(t, digest, p.Digest(), name)
	}
}
