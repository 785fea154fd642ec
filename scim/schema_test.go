package scim_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ilumy/usersync/scim"
)

// Every schema of the RFCs can be written, read again, and be that of a resource type.
func TestSchemas(t *testing.T) {
	for _, s := range []*scim.Schema{
		scim.NewUserSchema(), scim.NewEnterpriseUserSchema(), scim.NewGroupSchema(),
		scim.NewServiceProviderConfigSchema(), scim.NewResourceTypeSchema(), scim.NewSchemaSchema(),
	} {
		t.Run(s.Name, func(t *testing.T) {
			b, err := s.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			again, err := scim.ParseSchema(b)
			if err != nil {
				t.Fatal(err)
			}
			b2, err := again.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(b), string(b2)); diff != "" {
				t.Errorf("it is read as another:\n%s", diff)
			}
			if _, err := scim.NewResourceType(scim.ResourceTypeDefinition{Name: s.Name, Endpoint: "/Things", Schema: again}); err != nil {
				t.Error(err)
			}
			// It satisfies the schema of schemas.
			typ := scim.MustResourceType(scim.ResourceTypeDefinition{Name: "Schema", Endpoint: "/Schemas", Schema: scim.NewSchemaSchema()})
			if _, err := typ.Decode(b, &scim.Options{Dialect: scim.Strict}); err != nil && s.ID != scim.SchemaSchema { // which nests once more than it says
				t.Error(err)
			}
		})
	}
}

