package scim_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ilumy/usersync/scim"
)

func TestCreate(t *testing.T) {
	user, grp := scim.NewUserType(), scim.NewGroupType()
	const u = `"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"]`
	tests := []struct {
		name   string
		typ    *scim.ResourceType
		in     string
		want   string
		err    error
		kind   scim.DeviationKind
		strict error
	}{
		{"names are spelled as the schema does", user, `{"SCHEMAS":["urn:ietf:params:scim:schemas:core:2.0:User"],"USERNAME":"a","Name":{"GIVENNAME":"b"}}`,
			`{` + u + `,"userName":"a","name":{"givenName":"b"}}`, nil, "", nil},
		{"readOnly attributes are dropped", user, `{` + u + `,"id":"9","meta":{"version":"1"},"userName":"a","groups":[{"value":"1"}]}`, `{` + u + `,"userName":"a"}`, nil, "", nil},
		{"null and empty are not assigned", user, `{` + u + `,"userName":"a","title":null,"emails":[],"name":{},"groups":[]}`, `{` + u + `,"userName":"a"}`, nil, "", nil},
		{"userName is required", user, `{` + u + `}`, ``, scim.ErrInvalidValue, "", scim.ErrInvalidValue},
		{"empty userName", user, `{` + u + `,"userName":""}`, ``, scim.ErrInvalidValue, "", scim.ErrInvalidValue},
		{"displayName of a group is required", grp, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"]}`, ``, scim.ErrInvalidValue, "", scim.ErrInvalidValue},
		{"no schemas", user, `{"userName":"a"}`, `{` + u + `,"userName":"a"}`, nil, scim.MissingSchema, scim.ErrInvalidSyntax},
		{"Google: both versions of the schema", user, `{"schemas":["urn:scim:schemas:core:1.0","urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a"}`,
			`{` + u + `,"userName":"a"}`, nil, scim.UnknownSchema, scim.ErrInvalidSyntax},
		{"OneLogin: version 1.0 only", user, `{"schemas":["urn:scim:schemas:core:1.0"],"userName":"a"}`, `{` + u + `,"userName":"a"}`, nil, scim.MissingSchema, scim.ErrInvalidSyntax},
		{"OneLogin: emails as object", user, `{` + u + `,"userName":"a","emails":{"value":"a@example.com"}}`, `{` + u + `,"userName":"a","emails":[{"value":"a@example.com"}]}`,
			nil, scim.ListSingle, scim.ErrInvalidValue},
		{"Entra: group with a schema of its own", grp, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"displayName":"a","members":[{"$ref":null,"value":"1"}]}`,
			`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"a","members":[{"value":"1"}]}`, nil, scim.UnknownSchema, scim.ErrInvalidSyntax},
		{"Entra: manager as string", user, `{` + u + `,"userName":"a","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":"26"}}`,
			`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"userName":"a","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"26"}}}`,
			nil, scim.ScalarComplex, scim.ErrInvalidValue},
		{"Entra: primary as string", user, `{` + u + `,"userName":"a","roles":[{"primary":"True","value":"{\"id\":1}"}]}`,
			`{` + u + `,"userName":"a","roles":[{"primary":true,"value":"{\"id\":1}"}]}`, nil, scim.BooleanString, scim.ErrInvalidValue},
		{"extension attribute by path", user, `{` + u + `,"userName":"a","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department":"IT"}`,
			`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"userName":"a","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"IT"}}`,
			nil, scim.PathAsKey, scim.ErrInvalidSyntax},
		{"Okta: password and no groups", user, `{` + u + `,"userName":"a","password":"x","groups":[]}`, `{` + u + `,"userName":"a","password":"x"}`, nil, "", nil},
		{"unknown attribute", user, `{` + u + `,"userName":"a","shoeSize":44}`, `{` + u + `,"userName":"a"}`, nil, scim.UnknownAttribute, scim.ErrInvalidSyntax},
		{"unknown sub-attribute", user, `{` + u + `,"userName":"a","name":{"x":"y"}}`, `{` + u + `,"userName":"a"}`, nil, scim.UnknownAttribute, scim.ErrInvalidSyntax},
		{"unknown extension", user, `{` + u + `,"userName":"a","urn:x:y":{"z":1}}`, `{` + u + `,"userName":"a"}`, nil, scim.UnknownAttribute, scim.ErrInvalidSyntax},
		{"a number for a string", user, `{` + u + `,"userName":5}`, `{` + u + `,"userName":"5"}`, nil, scim.ScalarString, scim.ErrInvalidValue},
		{"an object for a string", user, `{` + u + `,"userName":{"a":1}}`, ``, scim.ErrInvalidValue, "", scim.ErrInvalidValue},
		{"a string for a complex attribute", user, `{` + u + `,"userName":"a","name":"Jo"}`, ``, scim.ErrInvalidValue, "", scim.ErrInvalidValue},
		{"a word for a boolean", user, `{` + u + `,"userName":"a","active":"yes"}`, ``, scim.ErrInvalidValue, "", scim.ErrInvalidValue},
		{"a certificate that is not base64", user, `{` + u + `,"userName":"a","x509Certificates":[{"value":"*"}]}`, ``, scim.ErrInvalidValue, "", scim.ErrInvalidValue},
		{"a value twice", user, `{` + u + `,"userName":"a","emails":[{"value":"a@x","type":"work"},{"value":"A@X","type":"Work","primary":true},{"value":"a@x","type":"home"}]}`,
			`{` + u + `,"userName":"a","emails":[{"value":"a@x","type":"work","primary":true},{"value":"a@x","type":"home"}]}`, nil, "", nil},
		{"a member twice", grp, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"a","members":[{"value":"1"},{"value":"1","type":"User"}]}`,
			`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"a","members":[{"value":"1"}]}`, nil, "", nil},
		{"members without an id", grp, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"a","members":[{"value":"1"},{"value":""},{"type":"User"}]}`,
			`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"a","members":[{"value":"1"}]}`, nil, scim.NoReference, scim.ErrInvalidValue},
		{"no member with an id, which would empty the group in a PUT", grp, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"a","members":[null]}`, ``, scim.ErrInvalidValue, "", scim.ErrInvalidValue},
		{"a member that is null", grp, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"a","members":[{"value":"1"},null,{"value":null}]}`,
			`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"a","members":[{"value":"1"}]}`, nil, "", nil},
		{"no members", grp, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"a","members":[]}`, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"a"}`, nil, "", nil},
		{"two primary values", user, `{` + u + `,"userName":"a","emails":[{"value":"a","primary":true},{"value":"b","primary":true}]}`,
			`{` + u + `,"userName":"a","emails":[{"value":"a","primary":false},{"value":"b","primary":true}]}`, nil, scim.SeveralPrimary, scim.ErrInvalidValue},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			kinds := map[scim.DeviationKind]bool{}
			create := func(o *scim.Options) (*scim.Resource, error) {
				r, err := test.typ.Decode([]byte(test.in), o)
				if err == nil {
					err = test.typ.CheckCreate(r, o)
				}
				return r, err
			}
			r, err := create(&scim.Options{Tolerated: func(d scim.Deviation) { kinds[d.Kind] = true }})
			if !errors.Is(err, test.err) {
				t.Fatalf("got error %v, want %v", err, test.err)
			}
			if err == nil {
				if diff := cmp.Diff(test.want, text(t, r)); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			}
			if test.kind != "" && !kinds[test.kind] || test.kind == "" && len(kinds) > 0 {
				t.Errorf("tolerated %v, want %q", kinds, test.kind)
			}
			if _, err := create(&scim.Options{Dialect: scim.Strict}); !errors.Is(err, test.strict) {
				t.Errorf("strict: got error %v, want %v", err, test.strict)
			}
		})
	}
}

