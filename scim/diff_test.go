package scim_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ilumy/usersync/scim"
)

func TestDiff(t *testing.T) {
	user, grp := scim.NewUserType(), scim.NewGroupType()
	const u, g, e = `"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a"`, `"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"g"`, `"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`
	emails := func(list string) string { return `{` + u + `,"emails":[` + list + `]}` }
	members := func(ids string) string {
		list := ""
		for _, id := range strings.Fields(ids) {
			list += `,{"value":"` + id + `"}`
		}
		if list == "" {
			return `{` + g + `}`
		}
		return `{` + g + `,"members":[` + list[1:] + `]}`
	}
	github, aws := scim.DiffOptions{NoFilters: true}, scim.DiffOptions{NoFilters: true, RemoveByValue: true, NoWholeLists: true}
	tests := []struct {
		name          string
		typ           *scim.ResourceType
		before, after string
		options       scim.DiffOptions
		want          string
	}{
		{"nothing", user, jensen, jensen, scim.DiffOptions{}, `[]`},
		{"another order of values", user, emails(`{"value":"x"},{"value":"y"}`), emails(`{"value":"y"},{"value":"x"}`), scim.DiffOptions{}, `[]`},
		{"a new attribute", user, `{` + u + `}`, `{` + u + `,"title":"Dr"}`, scim.DiffOptions{}, `[{"op":"add","path":"title","value":"Dr"}]`},
		{"another value", user, `{` + u + `,"active":true}`, `{` + u + `,"active":false}`, scim.DiffOptions{}, `[{"op":"replace","path":"active","value":false}]`},
		{"another case", user, `{` + u + `}`, strings.Replace(`{`+u+`}`, `"a"`, `"A"`, 1), scim.DiffOptions{}, `[{"op":"replace","path":"userName","value":"A"}]`},
		{"cleared", user, `{` + u + `,"title":"Dr","emails":[{"value":"x"}]}`, `{` + u + `,"emails":[]}`, scim.DiffOptions{}, `[{"op":"remove","path":"title"},{"op":"remove","path":"emails"}]`},
		{"readOnly is never written", user, `{` + u + `,"id":"1","groups":[{"value":"g"}]}`, `{` + u + `,"id":"2","meta":{"version":"3"}}`, scim.DiffOptions{}, `[]`},
		{"a password that is not told stays", user, `{` + u + `,"password":"x"}`, `{` + u + `}`, scim.DiffOptions{}, `[]`},
		{"a password that is told is set", user, `{` + u + `}`, `{` + u + `,"password":"x"}`, scim.DiffOptions{}, `[{"op":"add","path":"password","value":"x"}]`},
		{"parts of a name", user, `{` + u + `,"name":{"givenName":"a","familyName":"b","middleName":"c"}}`, `{` + u + `,"name":{"givenName":"x","familyName":"b","formatted":"f"}}`, scim.DiffOptions{},
			`[{"op":"add","path":"name.formatted","value":"f"},{"op":"replace","path":"name.givenName","value":"x"},{"op":"remove","path":"name.middleName"}]`},
		{"a whole name", user, `{` + u + `}`, `{` + u + `,"name":{"givenName":"x"}}`, scim.DiffOptions{}, `[{"op":"add","path":"name","value":{"givenName":"x"}}]`},
		{"the work address", user, emails(`{"value":"x","type":"work"},{"value":"y","type":"home"}`), emails(`{"value":"z","type":"work"},{"value":"y","type":"home"}`), scim.DiffOptions{},
			`[{"op":"replace","path":"emails[type eq \"work\"].value","value":"z"}]`},
		{"a type", user, emails(`{"value":"x","type":"work"},{"value":"y","type":"home"}`), emails(`{"value":"x","type":"other"},{"value":"y","type":"home"}`), scim.DiffOptions{},
			`[{"op":"replace","path":"emails[value eq \"x\"].type","value":"other"}]`},
		{"one more", user, emails(`{"value":"x","type":"work"}`), emails(`{"value":"x","type":"work"},{"value":"y","type":"home"}`), scim.DiffOptions{}, `[{"op":"add","path":"emails","value":[{"value":"y","type":"home"}]}]`},
		{"one less", user, emails(`{"value":"x","type":"work"},{"value":"y","type":"home"}`), emails(`{"value":"x","type":"work"}`), scim.DiffOptions{}, `[{"op":"remove","path":"emails[value eq \"y\"]"}]`},
		{"an address without value", user, `{` + u + `,"addresses":[{"type":"work","locality":"A"},{"type":"home","locality":"B"}]}`, `{` + u + `,"addresses":[{"type":"work","locality":"C"},{"type":"home","locality":"B"}]}`, scim.DiffOptions{},
			`[{"op":"replace","path":"addresses[type eq \"work\"].locality","value":"C"}]`},
		{"primary moves", user, emails(`{"value":"x","type":"work","primary":true},{"value":"y","type":"home","primary":false}`), emails(`{"value":"x","type":"work","primary":false},{"value":"y","type":"home","primary":true}`), scim.DiffOptions{},
			`[{"op":"replace","path":"emails[value eq \"y\"].primary","value":true}]`},
		{"all of them, where that is less", user, emails(`{"value":"a"},{"value":"b"},{"value":"c"}`), emails(`{"value":"x","type":"work"}`), scim.DiffOptions{}, `[{"op":"replace","path":"emails","value":[{"value":"x","type":"work"}]}]`},
		{"a department", user, `{` + u + `,` + e + `:{"department":"a"}}`, `{` + u + `,` + e + `:{"department":"b"}}`, scim.DiffOptions{}, `[{"op":"replace","path":` + strings.TrimSuffix(e, `"`) + `:department","value":"b"}]`},
		{"an extension comes", user, `{` + u + `}`, `{` + u + `,` + e + `:{"department":"b"}}`, scim.DiffOptions{}, `[{"op":"add","path":` + strings.TrimSuffix(e, `"`) + `:department","value":"b"}]`},
		{"an extension goes", user, `{` + u + `,` + e + `:{"department":"a"}}`, `{` + u + `}`, scim.DiffOptions{}, `[{"op":"remove","path":` + strings.TrimSuffix(e, `"`) + `:department"}]`},
		{"another manager", user, `{` + u + `,` + e + `:{"manager":{"value":"1","$ref":"r","displayName":"One"}}}`, `{` + u + `,` + e + `:{"manager":{"value":"2"}}}`, scim.DiffOptions{},
			`[{"op":"replace","path":` + strings.TrimSuffix(e, `"`) + `:manager","value":{"value":"2"}}]`},
		{"a reference in another spelling", newShapesType(), `{"schemas":["urn:example:Shape"],"boss":{"value":"a","$ref":"r"}}`, `{"schemas":["urn:example:Shape"],"boss":{"value":"A"}}`, scim.DiffOptions{},
			`[{"op":"replace","path":"boss","value":{"value":"A"}},{"op":"remove","path":"boss.$ref"}]`},
		{"tags", newShapesType(), `{"schemas":["urn:example:Shape"],"tags":["a","b","c","d"]}`, `{"schemas":["urn:example:Shape"],"tags":["d","e","c","b"]}`, scim.DiffOptions{},
			`[{"op":"remove","path":"tags[value eq \"a\"]"},{"op":"add","path":"tags","value":["e"]}]`},
		{"members", grp, members(`1 2 3`), members(`3 4 2 5`), scim.DiffOptions{}, `[{"op":"remove","path":"members[value eq \"1\"]"},{"op":"add","path":"members","value":[{"value":"4"},{"value":"5"}]}]`},
		{"members are never replaced", grp, members(`1`), members(`2`), scim.DiffOptions{}, `[{"op":"remove","path":"members[value eq \"1\"]"},{"op":"add","path":"members","value":[{"value":"2"}]}]`},
		{"what is known of a member stays", grp, group, strings.NewReplacer(`,"display":"One","type":"User"`, ``, `,"type":"User"`, ``).Replace(group), scim.DiffOptions{}, `[]`},
		{"no members", grp, members(`1 2`), members(``), scim.DiffOptions{}, `[{"op":"remove","path":"members"}]`},
		{"no members, one by one", grp, members(`1 2`), members(``), scim.DiffOptions{NoWholeLists: true}, `[{"op":"remove","path":"members[value eq \"1\"]"},{"op":"remove","path":"members[value eq \"2\"]"}]`},
		{"GitHub: members come", grp, members(`1 2`), members(`1 2 3`), github, `[{"op":"add","path":"members","value":[{"value":"3"}]}]`},
		{"GitHub: members go", grp, members(`1 2 3`), members(`1 2`), github, `[{"op":"replace","path":"members","value":[{"value":"1"},{"value":"2"}]}]`},
		{"GitHub: the work address", user, emails(`{"value":"x","type":"work"},{"value":"y"}`), emails(`{"value":"z","type":"work"},{"value":"y"}`), github, `[{"op":"replace","path":"emails","value":[{"value":"z","type":"work"},{"value":"y"}]}]`},
		{"AWS: members", grp, members(`1 2 3`), members(`3 4`), aws, `[{"op":"remove","path":"members","value":[{"value":"1"},{"value":"2"}]},{"op":"add","path":"members","value":[{"value":"4"}]}]`},
		{"AWS: no members", grp, members(`1 2`), members(``), aws, `[{"op":"remove","path":"members","value":[{"value":"1"},{"value":"2"}]}]`},
		{"a quote in a value", user, emails(`{"value":"\"\\ or value pr"},{"value":"y"}`), emails(`{"value":"y"}`), scim.DiffOptions{}, `[{"op":"remove","path":"emails[value eq \"\\\"\\\\ or value pr\"]"}]`},
		{"a value too long for a path", user, emails(`{"value":"` + strings.Repeat("x", 3000) + `"},{"value":"y"}`), emails(`{"value":"y"}`), scim.DiffOptions{}, `[{"op":"replace","path":"emails","value":[{"value":"y"}]}]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before, after := resource(t, test.before), resource(t, test.after)
			p, err := test.typ.Diff(before, after, &test.options)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(compact(t, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":`+test.want+`}`), patchText(t, p)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestDiffErrors(t *testing.T) {
	typ := newShapesType()
	const s = `{"schemas":["urn:example:Shape"]`
	tests := []struct {
		name          string
		typ           *scim.ResourceType
		before, after string
		options       *scim.DiffOptions
		want          error
	}{
		{"immutable changes", typ, s + `,"once":"a"}`, s + `,"once":"b"}`, nil, scim.ErrMutability},
		{"immutable goes", typ, s + `,"once":"a"}`, s + `}`, nil, scim.ErrMutability},
		{"immutable comes", typ, s + `}`, s + `,"once":"a"}`, nil, nil},
		{"immutable in an extension", typ, s + `,"urn:example:ext:2.0:Shape":{"once":"a"}}`, s + `}`, nil, scim.ErrMutability},
		{"immutable of a reference", typ, s + `,"members":[{"value":"1","type":"User"}]}`, s + `,"members":[{"value":"1","type":"Group"}]}`, nil, scim.ErrMutability},
		{"required goes", scim.NewUserType(), bare, `{"id":"1"}`, nil, scim.ErrInvalidValue},
		{"no way to remove", typ, s + `,"tags":["a","b"]}`, s + `,"tags":["a"]}`, &scim.DiffOptions{NoFilters: true, NoWholeLists: true}, errors.ErrUnsupported},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := test.typ.Diff(resource(t, test.before), resource(t, test.after), test.options); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

// One member more and one less of a large group cost two operations, whatever the order.
func TestDiffLargeGroup(t *testing.T) {
	const n = 100_000
	before, after := scim.NewResource(scim.GroupSchema), scim.NewResource(scim.GroupSchema)
	list := func(from, to int) []any {
		members := make([]any, 0, to-from)
		for i := to; i > from; i-- {
			members = append(members, scim.NewObject(scim.Member{Name: "value", Value: itoa(i)}))
		}
		return members
	}
	for i, r := range []*scim.Resource{before, after} {
		r.Set("displayName", "all")
		r.Set("members", list(i, n+i))
	}
	p, err := scim.NewGroupType().Diff(before, after, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := compact(t, fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"remove","path":"members[value eq \"1\"]"},{"op":"add","path":"members","value":[{"value":"%d"}]}]}`, n+1))
	if diff := cmp.Diff(want, patchText(t, p)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// IAM Identity Center takes 100 members in a request. All requests together do what the one does.
func TestPatchSplit(t *testing.T) {
	grp := scim.NewGroupType()
	before, after := scim.NewResource(scim.GroupSchema), scim.NewResource(scim.GroupSchema)
	for i, r := range []*scim.Resource{before, after} {
		var members []any
		for m := range 437 {
			members = append(members, scim.NewObject(scim.Member{Name: "value", Value: itoa(m + 300*i)}))
		}
		r.Set("displayName", "all"+itoa(i))
		r.Set("members", members)
	}
	for _, o := range []*scim.DiffOptions{nil, {NoFilters: true}, {NoFilters: true, RemoveByValue: true, NoWholeLists: true}} {
		p, err := grp.Diff(before, after, o)
		if err != nil {
			t.Fatal(err)
		}
		requests := p.Split(100)
		got, total := before, 0
		for _, req := range requests {
			n := 0
			for _, op := range req.Operations {
				list, _ := op.Value.([]any)
				n += max(1, len(list))
			}
			if total += n; n > 100 || n == 0 {
				t.Errorf("a request of %d", n)
			}
			got = apply(t, grp, got, req, scim.Tolerant)
		}
		if !grp.Equal(got, after) {
			t.Errorf("%+v: got %d members, want %d", o, len(got.GetValues("members")), len(after.GetValues("members")))
		}
		if want := (total + 99) / 100; len(requests) != want {
			t.Errorf("%+v: got %d requests, want %d", o, len(requests), want)
		}
		if whole := p.Split(0); len(whole) != 1 || whole[0] != p {
			t.Error("without a bound it was split")
		}
	}
}
