package scim_test

import (
	"errors"
	"fmt"

	"github.com/ilumy/usersync/scim"
)

// A service provider reads a PATCH as Entra ID sends it, resolves it against the schema, and applies it.
func Example() {
	user := scim.NewUserType()
	stored, err := user.Decode([]byte(`{
		"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
		"userName": "bjensen", "active": true,
		"emails": [{"type": "work", "value": "bjensen@example.com"}]}`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}

	options := &scim.Options{Tolerated: func(d scim.Deviation) { fmt.Printf("tolerated: %s (%s)\n", d.Kind, d.Path) }}
	patch, err := scim.DecodePatch([]byte(`{
		"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
		"Operations": [{"op": "replace", "path": "active", "value": "False"}]}`), options)
	if err != nil {
		fmt.Println(err)
		return
	}
	delta, err := user.Resolve(patch, options)
	if err != nil {
		fmt.Println(err)
		return
	}
	changed, differs, err := delta.Apply(stored)
	fmt.Println(changed.Get("active"), differs, err)
	// Output:
	// tolerated: boolean as string (active)
	// false true <nil>
}

func ExampleResourceType_ParseFilter() {
	user := scim.NewUserType()
	r := (&scim.User{UserName: "bjensen", Emails: []scim.Value{{Type: "work", Value: "B.Jensen@example.com"}}}).Resource()

	f, err := user.ParseFilter(`emails[type eq "work"].value sw "b.jensen@"`, nil)
	fmt.Println(f.Match(r), err)

	_, err = user.ParseFilter(`active gt true`, nil)
	fmt.Println(errors.Is(err, scim.ErrInvalidFilter), err)
	// Output:
	// true <nil>
	// true scim: 400 invalidFilter: active is a boolean, which has no order; gt cannot be used
}

func ExampleUser() {
	active := true
	u := scim.User{UserName: "bjensen", Active: &active, Name: scim.Name{FamilyName: "Jensen"}, Enterprise: &scim.EnterpriseUser{Department: "Sales"}}
	b, err := u.Resource().MarshalJSON()
	fmt.Println(string(b), err)
	// Output:
	// {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"userName":"bjensen","name":{"familyName":"Jensen"},"active":true,"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales"}} <nil>
}

func ExampleNewResourceType() {
	device, err := scim.NewResourceType(scim.ResourceTypeDefinition{
		Name: "Device", Endpoint: "/Devices",
		Schema: &scim.Schema{ID: "urn:example:Device", Name: "Device", Attributes: []*scim.Attribute{
			{Name: "serial", Required: true, Uniqueness: scim.UniqueServer, Mutability: scim.Immutable, CaseExact: true},
			{Name: "owner", Type: scim.Complex, SubAttributes: []*scim.Attribute{{Name: "value"}, {Name: "$ref", Type: scim.Reference, ReferenceTypes: []string{"User"}}}},
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = device.Decode([]byte(`{"schemas":["urn:example:Device"],"serial":["a","b"]}`), nil)
	fmt.Println(err)
	// Output: scim: 400 invalidValue: serial takes one value, not a list
}
