package scim_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ilumy/usersync/scim"
)

// TestSpecPoints has the points of the RFCs on filters, paths, PATCH and schemas that are easy to get wrong.
func TestSpecPoints(t *testing.T) {
	user, grp := scim.NewUserType(), scim.NewGroupType()
	strict := &scim.Options{Dialect: scim.Strict}
	const ent = scim.EnterpriseUserSchema
	tests := []struct {
		point       string
		typ         *scim.ResourceType
		stored, ops string
		path, want  string
		changed     bool
		err         error // in the strict dialect, which the others are tested in too
	}{
		{"7644 3.5.2.1: add of a value that is there changes nothing", user, jensen, `[{"op":"add","path":"emails","value":[{"value":"B@WORK.example","type":"WORK"}]}]`, "emails", `[{"value":"b@work.example","type":"work","primary":true},{"value":"b@home.example","type":"home"}]`, false, nil},
		{"7644 3.5.2.1: add of all that is there changes nothing", grp, group, `[{"op":"add","value":{"displayName":"Sales","members":[{"value":"1"},{"value":"2"},{"value":"3"}]}}]`, "displayName", `"Sales"`, false, nil},
		{"7644 3.5.2.1: add to a complex attribute sets what is told", user, jensen, `[{"op":"add","path":"name","value":{"givenName":"B"}}]`, "name", `{"givenName":"B","familyName":"Jensen"}`, true, nil},
		{"7644 3.5.2.2: remove of the last value unassigns the attribute", grp, group, `[{"op":"remove","path":"members[value ne \"x\"]"}]`, "members", ``, true, nil},
		{"7644 3.5.2.2: remove of the last sub-attribute removes the value", user, `{"schemas":["` + scim.UserSchema + `"],"userName":"a","roles":[{"value":"x"},{"value":"y","type":"z"}]}`, `[{"op":"remove","path":"roles[value eq \"x\"].value"}]`, "roles", `[{"value":"y","type":"z"}]`, true, nil},
		{"7644 3.5.2.2: remove of a sub-attribute of all values", user, jensen, `[{"op":"remove","path":"emails.type"}]`, "emails", `[{"value":"b@work.example","primary":true},{"value":"b@home.example"}]`, true, nil},
		{"7644 3.5.2.2: remove without filter is all, with a value it is none", grp, group, `[{"op":"remove","path":"members","value":[{"value":"1"}]}]`, "", ``, false, scim.ErrInvalidValue},
		{"7644 3.5.2.2: remove without path is noTarget", user, jensen, `[{"op":"remove","value":{"title":"x"}}]`, "", ``, false, scim.ErrNoTarget},
		{"7644 3.5.2.2: remove of what is required is mutability", user, jensen, `[{"op":"remove","path":"userName"}]`, "", ``, false, scim.ErrMutability},
		{"7644 3.5.2.3: replace of all that match", user, jensen, `[{"op":"replace","path":"emails[value pr].display","value":"x"}]`, "emails", `[{"value":"b@work.example","type":"work","primary":true,"display":"x"},{"value":"b@home.example","type":"home","display":"x"}]`, true, nil},
		{"7644 3.5.2.3: replace without match is noTarget", user, jensen, `[{"op":"replace","path":"emails[type eq \"fax\"]","value":{"value":"x"}}]`, "", ``, false, scim.ErrNoTarget},
		{"7644 3.5.2.3: replace of what is not there adds it", user, bare, `[{"op":"replace","path":"name.givenName","value":"B"}]`, "name", `{"givenName":"B"}`, true, nil},
		{"7644 3.5.2.3: what is not named in a complex value stays", user, jensen, `[{"op":"replace","path":"name","value":{"middleName":"J"}}]`, "name", `{"givenName":"Barbara","familyName":"Jensen","middleName":"J"}`, true, nil},
		{"7644 3.5.2: primary goes to one value", user, jensen, `[{"op":"replace","path":"emails[type eq \"home\"].primary","value":true}]`, "emails", `[{"value":"b@work.example","type":"work","primary":false},{"value":"b@home.example","type":"home","primary":true}]`, true, nil},
		{"7644 3.5.2: primary of an added value", user, jensen, `[{"op":"add","path":"emails","value":[{"value":"x","primary":true}]}]`, "emails", `[{"value":"b@work.example","type":"work","primary":false},{"value":"b@home.example","type":"home"},{"value":"x","primary":true}]`, true, nil},
		{"7644 3.5.2: all operations or none", user, jensen, `[{"op":"replace","path":"title","value":"x"},{"op":"replace","path":"active","value":"x"}]`, "", ``, false, scim.ErrInvalidValue},
		{"7644 3.5.2: operations see what those before did", user, bare, `[{"op":"add","path":"emails","value":[{"value":"x","type":"work"}]},{"op":"replace","path":"emails[type eq \"work\"].value","value":"y"}]`, "emails", `[{"value":"y","type":"work"}]`, true, nil},
		{"7644 3.5.2: the value filter is on one value", user, jensen, `[{"op":"remove","path":"emails[type eq \"home\" and primary eq true]"}]`, "", ``, false, scim.ErrNoTarget},
		{"7644 3.5.2: readOnly is mutability", user, jensen, `[{"op":"add","path":"groups","value":[{"value":"g"}]}]`, "", ``, false, scim.ErrMutability},
		{"7644 3.10: the URN of an extension and a sub-attribute", user, jensen, `[{"op":"replace","path":"` + ent + `:manager.value","value":"9"}]`, ent, `{"department":"Sales","manager":{"value":"9"}}`, true, nil},
		{"7643 2.1: names in any case", user, jensen, `[{"op":"REPLACE","path":"EMAILS[Type EQ \"Home\"].Display","value":"x"}]`, "emails", `[{"value":"b@work.example","type":"work","primary":true},{"value":"b@home.example","type":"home","display":"x"}]`, true, nil},
		{"7643 2.4: a value and its type occur once", user, jensen, `[{"op":"replace","path":"emails","value":[{"value":"x","type":"work"},{"value":"X","type":"Work","primary":true}]}]`, "emails", `[{"value":"x","type":"work","primary":true}]`, true, nil},
		{"7643 2.4: two primary values", user, jensen, `[{"op":"replace","path":"emails","value":[{"value":"x","primary":true},{"value":"y","primary":true}]}]`, "", ``, false, scim.ErrInvalidValue},
		{"7643 2.5: an empty list is no value", user, jensen, `[{"op":"replace","path":"emails","value":[]}]`, "emails", ``, true, nil},
		{"7643 3.3: schemas follow the extensions", user, bare, `[{"op":"add","path":"` + ent + `:department","value":"x"}]`, "schemas", `["` + scim.UserSchema + `","` + ent + `"]`, true, nil},
	}
	for _, test := range tests {
		t.Run(test.point, func(t *testing.T) {
			got, changed, err := patched(t, test.typ, test.stored, test.ops, strict)
			if !errors.Is(err, test.err) || test.err == nil && err != nil {
				t.Fatalf("got error %v, want %v", err, test.err)
			} else if err != nil {
				return
			}
			if diff := cmp.Diff(test.want, member(t, got, test.path)); diff != "" || changed != test.changed {
				t.Errorf("changed %v, -want +got:\n%s", changed, diff)
			}
		})
	}
}

