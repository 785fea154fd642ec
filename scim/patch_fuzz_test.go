package scim_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ilumy/usersync/scim"
)

// FuzzPatch holds every PATCH to these laws: it is refused with an Error that has a detail, or it leaves its
// argument alone, says truly whether it changed something, never touches what is readOnly, gives a resource that
// the schema allows, and does to the members what Membership says.
func FuzzPatch(f *testing.F) {
	for _, ops := range []string{
		`[{"op":"Replace","path":"active","value":"False"}]`,
		`[{"op":"add","path":"emails[type eq \"work\"].value","value":"x"},{"op":"remove","path":"emails[value co \"b\"]"}]`,
		`[{"op":"add","value":{"name.givenName":"x","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager":"1"}}]`,
		`[{"op":"remove","path":"members","value":[{"value":"1"}]},{"op":"add","path":"members","value":[{"value":"9","type":"User"}]}]`,
		`[{"op":"replace","path":"members","value":[]},{"op":"replace","value":{"id":"x","displayName":"y"}}]`,
		`[{"op":"replace","path":"emails","value":[{"value":"a","primary":true},{"value":"b","primary":"True"}]}]`,
		`[{"op":"remove","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"},{"op":"remove","path":"name.givenName"}]`,
		`[{"op":"replace","path":"members[value eq \"1\"]","value":{"type":"Group"}},{"op":"add","path":"emails.type","value":"x"}]`,
	} {
		f.Add(ops, true, false)
		f.Add(ops, false, true)
	}
	user, grp := scim.NewUserType(), scim.NewGroupType()
	f.Fuzz(func(t *testing.T, ops string, onUser, strict bool) {
		if onUser {
			checkPatch(t, user, jensen, ops, strict)
		} else {
			checkPatch(t, grp, group, ops, strict)
		}
	})
}

// TestPatchLaws holds random but sensible requests to the laws of FuzzPatch.
func TestPatchLaws(t *testing.T) {
	const ent = scim.EnterpriseUserSchema
	paths := []string{"", "", "title", "userName", "active", "name", "name.givenName", "emails", `emails[type eq \"work\"]`, `emails[type eq \"other\"]`,
		`emails[type eq \"work\"].value`, `emails[type eq \"other\" and primary eq true].value`, `emails[value co \"b\"].primary`, `emails[not (type eq \"home\")].type`, "emails.value", "emails.type",
		`emails[primary eq \"True\"].value`, "addresses", `addresses[type eq \"work\"].locality`, "roles", ent, ent + ":department", ent + ":manager", ent + ":manager.value", ent + ":manager.displayName",
		"members", "members", "members", `members[value eq \"1\"]`, `members[value eq \"3\"]`, `members[value eq \"7\" or value eq \"2\"]`, `members[type eq \"User\"]`, `members[value eq \"1\"].type`,
		`members[value eq \"8\"].type`, "members.type", "displayName", "id", "meta", "schemas", "externalId", "groups", "shoe", "urn:x:y"}
	values := []string{`"x"`, `""`, `"True"`, `true`, `null`, `5`, `[]`, `{}`, `"1"`, `{"value":"1"}`, `[{"value":"1"}]`, `[{"value":"2","type":"User"},{"value":"4"}]`, `["1","5"]`,
		`{"value":"b@home.example","type":"work","primary":true}`, `[{"value":"z","type":"home","primary":true},{"value":"b@work.example"}]`, `[{"value":"a","primary":true},{"value":"c","primary":true}]`,
		`{"givenName":"G","familyName":null}`, `{"members":[{"value":"3"}]}`, `{"title":"T","emails":[{"value":"q","type":"work"}],"id":"9"}`, `{"displayName":"D","members":[{"value":"6"}]}`,
		`{"name.givenName":"N","emails[type eq \"other\"].value":"o","` + ent + `:department":"P"}`, `{"` + ent + `":{"department":"Q","manager":"7","x":1}}`, `{"department":"R","manager":{"value":"","displayName":"S"}}`,
		`[{"locality":"L","type":"work"}]`, `[{"type":"work"}]`, `[null,{"value":null}]`, `[{"$ref":null,"value":"2","display":"Two"}]`}
	ops := []string{"add", "Replace", "remove", "replace", "Add", "Remove"}
	user, grp := scim.NewUserType(), scim.NewGroupType()
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		var sb strings.Builder
		for i := range 1 + r.IntN(4) {
			if i > 0 {
				sb.WriteByte(',')
			}
			fmt.Fprintf(&sb, `{"op":"%s"`, ops[r.IntN(len(ops))])
			if p := paths[r.IntN(len(paths))]; p != "" {
				fmt.Fprintf(&sb, `,"path":"%s"`, p)
			}
			if r.IntN(5) > 0 {
				fmt.Fprintf(&sb, `,"value":%s`, values[r.IntN(len(values))])
			}
			sb.WriteByte('}')
		}
		if r.IntN(2) == 0 {
			checkPatch(t, user, jensen, "["+sb.String()+"]", r.IntN(4) == 0)
		} else {
			checkPatch(t, grp, group, "["+sb.String()+"]", r.IntN(4) == 0)
		}
	}
}

func checkPatch(t *testing.T, typ *scim.ResourceType, stored, ops string, strict bool) {
	o := &scim.Options{}
	if strict {
		o.Dialect = scim.Strict
	}
	p, err := scim.DecodePatch([]byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":`+ops+`}`), o)
	if refused(t, err) {
		return
	}
	d, err := typ.Resolve(p, o)
	if refused(t, err) {
		return
	}
	r := resource(t, stored)
	before := text(t, r)
	got, changed, err := d.Apply(r)
	if text(t, r) != before {
		t.Fatalf("%s: Apply changed its argument", ops)
	}
	if refused(t, err) {
		return
	}
	if same := typ.Equal(r, got); same == changed {
		t.Fatalf("%s: changed is %v, but the resource is now %s", ops, changed, text(t, got))
	}
	for _, a := range []string{"id", "meta", "groups"} {
		if diff := cmp.Diff(member(t, r, a), member(t, got, a)); diff != "" {
			t.Fatalf("%s: %s was changed:\n%s", ops, a, diff)
		}
	}
	again, err := typ.Decode([]byte(text(t, got)), &scim.Options{Dialect: scim.Strict})
	if err != nil {
		t.Fatalf("%s: the schema does not allow %s: %v", ops, text(t, got), err)
	}
	if !typ.Equal(again, got) {
		t.Fatalf("%s: it is not normal: %s, but %s", ops, text(t, got), text(t, again))
	}
	if m, _, ok := d.Membership("members"); ok {
		// One who is removed and added again moves to the end, or stays.
		if diff := cmp.Diff(sorted(memberIDs(got)), sorted(applied(memberIDs(r), m))); diff != "" {
			t.Fatalf("%s: Membership and Apply differ:\n%s", ops, diff)
		}
	}
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

// refused reports whether there is an error, which must be an Error with a detail.
func refused(t *testing.T, err error) bool {
	t.Helper()
	var e *scim.Error
	if err != nil && (!errors.As(err, &e) || e.Detail == "" || e.Status/100 != 4) {
		t.Fatalf("not an Error with a detail: %v", err)
	}
	return err != nil
}
