package scim_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ilumy/usersync/scim"
)

// The semantics of RFC 7644 section 3.5.2, in the strict dialect.
func TestPatchSemantics(t *testing.T) {
	user, grp := scim.NewUserType(), scim.NewGroupType()
	const ent = scim.EnterpriseUserSchema
	tests := []struct {
		name   string
		typ    *scim.ResourceType
		stored string
		ops    string
		path   string
		want   string
		same   bool // nothing changes
		err    error
	}{
		// Add.
		{"add a new attribute", user, bare, `[{"op":"add","path":"title","value":"Dr"}]`, "title", `"Dr"`, false, nil},
		{"add replaces a single value", user, jensen, `[{"op":"add","path":"name.givenName","value":"Babs"}]`, "name", `{"givenName":"Babs","familyName":"Jensen"}`, false, nil},
		{"add to a complex attribute keeps the rest", user, jensen, `[{"op":"add","path":"name","value":{"middleName":"J"}}]`, "name", `{"givenName":"Barbara","familyName":"Jensen","middleName":"J"}`, false, nil},
		{"add without path", user, jensen, `[{"op":"add","value":{"title":"Dr","name":{"givenName":"B"},"emails":[{"value":"x@example.com","type":"other"}]}}]`, "emails",
			`[{"value":"b@work.example","type":"work","primary":true},{"value":"b@home.example","type":"home"},{"value":"x@example.com","type":"other"}]`, false, nil},
		{"add what is there", user, jensen, `[{"op":"add","path":"emails","value":[{"value":"b@home.example","type":"home"}]}]`, "", ``, true, nil},
		{"add a scalar that is there", user, jensen, `[{"op":"add","path":"userName","value":"bjensen"}]`, "", ``, true, nil},
		{"add a member that is there", grp, group, `[{"op":"add","path":"members","value":[{"value":"1","type":"User"}]}]`, "", ``, true, nil},
		{"add with a filter", user, jensen, `[{"op":"add","path":"emails[type eq \"home\"]","value":{"display":"Home"}}]`, "emails",
			`[{"value":"b@work.example","type":"work","primary":true},{"value":"b@home.example","type":"home","display":"Home"}]`, false, nil},
		{"add an extension", user, bare, `[{"op":"add","path":"` + ent + `","value":{"department":"IT"}}]`, ent, `{"department":"IT"}`, false, nil},
		{"add to an extension without path", user, jensen, `[{"op":"add","value":{"` + ent + `":{"costCenter":"1"}}}]`, ent, `{"department":"Sales","manager":{"value":"26","displayName":"Jo"},"costCenter":"1"}`, false, nil},
		{"add without value", user, bare, `[{"op":"add","path":"title"}]`, "", ``, false, scim.ErrInvalidValue},
		{"add of a wrong type", user, bare, `[{"op":"add","path":"active","value":"yes"}]`, "", ``, false, scim.ErrInvalidValue},
		{"add without path and object", user, bare, `[{"op":"add","value":"x"}]`, "", ``, false, scim.ErrInvalidValue},
		// Replace.
		{"replace a value", user, jensen, `[{"op":"replace","path":"userName","value":"new"}]`, "userName", `"new"`, false, nil},
		{"replace what is not there", user, bare, `[{"op":"replace","path":"nickName","value":"B"}]`, "nickName", `"B"`, false, nil},
		{"replace by the same", user, jensen, `[{"op":"replace","path":"name","value":{"givenName":"Barbara"}}]`, "", ``, true, nil},
		{"replace all by the same in another order", user, jensen, `[{"op":"replace","path":"emails","value":[{"type":"home","value":"b@home.example"},{"primary":true,"type":"work","value":"b@work.example"}]}]`, "", ``, true, nil},
		{"a change of case is a change", user, jensen, `[{"op":"replace","path":"userName","value":"BJensen"}]`, "userName", `"BJensen"`, false, nil},
		{"replace all values", user, jensen, `[{"op":"replace","path":"emails","value":[{"value":"x@example.com"}]}]`, "emails", `[{"value":"x@example.com"}]`, false, nil},
		{"replace selected values", user, jensen, `[{"op":"replace","path":"emails[type eq \"home\"]","value":{"value":"x@example.com","type":"other"}}]`, "emails",
			`[{"value":"b@work.example","type":"work","primary":true},{"value":"x@example.com","type":"other"}]`, false, nil},
		{"replace a sub-attribute of selected values", user, jensen, `[{"op":"replace","path":"emails[type eq \"home\"].value","value":"x@example.com"}]`, "emails",
			`[{"value":"b@work.example","type":"work","primary":true},{"value":"x@example.com","type":"home"}]`, false, nil},
		{"replace a sub-attribute of all values", user, jensen, `[{"op":"replace","path":"emails.type","value":"other"}]`, "emails",
			`[{"value":"b@work.example","type":"other","primary":true},{"value":"b@home.example","type":"other"}]`, false, nil},
		{"replace without match", user, jensen, `[{"op":"replace","path":"emails[type eq \"other\"].value","value":"x"}]`, "", ``, false, scim.ErrNoTarget},
		{"add without match", user, jensen, `[{"op":"add","path":"emails[type eq \"other\"].value","value":"x"}]`, "", ``, false, scim.ErrNoTarget},
		{"replace another manager", user, jensen, `[{"op":"replace","path":"` + ent + `:manager.value","value":"27"}]`, ent, `{"department":"Sales","manager":{"value":"27"}}`, false, nil},
		{"replace a manager forgets the old one", user, jensen, `[{"op":"replace","path":"` + ent + `:manager","value":{"value":"27"}}]`, ent, `{"department":"Sales","manager":{"value":"27"}}`, false, nil},
		{"replace readOnly", user, jensen, `[{"op":"replace","path":"id","value":"2"}]`, "", ``, false, scim.ErrMutability},
		{"replace readOnly groups", user, jensen, `[{"op":"replace","path":"groups","value":[{"value":"1"}]}]`, "", ``, false, scim.ErrMutability},
		{"replace a member's value", grp, group, `[{"op":"replace","path":"members[value eq \"1\"].value","value":"9"}]`, "", ``, false, scim.ErrMutability},
		{"replace by nothing but readOnly", user, jensen, `[{"op":"replace","path":"` + ent + `:manager","value":{"displayName":"x"}}]`, "", ``, false, scim.ErrMutability},
		{"replace a required one by nothing", user, jensen, `[{"op":"replace","path":"userName","value":""}]`, "", ``, false, scim.ErrInvalidValue},
		{"primary moves", user, jensen, `[{"op":"replace","path":"emails[type eq \"home\"]","value":{"value":"b@home.example","type":"home","primary":true}}]`, "emails",
			`[{"value":"b@work.example","type":"work","primary":false},{"value":"b@home.example","type":"home","primary":true}]`, false, nil},
		// Remove.
		{"remove a value", user, jensen, `[{"op":"remove","path":"name.givenName"}]`, "name", `{"familyName":"Jensen"}`, false, nil},
		{"remove a complex attribute", user, jensen, `[{"op":"remove","path":"name"}]`, "name", ``, false, nil},
		{"remove the last of a complex attribute", user, jensen, `[{"op":"remove","path":"name.givenName"},{"op":"remove","path":"name.familyName"}]`, "name", ``, false, nil},
		{"remove all values", user, jensen, `[{"op":"remove","path":"emails"}]`, "emails", ``, false, nil},
		{"remove selected values", user, jensen, `[{"op":"remove","path":"emails[type eq \"work\" or value eq \"b@home.example\"]"}]`, "emails", ``, false, nil},
		{"remove by comparison", grp, group, `[{"op":"remove","path":"members[value ne \"2\"]"}]`, "members", `[{"value":"2","type":"User"}]`, false, nil},
		{"remove a sub-attribute of selected values", user, jensen, `[{"op":"remove","path":"emails[type eq \"work\"].primary"}]`, "emails",
			`[{"value":"b@work.example","type":"work"},{"value":"b@home.example","type":"home"}]`, false, nil},
		{"remove what is not there", user, jensen, `[{"op":"remove","path":"title"}]`, "", ``, true, nil},
		{"remove an extension", user, jensen, `[{"op":"remove","path":"` + ent + `"}]`, "schemas", `["urn:ietf:params:scim:schemas:core:2.0:User"]`, false, nil},
		{"remove the last of an extension", user, jensen, `[{"op":"remove","path":"` + ent + `:department"},{"op":"remove","path":"` + ent + `:manager"}]`, "schemas", `["urn:ietf:params:scim:schemas:core:2.0:User"]`, false, nil},
		{"remove without match", user, jensen, `[{"op":"remove","path":"emails[type eq \"other\"]"}]`, "", ``, false, scim.ErrNoTarget},
		{"remove without path", user, jensen, `[{"op":"remove"}]`, "", ``, false, scim.ErrNoTarget},
		{"remove a required one", user, jensen, `[{"op":"remove","path":"userName"}]`, "", ``, false, scim.ErrMutability},
		{"remove readOnly", user, jensen, `[{"op":"remove","path":"meta"}]`, "", ``, false, scim.ErrMutability},
		// The whole.
		{"all or nothing", user, jensen, `[{"op":"replace","path":"userName","value":"x"},{"op":"remove","path":"emails[type eq \"other\"]"}]`, "", ``, false, scim.ErrNoTarget},
		{"there and back again", user, jensen, `[{"op":"replace","path":"userName","value":"x"},{"op":"replace","path":"userName","value":"bjensen"}]`, "", ``, true, nil},
		{"remove and add again", grp, group, `[{"op":"remove","path":"members[value eq \"3\"]"},{"op":"add","path":"members","value":[{"value":"3"}]}]`, "", ``, true, nil},
		{"remove, then set a required one", user, jensen, `[{"op":"remove","path":"userName"},{"op":"add","path":"userName","value":"x"}]`, "userName", `"x"`, false, nil},
		{"no operations", user, jensen, `[]`, "", ``, true, nil},
		// Bad input.
		{"unknown operation", user, jensen, `[{"op":"move","path":"title"}]`, "", ``, false, scim.ErrInvalidSyntax},
		{"an operation that is no object", user, jensen, `["add"]`, "", ``, false, scim.ErrInvalidSyntax},
		{"operations that are no list", user, jensen, `{"op":"add"}`, "", ``, false, scim.ErrInvalidSyntax},
		{"path that is no string", user, jensen, `[{"op":"add","path":1,"value":1}]`, "", ``, false, scim.ErrInvalidPath},
		{"path that is no path", user, jensen, `[{"op":"add","path":"emails[type eq","value":1}]`, "", ``, false, scim.ErrInvalidPath},
		{"path of nothing known", user, jensen, `[{"op":"add","path":"shoeSize","value":44}]`, "", ``, false, scim.ErrInvalidPath},
		{"filter on a single value", user, jensen, `[{"op":"add","path":"title[value eq \"x\"]","value":"y"}]`, "", ``, false, scim.ErrInvalidPath},
		{"filter of nothing known", user, jensen, `[{"op":"add","path":"emails[shoe eq \"x\"]","value":{}}]`, "", ``, false, scim.ErrInvalidFilter},
		{"too many operations", user, jensen, `[` + strings.Repeat(`{"op":"remove","path":"title"},`, 1000) + `{"op":"remove","path":"title"}]`, "", ``, false, scim.ErrTooLarge},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, changed, err := patched(t, test.typ, test.stored, test.ops, &scim.Options{Dialect: scim.Strict})
			if !errors.Is(err, test.err) {
				t.Fatalf("got error %v, want %v", err, test.err)
			} else if err != nil {
				return
			}
			if changed == test.same {
				t.Errorf("changed: got %v, want %v", changed, !test.same)
			}
			if test.same {
				if diff := cmp.Diff(compact(t, test.stored), text(t, r)); diff != "" {
					t.Errorf("nothing shall change:\n%s", diff)
				}
			}
			if test.path != "" {
				if diff := cmp.Diff(test.want, member(t, r, test.path)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", test.path, diff)
				}
			}
		})
	}
}