// TestSpecSchemas has the errata of RFC 7643 and what later RFCs add to its schemas.
func TestSpecSchemas(t *testing.T) {
	user, grp := scim.NewUserType(), scim.NewGroupType()
	config := scim.MustResourceType(scim.ResourceTypeDefinition{Name: "ServiceProviderConfig", Endpoint: "/ServiceProviderConfig", Schema: scim.NewServiceProviderConfigSchema()})
	checks := []struct {
		point string
		ok    bool
	}{
		{"erratum 5368: displayName of a group is required", grp.Attribute("displayName").Required},
		{"erratum 8471: groups refer to groups only", cmp.Equal(user.Attribute("groups.$ref").ReferenceTypes, []string{"Group"})},
		{"erratum 8472: the id of a manager is caseExact", user.Attribute(scim.EnterpriseUserSchema + ":manager.value").CaseExact},
		{"7643 3.1: id is readOnly, caseExact, always returned, unique", user.Attribute("id").Mutability == scim.ReadOnly && user.Attribute("id").CaseExact && user.Attribute("id").Returned == scim.ReturnedAlways && user.Attribute("id").Uniqueness == scim.UniqueServer},
		{"7643 3.1: externalId is caseExact", user.Attribute("externalId").CaseExact},
		{"7643 4.1.1: userName is not caseExact, unique, required", !user.Attribute("userName").CaseExact && user.Attribute("userName").Uniqueness == scim.UniqueServer && user.Attribute("userName").Required},
		{"7643 4.1.1: a password is writeOnly and never returned", user.Attribute("password").Mutability == scim.WriteOnly && user.Attribute("password").Returned == scim.ReturnedNever},
		{"7643 4.1.2: groups of a user are readOnly", user.Attribute("groups").Mutability == scim.ReadOnly},
		{"7643 4.2: a member's value is immutable", grp.Attribute("members.value").Mutability == scim.Immutable},
		{"9865 4: pagination", config.Attribute("pagination.cursor") != nil && config.Attribute("pagination.index") != nil && config.Attribute("pagination.defaultPaginationMethod") != nil &&
			config.Attribute("pagination.defaultPageSize") != nil && config.Attribute("pagination.maxPageSize") != nil && config.Attribute("pagination.cursorTimeout") != nil},
	}
	for _, check := range checks {
		t.Run(check.point, func(t *testing.T) {
			if !check.ok {
				t.Error("the schema does not say so")
			}
		})
	}
	for point, want := range map[error]string{scim.ErrInvalidCursor: "invalidCursor", scim.ErrExpiredCursor: "expiredCursor", scim.ErrInvalidCount: "invalidCount"} {
		var e *scim.Error
		if !errors.As(point, &e) || e.Type != want || e.Status != 400 {
			t.Errorf("RFC 9865 section 2.1: got %v, want %s", point, want)
		}
	}
}

