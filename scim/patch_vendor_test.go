package scim_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ilumy/usersync/scim"
)

const (
	enterprise = scim.EnterpriseUserSchema

	jensen = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
		"id":"1","externalId":"e1","userName":"bjensen","name":{"givenName":"Barbara","familyName":"Jensen"},"active":true,
		"emails":[{"value":"b@work.example","type":"work","primary":true},{"value":"b@home.example","type":"home"}],
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales","manager":{"value":"26","displayName":"Jo"}}}`
	bare  = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"1","userName":"bjensen"}`
	group = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"g","displayName":"Sales",
		"members":[{"value":"1","display":"One","type":"User"},{"value":"2","type":"User"},{"value":"3"}]}`
)

// patched gives what a request makes of a resource.
func patched(t *testing.T, typ *scim.ResourceType, stored, ops string, o *scim.Options) (*scim.Resource, bool, error) {
	t.Helper()
	p, err := scim.DecodePatch([]byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":`+ops+`}`), o)
	if err != nil {
		return nil, false, err
	}
	d, err := typ.Resolve(p, o)
	if err != nil {
		return nil, false, err
	}
	r := resource(t, stored)
	before := text(t, r)
	n, changed, err := d.Apply(r)
	if diff := cmp.Diff(before, text(t, r)); diff != "" {
		t.Errorf("Apply changed its argument:\n%s", diff)
	}
	return n, changed, err
}

func TestPatchVendors(t *testing.T) {
	user, grp := scim.NewUserType(), scim.NewGroupType()
	tests := []struct {
		name   string
		typ    *scim.ResourceType
		stored string
		ops    string
		path   string // what is looked at
		want   string // as JSON; "" if it is absent
		kind   scim.DeviationKind
		strict error // nil if the strict dialect takes it too
	}{
		{"Entra: capitalised op and boolean as string", user, jensen, `[{"op":"Replace","path":"active","value":"False"}]`,
			"active", `false`, scim.BooleanString, scim.ErrInvalidValue},
		{"Entra: capitalised op", user, jensen, `[{"op":"Add","path":"title","value":"Dr"}]`, "title", `"Dr"`, scim.CapitalOperation, nil},
		{"Entra: remove of what is gone", user, jensen, `[{"op":"remove","path":"emails[type eq \"other\"]"},{"op":"add","path":"title","value":"Dr"}]`, "title", `"Dr"`, scim.RemoveNothing, scim.ErrNoTarget},
		{"core attributes with their URN", user, jensen, `[{"op":"replace","path":"urn:ietf:params:scim:schemas:core:2.0:User:name.givenName","value":"Babs"}]`, "name", `{"givenName":"Babs","familyName":"Jensen"}`, "", nil},
		{"Entra: simple value in a list of objects", user, jensen, `[{"op":"Replace","path":"displayName","value":[{"$ref":null,"value":"Babs"}]}]`,
			"displayName", `"Babs"`, scim.WrappedScalar, scim.ErrInvalidValue},
		{"Entra: remove of a member by value", grp, group, `[{"op":"Remove","path":"members","value":[{"$ref":null,"value":"2"}]}]`,
			"members", `[{"value":"1","display":"One","type":"User"},{"value":"3"}]`, scim.RemoveByValue, scim.ErrInvalidValue},
		{"Entra: value created for a filter without match", user, bare, `[{"op":"Add","path":"emails[type eq \"work\"].value","value":"x@work.example"}]`,
			"emails", `[{"type":"work","value":"x@work.example"}]`, scim.CreatedOnMiss, scim.ErrNoTarget},
		{"Entra: replace creates too", user, bare, `[{"op":"replace","path":"emails[type eq \"work\"].value","value":"x@work.example"}]`,
			"emails", `[{"type":"work","value":"x@work.example"}]`, scim.CreatedOnMiss, scim.ErrNoTarget},
		{"Entra: several operations on one filter build one value", user, bare, `[
			{"op":"add","path":"addresses[type eq \"work\"].streetAddress","value":"Dam 1"},
			{"op":"add","path":"addresses[type eq \"work\"].locality","value":"Amsterdam"},
			{"op":"add","path":"addresses[type eq \"work\"].country","value":"NL"}]`,
			"addresses", `[{"type":"work","streetAddress":"Dam 1","locality":"Amsterdam","country":"NL"}]`, scim.CreatedOnMiss, scim.ErrNoTarget},
		{"Entra: capital sub-attribute", user, bare, `[{"op":"add","path":"emails[type eq \"other\"].Value","value":"x@example.com"}]`,
			"emails", `[{"type":"other","value":"x@example.com"}]`, scim.CreatedOnMiss, scim.ErrNoTarget},
		{"Entra: boolean as string in a filter", user, bare, `[{"op":"add","path":"roles[primary eq \"True\"].value","value":"admin"}]`,
			"roles", `[{"primary":true,"value":"admin"}]`, scim.LiteralType, scim.ErrInvalidFilter},
		{"Entra: path as name, dotted", user, jensen, `[{"op":"replace","value":{"name.givenName":"Babs","displayName":"B"}}]`,
			"name", `{"givenName":"Babs","familyName":"Jensen"}`, scim.PathAsKey, scim.ErrInvalidSyntax},
		{"Entra: path as name, extension", user, bare, `[{"op":"add","value":{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department":"IT"}}]`,
			enterprise, `{"department":"IT"}`, scim.PathAsKey, scim.ErrInvalidSyntax},
		{"Entra: path as name, with filter", user, bare, `[{"op":"add","value":{"emails[type eq \"work\"].value":"x@example.com"}}]`,
			"emails", `[{"type":"work","value":"x@example.com"}]`, scim.PathAsKey, scim.ErrInvalidSyntax},
		{"Entra: manager as string", user, jensen, `[{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"27"}]`,
			enterprise, `{"department":"Sales","manager":{"value":"27"}}`, scim.ScalarComplex, scim.ErrInvalidValue},
		{"Entra: manager as list", user, jensen, `[{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":[{"value":"27"}]}]`,
			enterprise, `{"department":"Sales","manager":{"value":"27"}}`, scim.SingleList, scim.ErrInvalidValue},
		{"Entra: empty manager clears", user, jensen, `[{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":""}]`,
			enterprise, `{"department":"Sales"}`, scim.EmptyString, scim.ErrInvalidValue},
		{"Entra: a manager with an empty id clears", user, jensen, `[{"op":"Replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":{"value":""}}]`,
			enterprise, `{"department":"Sales"}`, scim.EmptyString, nil},
		{"Entra: an empty id of the manager clears", user, jensen, `[{"op":"Replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value","value":""}]`,
			enterprise, `{"department":"Sales"}`, scim.EmptyString, nil},
		{"Entra: unknown extension attribute is ignored, the rest applied", user, jensen, `[
			{"op":"add","path":"urn:ietf:params:scim:schemas:extension:custom:2.0:User:shoe","value":"44"},{"op":"add","path":"title","value":"Dr"}]`,
			"title", `"Dr"`, scim.UnknownAttribute, scim.ErrInvalidPath},
		{"Okta: deactivate without path", user, jensen, `[{"op":"replace","value":{"active":false}}]`, "active", `false`, "", nil},
		{"Okta: rename of a group with its id", grp, group, `[{"op":"replace","value":{"id":"g","displayName":"Buyers"}}]`,
			"displayName", `"Buyers"`, scim.ReadOnlyIgnored, scim.ErrMutability},
		{"Okta: remove by filter and add in one request", grp, group, `[
			{"op":"remove","path":"members[value eq \"1\"]"},{"op":"add","path":"members","value":[{"value":"4","display":"Four"}]}]`,
			"members", `[{"value":"2","type":"User"},{"value":"3"},{"value":"4"}]`, "", nil},
		{"Okta: replace members", grp, group, `[{"op":"replace","path":"members","value":[{"value":"9"}]}]`, "members", `[{"value":"9"}]`, "", nil},
		{"Okta: replace members with none", grp, group, `[{"op":"replace","path":"members","value":[]}]`, "members", ``, "", nil},
		{"JumpCloud: repeated add", grp, group, `[{"op":"add","path":"members","value":[{"value":"2"},{"value":"4"}]}]`,
			"members", `[{"value":"1","display":"One","type":"User"},{"value":"2","type":"User"},{"value":"3"},{"value":"4"}]`, "", nil},
		{"Ping: wrapped members", grp, group, `[{"op":"remove","path":"members","value":{"members":[{"value":"1"},{"value":"3"}]}}]`,
			"members", `[{"value":"2","type":"User"}]`, scim.WrappedValue, scim.ErrInvalidValue},
		{"SailPoint: replace of an absent complex attribute", user, bare, `[{"op":"replace","path":"name","value":{"familyName":"J"}}]`,
			"name", `{"familyName":"J"}`, "", nil},
		{"a name that is no path is ignored, the rest applied", user, jensen, `[{"op":"replace","value":{"http://schemas.example.com/2006/11/x/2.0/User":{"a":1},"a b":2,"title":"Dr"}}]`,
			"title", `"Dr"`, scim.UnknownAttribute, scim.ErrInvalidSyntax},
		{"null removes", user, jensen, `[{"op":"replace","path":"name.givenName","value":null}]`, "name", `{"familyName":"Jensen"}`, scim.NullRemoves, scim.ErrInvalidValue},
		{"a remove with an empty list removes nothing", grp, group, `[{"op":"remove","path":"members","value":[]},{"op":"replace","path":"displayName","value":"x"}]`,
			"members", `[{"value":"1","display":"One","type":"User"},{"value":"2","type":"User"},{"value":"3"}]`, scim.RemoveByValue, scim.ErrInvalidValue},
		{"remove without value removes all", grp, group, `[{"op":"remove","path":"members"}]`, "members", ``, "", nil},
		{"names in another case", user, jensen, `[{"op":"replace","path":"NAME.GIVENNAME","value":"Babs"}]`, "name", `{"givenName":"Babs","familyName":"Jensen"}`, "", nil},
		{"primary is unset on others", user, jensen, `[{"op":"add","path":"emails","value":[{"value":"n@example.com","type":"other","primary":true}]}]`,
			"emails", `[{"value":"b@work.example","type":"work","primary":false},{"value":"b@home.example","type":"home"},{"value":"n@example.com","type":"other","primary":true}]`, "", nil},
		{"primary by filter", user, jensen, `[{"op":"replace","path":"emails[type eq \"home\"].primary","value":true}]`,
			"emails", `[{"value":"b@work.example","type":"work","primary":false},{"value":"b@home.example","type":"home","primary":true}]`, "", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			kinds := map[scim.DeviationKind]bool{}
			o := &scim.Options{Tolerated: func(d scim.Deviation) { kinds[d.Kind] = true }}
			r, _, err := patched(t, test.typ, test.stored, test.ops, o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, member(t, r, test.path)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.path, diff)
			}
			if test.kind != "" && !kinds[test.kind] || test.kind == "" && len(kinds) > 0 {
				t.Errorf("tolerated %v, want %q", kinds, test.kind)
			}
			_, _, err = patched(t, test.typ, test.stored, test.ops, &scim.Options{Dialect: scim.Strict})
			if !errors.Is(err, test.strict) {
				t.Errorf("strict: got %v, want %v", err, test.strict)
			}
		})
	}
}