func TestParseSchema(t *testing.T) {
	got, err := scim.ParseSchema([]byte(`{"id":"urn:x","name":"X","attributes":[
		{"name":"a"},{"name":"b","type":"integer","multiValued":true,"required":true,"caseExact":true,"mutability":"immutable","returned":"request","uniqueness":"server","canonicalValues":["1"]},
		{"name":"c","type":"complex","subAttributes":[{"name":"$ref","type":"reference","referenceTypes":["User"]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := &scim.Schema{ID: "urn:x", Name: "X", Attributes: []*scim.Attribute{
		{Name: "a"},
		{Name: "b", Type: scim.Integer, MultiValued: true, Required: true, CaseExact: true, Mutability: scim.Immutable, Returned: scim.ReturnedRequest, Uniqueness: scim.UniqueServer, CanonicalValues: []string{"1"}},
		{Name: "c", Type: scim.Complex, SubAttributes: []*scim.Attribute{{Name: "$ref", Type: scim.Reference, ReferenceTypes: []string{"User"}}}},
	}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(scim.Attribute{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	tests := []struct{ name, in, want string }{
		{"no JSON", `{`, "byte"},
		{"no id", `{"name":"X"}`, "needs an id"},
		{"attributes that are no list", `{"id":"urn:x","attributes":{}}`, "not a list"},
		{"attribute that is no object", `{"id":"urn:x","attributes":["a"]}`, "attribute 1 is not an object"},
		{"unknown type", `{"id":"urn:x","attributes":[{"name":"a","type":"text"}]}`, `attribute a: type "text"`},
		{"unknown mutability", `{"id":"urn:x","attributes":[{"name":"a","mutability":"never"}]}`, `mutability "never"`},
		{"unknown returned", `{"id":"urn:x","attributes":[{"name":"a","returned":"no"}]}`, `returned "no"`},
		{"unknown uniqueness", `{"id":"urn:x","attributes":[{"name":"a","uniqueness":"yes"}]}`, `uniqueness "yes"`},
		{"wrong name", `{"id":"urn:x","attributes":[{"name":"a b"}]}`, `attribute "a b"`},
		{"a word for a boolean", `{"id":"urn:x","attributes":[{"name":"a","required":"true"}]}`, "required of attribute a"},
		{"sub-attributes of a string", `{"id":"urn:x","attributes":[{"name":"a","subAttributes":[{"name":"b"}]}]}`, "its type is complex"},
		{"complex in complex", `{"id":"urn:x","attributes":[{"name":"a","type":"complex","subAttributes":[{"name":"b","type":"complex"}]}]}`, "attribute a.b: a complex attribute cannot be within another"},
		{"twice", `{"id":"urn:x","attributes":[{"name":"a","type":"complex","subAttributes":[{"name":"b"},{"name":"B"}]}]}`, "sub-attribute B is defined twice"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := scim.ParseSchema([]byte(test.in)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestNewResourceType(t *testing.T) {
	schema := &scim.Schema{ID: "urn:x", Attributes: []*scim.Attribute{{Name: "id"}, {Name: "a"}}}
	if _, err := scim.NewResourceType(scim.ResourceTypeDefinition{Name: "X", Endpoint: "/X", Schema: schema}); err != nil {
		t.Errorf("a schema that lists the common attributes: %v", err)
	}
	tests := []struct {
		name string
		def  scim.ResourceTypeDefinition
		want string
	}{
		{"nothing", scim.ResourceTypeDefinition{}, "needs a Name"},
		{"endpoint without slash", scim.ResourceTypeDefinition{Name: "X", Endpoint: "X", Schema: schema}, "begins with /"},
		{"twice", scim.ResourceTypeDefinition{Name: "X", Endpoint: "/X", Schema: &scim.Schema{ID: "urn:x", Attributes: []*scim.Attribute{{Name: "a"}, {Name: "A"}}}}, "attribute A is defined twice"},
		{"an extension twice", scim.ResourceTypeDefinition{Name: "X", Endpoint: "/X", Schema: schema, Extensions: []scim.Extension{{Schema: &scim.Schema{ID: "urn:y"}}, {Schema: &scim.Schema{ID: "URN:Y"}}}}, "is there twice"},
		{"an extension without schema", scim.ResourceTypeDefinition{Name: "X", Endpoint: "/X", Schema: schema, Extensions: []scim.Extension{{}}}, "has no Schema"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := scim.NewResourceType(test.def); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestAttribute(t *testing.T) {
	user := scim.NewUserType()
	const ent = scim.EnterpriseUserSchema
	for path, want := range map[string]string{
		"userName": "userName", "USERNAME": "userName", "name.familyname": "name.familyName", "emails.Value": "emails.value", "id": "id", "meta.version": "meta.version",
		scim.UserSchema + ":userName": "userName", scim.UserSchema + ":name.givenName": "name.givenName",
		ent: ent, strings.ToLower(ent) + ":DEPARTMENT": ent + ":department", ent + ":manager.value": ent + ":manager.value",
		"shoe": "", "name.shoe": "", ent + ":shoe": "", ent + ":manager.shoe": "", "userName.value": "", "department": "",
	} {
		got := ""
		if a := user.Attribute(path); a != nil {
			got = a.Path()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	if a := user.Attribute("emails.value"); !a.Multi() || a.Parent().Name != "emails" || a.SchemaID() != scim.UserSchema {
		t.Errorf("emails.value: %v %v %v", a.Multi(), a.Parent().Name, a.SchemaID())
	}
	var unique []string
	for _, a := range user.Unique() {
		unique = append(unique, a.Path())
	}
	if diff := cmp.Diff([]string{"userName"}, unique); diff != "" {
		t.Errorf("unique: %s", diff)
	}
}

func TestClosedValues(t *testing.T) {
	typ := scim.MustResourceType(scim.ResourceTypeDefinition{Name: "X", Endpoint: "/X", Schema: &scim.Schema{ID: "urn:x", Attributes: []*scim.Attribute{
		{Name: "open", CanonicalValues: []string{"a"}}, {Name: "closed", CanonicalValues: []string{"Red", "Green"}, ClosedValues: true},
	}}})
	r, err := typ.Decode([]byte(`{"schemas":["urn:x"],"open":"b","closed":"RED"}`), nil)
	if err != nil || r.GetString("closed") != "Red" || r.GetString("open") != "b" {
		t.Errorf("got %v and %v", r, err)
	}
	if _, err := typ.Decode([]byte(`{"schemas":["urn:x"],"closed":"blue"}`), nil); err == nil || !strings.Contains(err.Error(), "one of Red, Green") {
		t.Errorf("got %v", err)
	}
}