func TestMembership(t *testing.T) {
	tests := []struct {
		name, ops   string
		ok          bool
		replace     bool
		add, remove string
		rest        bool
	}{
		{"add", `[{"op":"add","path":"members","value":[{"value":"4"},{"value":"5"}]}]`, true, false, "4 5", "", false},
		{"add without path", `[{"op":"add","value":{"members":[{"value":"4"}],"displayName":"x"}}]`, true, false, "4", "", true},
		{"remove by filter", `[{"op":"remove","path":"members[value eq \"1\"]"}]`, true, false, "", "1", false},
		{"remove by value", `[{"op":"Remove","path":"members","value":[{"value":"1"},{"value":"2"}]}]`, true, false, "", "1 2", false},
		{"replace", `[{"op":"replace","path":"members","value":[{"value":"4"}]}]`, true, true, "4", "", false},
		{"clear", `[{"op":"replace","path":"members","value":[]}]`, true, true, "", "", false},
		{"remove all", `[{"op":"remove","path":"members"}]`, true, true, "", "", false},
		{"the last counts: remove", `[{"op":"add","path":"members","value":[{"value":"4"},{"value":"5"}]},{"op":"remove","path":"members[value eq \"4\"]"}]`, true, false, "5", "4", false},
		{"the last counts: add", `[{"op":"remove","path":"members[value eq \"4\"]"},{"op":"add","path":"members","value":[{"value":"4"}]}]`, true, false, "4", "", false},
		{"remove all, then add", `[{"op":"add","path":"members","value":[{"value":"3"}]},{"op":"remove","path":"members"},{"op":"add","path":"members","value":[{"value":"4"}]},{"op":"remove","path":"members[value eq \"9\"]"}]`, true, true, "4", "", false},
		{"nothing", `[{"op":"replace","path":"displayName","value":"x"}]`, true, false, "", "", true},
		{"remove by type", `[{"op":"remove","path":"members[type eq \"User\"]"}]`, false, false, "", "", false},
		{"replace of one", `[{"op":"replace","path":"members[value eq \"1\"]","value":{"value":"1","type":"Group"}}]`, false, false, "", "", false},
		{"a sub-attribute", `[{"op":"replace","path":"members.type","value":"Group"}]`, false, false, "", "", false},
	}
	grp := scim.NewGroupType()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, err := scim.DecodePatch([]byte(`{"Operations":`+test.ops+`}`), nil)
			if err != nil {
				t.Fatal(err)
			}
			d, err := grp.Resolve(p, nil)
			if err != nil {
				t.Fatal(err)
			}
			m, rest, ok := d.Membership("members")
			if ok != test.ok {
				t.Fatalf("ok: got %v, want %v", ok, test.ok)
			} else if !ok {
				return
			}
			var add []string
			for _, o := range m.Add {
				add = append(add, o.GetString("value"))
			}
			if m.Replace != test.replace || strings.Join(add, " ") != test.add || strings.Join(m.Remove, " ") != test.remove || rest.Empty() == test.rest {
				t.Errorf("got replace %v, add %v, remove %v, rest %v", m.Replace, add, m.Remove, !rest.Empty())
			}
			// A store that follows Membership has the same members as one that follows Apply.
			r := resource(t, group)
			whole, _, err := d.Apply(r)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(memberIDs(whole), applied(memberIDs(r), m)); diff != "" {
				t.Errorf("Membership and Apply differ:\n%s", diff)
			}
		})
	}
}