func TestReplace(t *testing.T) {
	typ := scim.MustResourceType(scim.ResourceTypeDefinition{Name: "Thing", Endpoint: "/Things", Schema: &scim.Schema{ID: "urn:example:Thing", Attributes: []*scim.Attribute{
		{Name: "title"}, {Name: "serial", Mutability: scim.Immutable}, {Name: "secret", Returned: scim.ReturnedNever}, {Name: "state", Mutability: scim.ReadOnly},
		{Name: "owner", Type: scim.Complex, SubAttributes: []*scim.Attribute{{Name: "value"}, {Name: "display", Mutability: scim.ReadOnly}, {Name: "since", Mutability: scim.Immutable}}},
	}}})
	const s = `"schemas":["urn:example:Thing"]`
	stored := `{` + s + `,"id":"1","title":"a","serial":"7","secret":"x","state":"new","owner":{"value":"u","display":"U","since":"now"}}`
	tests := []struct {
		name, in, want string
		err            error
	}{
		{"what is not mentioned is gone", `{` + s + `}`, `{` + s + `,"id":"1","serial":"7","secret":"x","state":"new"}`, nil},
		{"readOnly stays", `{` + s + `,"id":"2","state":"old","title":"b"}`, `{` + s + `,"title":"b","id":"1","serial":"7","secret":"x","state":"new"}`, nil},
		{"immutable is the same", `{` + s + `,"serial":"7"}`, `{` + s + `,"serial":"7","id":"1","secret":"x","state":"new"}`, nil},
		{"immutable differs", `{` + s + `,"serial":"8"}`, ``, scim.ErrMutability},
		{"secret is set anew", `{` + s + `,"secret":"y"}`, `{` + s + `,"secret":"y","id":"1","serial":"7","state":"new"}`, nil},
		{"readOnly below", `{` + s + `,"owner":{"value":"u"}}`, `{` + s + `,"owner":{"value":"u","display":"U","since":"now"},"id":"1","serial":"7","secret":"x","state":"new"}`, nil},
		{"another owner", `{` + s + `,"owner":{"value":"w"}}`, `{` + s + `,"owner":{"value":"w"},"id":"1","serial":"7","secret":"x","state":"new"}`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			old := resource(t, stored)
			r, err := typ.Decode([]byte(test.in), nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := typ.CheckReplace(r, old, nil); !errors.Is(err, test.err) {
				t.Fatalf("got error %v, want %v", err, test.err)
			} else if err != nil {
				return
			}
			if diff := cmp.Diff(compact(t, test.want), text(t, r)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(compact(t, stored), text(t, old)); diff != "" {
				t.Errorf("the stored resource was changed:\n%s", diff)
			}
		})
	}
}

func TestNormalizeTypes(t *testing.T) {
	typ := newThingType()
	tests := []struct {
		in, want string // of one member
		kind     scim.DeviationKind
		strict   error
	}{
		{`"count":5`, `"count":5`, "", nil},
		{`"count":5.0`, `"count":5.0`, "", nil},
		{`"count":5e3`, `"count":5e3`, "", nil},
		{`"count":12345678901234567890`, `"count":12345678901234567890`, "", nil},
		{`"count":5.5`, ``, "", scim.ErrInvalidValue},
		{`"count":"5"`, `"count":5`, scim.NumberString, scim.ErrInvalidValue},
		{`"count":"five"`, ``, "", scim.ErrInvalidValue},
		{`"count":true`, ``, "", scim.ErrInvalidValue},
		{`"count":""`, `"id":null`, scim.EmptyString, scim.ErrInvalidValue},
		{`"size":"1.50"`, `"size":1.50`, scim.NumberString, scim.ErrInvalidValue},
		{`"at":"2008-01-23T04:56:22Z"`, `"at":"2008-01-23T04:56:22Z"`, "", nil},
		{`"at":"2008-01-23T04:56:22.123+01:00"`, `"at":"2008-01-23T04:56:22.123+01:00"`, "", nil},
		{`"at":"2008-01-23T04:56:22"`, `"at":"2008-01-23T04:56:22"`, "", nil}, // the zone is optional in XML Schema
		{`"at":"2008-01-23"`, `"at":"2008-01-23T00:00:00Z"`, scim.BadDateTime, scim.ErrInvalidValue},
		{`"at":"2008-01-23 04:56:22Z"`, `"at":"2008-01-23T04:56:22Z"`, scim.BadDateTime, scim.ErrInvalidValue},
		{`"at":"yesterday"`, ``, "", scim.ErrInvalidValue},
		{`"flag":"TRUE"`, `"flag":true`, scim.BooleanString, scim.ErrInvalidValue},
		{`"flag":1`, ``, "", scim.ErrInvalidValue},
		{`"tags":"a"`, `"tags":["a"]`, scim.ListSingle, scim.ErrInvalidValue},
		{`"tags":["a",null,"a"]`, `"tags":["a","a"]`, "", nil},
		{`"text":["a"]`, `"text":"a"`, scim.SingleList, scim.ErrInvalidValue},
		{`"text":["a","b"]`, ``, "", scim.ErrInvalidValue},
	}
	for _, test := range tests {
		t.Run(test.in, func(t *testing.T) {
			body := []byte(`{"schemas":["urn:example:Thing"],` + test.in + `}`)
			var kind scim.DeviationKind
			r, err := typ.Decode(body, &scim.Options{Tolerated: func(d scim.Deviation) { kind = d.Kind }})
			if (err != nil) != (test.want == "") || kind != test.kind {
				t.Fatalf("got %v, tolerated %q", err, kind)
			}
			if err == nil {
				want := resource(t, `{"schemas":["urn:example:Thing"],`+test.want+`}`)
				if !r.Object.Equal(&want.Object) {
					t.Errorf("got %s, want %s", text(t, r), test.want)
				}
			}
			if _, err := typ.Decode(body, &scim.Options{Dialect: scim.Strict}); !errors.Is(err, test.strict) {
				t.Errorf("strict: got %v, want %v", err, test.strict)
			}
		})
	}
}