// TestSpecReturned: what is returned by request only is shown when asked for, and what always is cannot be left out
// (RFC 7643 section 7, RFC 7644 section 3.9).
func TestSpecReturned(t *testing.T) {
	typ := scim.MustResourceType(scim.ResourceTypeDefinition{Name: "X", Endpoint: "/X", Schema: &scim.Schema{ID: "urn:x", Attributes: []*scim.Attribute{
		{Name: "usual"}, {Name: "asked", Returned: scim.ReturnedRequest}, {Name: "never", Returned: scim.ReturnedNever}, {Name: "always", Returned: scim.ReturnedAlways},
		{Name: "box", Type: scim.Complex, SubAttributes: []*scim.Attribute{{Name: "usual"}, {Name: "asked", Returned: scim.ReturnedRequest}, {Name: "never", Returned: scim.ReturnedNever}}},
	}}})
	const stored = `{"schemas":["urn:x"],"id":"1","usual":"u","asked":"a","never":"n","always":"w","box":{"usual":"u","asked":"a","never":"n"}}`
	tests := []struct {
		name                 string
		attributes, excluded []string
		want                 string
	}{
		{"by default", nil, nil, `{"schemas":["urn:x"],"id":"1","usual":"u","always":"w","box":{"usual":"u"}}`},
		{"asked for", []string{"asked"}, nil, `{"schemas":["urn:x"],"id":"1","asked":"a","always":"w"}`},
		{"asked for within", []string{"box.asked", "never"}, nil, `{"schemas":["urn:x"],"id":"1","always":"w","box":{"asked":"a"}}`},
		{"left out", nil, []string{"usual", "always", "id", "schemas", "box.usual"}, `{"schemas":["urn:x"],"id":"1","always":"w"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, err := typ.Projection(test.attributes, test.excluded, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, text(t, p.Apply(resource(t, stored)))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
