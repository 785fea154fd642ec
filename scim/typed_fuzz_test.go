package scim_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ilumy/usersync/scim"
)

// FuzzTyped holds the typed views to this: what a user says goes to the resource and comes back the same, and nothing that
// the schema allows is an error to bind.
func FuzzTyped(f *testing.F) {
	for _, s := range []string{jensen, person, bare, enterpriseUser, `{"emails":["a",{"value":"b","primary":"True"}],"urn:x:y":{"z":1},"roles":[{}],"userName":5}`, `{"emAils":["0",{"vAlue":""}]}`} {
		f.Add([]byte(s))
	}
	user := scim.NewUserType()
	people, err := scim.Bind[Person](personType())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		raw, err := scim.DecodeObject(b, nil)
		if err != nil {
			return
		}
		scim.UserOf(&scim.Resource{Object: *raw}) // what was not read by a type does no harm
		scim.GroupOf(&scim.Resource{Object: *raw})
		r, err := user.Decode(b, nil)
		if err != nil {
			return
		}
		u := scim.UserOf(r)
		same := cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b *scim.Object) bool { return a.Equal(b) })}
		if diff := cmp.Diff(u, scim.UserOf(u.Resource()), same); diff != "" {
			t.Fatalf("it comes back as another (-want +got):\n%s", diff)
		}
		p, err := people.Value(r)
		if err != nil {
			t.Fatalf("what the schema allows does not fit: %v", err)
		}
		again, err := people.Resource(p)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(u.Resource().Schemas(), again.Schemas()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// personType is a type of users with the extension of Person.
func personType() *scim.ResourceType {
	plek, err := scim.SchemaOf[PlekUser](plekUserSchema)
	if err != nil {
		panic(err)
	}
	return scim.MustResourceType(scim.ResourceTypeDefinition{Name: "User", Endpoint: "/Users", Schema: scim.NewUserSchema(),
		Extensions: []scim.Extension{{Schema: scim.NewEnterpriseUserSchema()}, {Schema: plek}}})
}