func memberIDs(r *scim.Resource) []string {
	ids := []string{}
	for _, v := range r.GetValues("members") {
		ids = append(ids, v.(*scim.Object).GetString("value"))
	}
	return ids
}

func applied(ids []string, m *scim.Membership) []string {
	if m.Replace {
		ids = []string{}
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return slices.Contains(m.Remove, id) })
	for _, o := range m.Add {
		if id := o.GetString("value"); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Many operations on a large group stay linear: a square of these would take minutes.
func TestPatchManyMembers(t *testing.T) {
	const n = 20_000
	grp := scim.NewGroupType()
	members := make([]any, n)
	for i := range members {
		members[i] = scim.NewObject(scim.Member{Name: "value", Value: itoa(i)})
	}
	r := scim.NewResource(scim.GroupSchema)
	r.Set("displayName", "all")
	r.Set("members", members)
	var ops []scim.PatchOperation
	for i := range 500 {
		ops = append(ops,
			scim.PatchOperation{Op: scim.Remove, Path: fmt.Sprintf(`members[value eq "%d"]`, i)},
			scim.PatchOperation{Op: scim.Add, Path: "members", Value: []any{scim.NewObject(scim.Member{Name: "value", Value: "n" + itoa(i)})}})
	}
	var again, gone []any
	for i := range n {
		again = append(again, scim.NewObject(scim.Member{Name: "value", Value: itoa(n - i)}))
		gone = append(gone, scim.NewObject(scim.Member{Name: "value", Value: itoa(2 * i)}))
	}
	ops = append(ops, scim.PatchOperation{Op: scim.Add, Path: "members", Value: again}, scim.PatchOperation{Op: scim.Remove, Path: "members", Value: gone})
	d, err := grp.Resolve(&scim.PatchRequest{Operations: ops}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, changed, err := d.Apply(r)
	if err != nil || !changed {
		t.Fatal(changed, err)
	}
	// 0 to 20,000 and n0 to n499, without the even numbers.
	if ids := memberIDs(got); len(ids) != n/2+500 {
		t.Errorf("got %d members, want %d", len(ids), n/2+500)
	}
}

// The work that filters make is bounded.
func TestPatchTooMuchWork(t *testing.T) {
	grp := scim.NewGroupType()
	members := make([]any, 50_000)
	for i := range members {
		members[i] = scim.NewObject(scim.Member{Name: "value", Value: itoa(i)})
	}
	r := scim.NewResource(scim.GroupSchema)
	r.Set("members", members)
	ops := make([]scim.PatchOperation, 1000)
	for i := range ops {
		ops[i] = scim.PatchOperation{Op: scim.Remove, Path: `members[type co "x"]`}
	}
	d, err := grp.Resolve(&scim.PatchRequest{Operations: ops}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err = d.Apply(r); !errors.Is(err, scim.ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}

// What has a value and is immutable stays as it is, whatever names it (RFC 7644 section 3.5.2), and what is readOnly in an
// extension stays when the rest of it goes.
func TestPatchImmutable(t *testing.T) {
	fixed := func() []*scim.Attribute {
		return []*scim.Attribute{
			{Name: "serial", Mutability: scim.Immutable}, {Name: "codes", MultiValued: true, Mutability: scim.Immutable}, {Name: "title"}, {Name: "state", Mutability: scim.ReadOnly},
			{Name: "box", Type: scim.Complex, Mutability: scim.Immutable, SubAttributes: []*scim.Attribute{{Name: "a"}, {Name: "tags", MultiValued: true}}},
			{Name: "rows", Type: scim.Complex, MultiValued: true, Mutability: scim.Immutable, SubAttributes: []*scim.Attribute{{Name: "value"}, {Name: "a"}}},
			{Name: "open", Type: scim.Complex, SubAttributes: []*scim.Attribute{{Name: "a"}, {Name: "since", Mutability: scim.Immutable}}},
		}
	}
	typ := scim.MustResourceType(scim.ResourceTypeDefinition{Name: "X", Endpoint: "/X", Schema: &scim.Schema{ID: "urn:x", Attributes: fixed()},
		Extensions: []scim.Extension{{Schema: &scim.Schema{ID: "urn:y", Attributes: fixed()}}}})
	const values = `"serial":"1","codes":["a","b"],"box":{"a":"b","tags":["x"]},"rows":[{"value":"1","a":"b"}],"open":{"a":"b","since":"c"}`
	const stored = `{"schemas":["urn:x","urn:y"],"id":"1",` + values + `,"urn:y":{` + values + `,"title":"t","state":"s"}}`
	tests := []struct {
		op, path, value string // after urn:y: too
		want            error
	}{
		{"replace", "serial", `"2"`, scim.ErrMutability},
		{"replace", "serial", `"1"`, nil},
		{"remove", "serial", ``, scim.ErrMutability},
		{"replace", "serial", `null`, scim.ErrMutability},
		{"add", "codes", `["c"]`, scim.ErrMutability},
		{"add", "codes", `["a"]`, nil},
		{"replace", "codes", `["b","a"]`, nil},
		{"replace", "codes", `["b"]`, scim.ErrMutability},
		{"replace", "codes", `[]`, scim.ErrMutability},
		{"remove", `codes[value eq \"a\"]`, ``, scim.ErrMutability},
		{"remove", "codes", ``, scim.ErrMutability},
		{"replace", "box.a", `"c"`, scim.ErrMutability},
		{"replace", "box.a", `"b"`, nil},
		{"add", "box.tags", `["y"]`, scim.ErrMutability},
		{"remove", "box.tags", ``, scim.ErrMutability},
		{"remove", "box", ``, scim.ErrMutability},
		{"replace", `rows[value eq \"1\"].a`, `"c"`, scim.ErrMutability},
		{"remove", "rows", ``, scim.ErrMutability},
		{"replace", "open.since", `"d"`, scim.ErrMutability},
		{"remove", "open.since", ``, scim.ErrMutability},
		{"replace", "open.a", `"c"`, nil},
		{"remove", "open", ``, nil}, // it goes as a whole
	}
	for _, test := range tests {
		for _, urn := range []string{"", "urn:y:"} {
			for _, dialect := range []scim.Dialect{scim.Tolerant, scim.Strict} {
				t.Run(fmt.Sprint(test.op, " ", urn, test.path, test.value, dialect), func(t *testing.T) {
					op := fmt.Sprintf(`[{"op":%q,"path":"%s%s"`, test.op, urn, test.path)
					if test.value != "" {
						op += `,"value":` + test.value
					}
					_, _, err := patched(t, typ, stored, op+`}]`, &scim.Options{Dialect: dialect})
					if want := test.want; !errors.Is(err, want) && !(test.value == "null" && errors.Is(err, scim.ErrInvalidValue)) {
						t.Errorf("got %v, want %v", err, want)
					}
				})
			}
		}
	}
	if _, _, err := patched(t, typ, stored, `[{"op":"remove","path":"urn:y"}]`, nil); !errors.Is(err, scim.ErrMutability) {
		t.Errorf("an extension with what is immutable was removed: %v", err)
	}
	const open = `{"schemas":["urn:x","urn:y"],"id":"1","urn:y":{"title":"t","state":"s"}}`
	got, _, err := patched(t, typ, open, `[{"op":"remove","path":"urn:y","value":{"title":"t"}}]`, nil)
	if err != nil || member(t, got, "urn:y") != `{"state":"s"}` || !got.HasSchema("urn:y") {
		t.Errorf("readOnly in a removed extension: %v, %s", err, text(t, got))
	}
	got, _, err = patched(t, typ, `{"schemas":["urn:x"],"id":"1"}`, `[{"op":"add","path":"serial","value":"1"},{"op":"add","path":"codes","value":["a"]},{"op":"add","path":"codes","value":["b"]}]`, nil)
	if err != nil || got.GetString("serial") != "1" || len(got.GetValues("codes")) != 2 {
		t.Errorf("what is immutable and has no value yet: %v, %v", got, err)
	}
}
