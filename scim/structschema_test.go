package scim_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ilumy/usersync/scim"
)

// A gadget has fields of all kinds.
type gadget struct {
	ID         string      `json:"id"`
	ExternalID string      `json:"externalId"`
	Meta       scim.Meta   `json:"meta"`
	Serial     string      `json:"serial" scim:"required,immutable,unique,caseExact" description:"On the label, below."`
	Kind       string      `json:"kind,omitempty" scim:"canonical=phone|laptop,closed"`
	PIN        string      `json:"pin" scim:"writeOnly"`
	Seen       time.Time   `json:"seen" scim:"readOnly,returned=request"`
	Bought     string      `json:"bought" scim:"type=dateTime"`
	Weight     float64     `json:"weight"`
	Price      json.Number `json:"price"`
	Count      json.Number `json:"count" scim:"type=integer"`
	Slots      *uint8      `json:"slots"`
	Lost       *bool       `json:"lost"`
	Logo       []byte      `json:"logo"`
	Manual     string      `json:"manual" scim:"ref=external"`
	Tags       []string    `json:"tags"`
	Keys       [][]byte    `json:"keys"`
	Owner      *gadgetRef  `json:"owner"`
	Users      []gadgetRef `json:"users"`
	Port
	Plain   int
	Skipped chan int `json:"-"`
	hidden  func()
	Rest    []scim.Member
	Support *gadgetSupport `json:"urn:example:ext:2.0:Support"`
}

type Port struct {
	Ports []int64 `json:"ports" scim:"unique=global,returned=always"`
}

type gadgetRef struct {
	Value string    `json:"value" scim:"immutable,caseExact"`
	Ref   string    `json:"$ref" scim:"ref=User|Group"`
	Since time.Time `json:"since"`
}

type gadgetSupport struct {
	Level   int8        `json:"level" scim:"required"`
	Contact []gadgetRef `json:"contact"`
}

func newGadgetType(t *testing.T) *scim.ResourceType {
	t.Helper()
	schema, err := scim.SchemaOf[gadget]("urn:example:Gadget")
	if err != nil {
		t.Fatal(err)
	}
	support, err := scim.SchemaOf[gadgetSupport]("urn:example:ext:2.0:Support")
	if err != nil {
		t.Fatal(err)
	}
	typ, err := scim.NewResourceType(scim.ResourceTypeDefinition{Name: "Gadget", Endpoint: "/Gadgets", Schema: schema, Extensions: []scim.Extension{{Schema: support}}})
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

func TestSchemaOf(t *testing.T) {
	got, err := scim.SchemaOf[gadget]("urn:example:Gadget")
	if err != nil {
		t.Fatal(err)
	}
	ref := []*scim.Attribute{{Name: "value", Type: scim.String, Mutability: scim.Immutable, CaseExact: true},
		{Name: "$ref", Type: scim.Reference, ReferenceTypes: []string{"User", "Group"}, CaseExact: true}, {Name: "since", Type: scim.DateTime}}
	want := &scim.Schema{ID: "urn:example:Gadget", Name: "gadget", Attributes: []*scim.Attribute{
		{Name: "serial", Type: scim.String, Required: true, Mutability: scim.Immutable, Uniqueness: scim.UniqueServer, CaseExact: true, Description: "On the label, below."},
		{Name: "kind", Type: scim.String, CanonicalValues: []string{"phone", "laptop"}, ClosedValues: true},
		{Name: "pin", Type: scim.String, Mutability: scim.WriteOnly, Returned: scim.ReturnedNever},
		{Name: "seen", Type: scim.DateTime, Mutability: scim.ReadOnly, Returned: scim.ReturnedRequest},
		{Name: "bought", Type: scim.DateTime}, {Name: "weight", Type: scim.Decimal}, {Name: "price", Type: scim.Decimal}, {Name: "count", Type: scim.Integer},
		{Name: "slots", Type: scim.Integer}, {Name: "lost", Type: scim.Boolean}, {Name: "logo", Type: scim.Binary},
		{Name: "manual", Type: scim.Reference, ReferenceTypes: []string{"external"}, CaseExact: true},
		{Name: "tags", Type: scim.String, MultiValued: true}, {Name: "keys", Type: scim.Binary, MultiValued: true},
		{Name: "owner", Type: scim.Complex, SubAttributes: ref}, {Name: "users", Type: scim.Complex, MultiValued: true, SubAttributes: ref},
		{Name: "ports", Type: scim.Integer, MultiValued: true, Uniqueness: scim.UniqueGlobal, Returned: scim.ReturnedAlways}, {Name: "Plain", Type: scim.Integer},
	}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(scim.Attribute{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// All mistakes are told at once, each with its field.
func TestSchemaOfMistakes(t *testing.T) {
	type inner struct {
		Deep struct{ X string }
		Fine string `scim:"readOnly,immutable"`
	}
	type wrong struct {
		ID        string  `json:"id" scim:"required"`
		Word      string  `scim:"requierd"`
		Empty     string  `scim:"required,,unique"`
		NoValue   string  `scim:"canonical="`
		Of        string  `scim:"returned=sometimes"`
		Type      int     `scim:"type=dateTime"`
		TypeOf    string  `scim:"type=text"`
		Ref       bool    `scim:"ref=User"`
		Case      int     `scim:"caseExact"`
		Closed    string  `scim:"closed"`
		Canonical float64 `scim:"canonical=1|2"`
		Unique    bool    `scim:"unique"`
		Write     string  `scim:"writeOnly,returned=always"`
		Name      string  `json:"a name"`
		Twice     string  `json:"word"`
		Map       map[string]string
		Any       any
		Complex   inner
		hidden    string `scim:"required"`
		Not       string `json:"-" scim:"required"`
		*Port
		One, Two []scim.Member
		Ext      string        `json:"urn:example:a"`
		Ext2     gadgetSupport `json:"urn:example:b" scim:"required"`
	}
	_ = wrong{}.hidden
	_, err := scim.SchemaOf[wrong]("example")
	if err == nil {
		t.Fatal("no mistake is found")
	}
	for _, want := range []string{
		`wrong.Word: "requierd" is not a word of a scim tag`, "wrong.Empty: there is an empty word", "wrong.NoValue: canonical= needs a value", `wrong.Of: "returned=sometimes"`,
		"wrong.Type: int cannot hold a dateTime", "wrong.TypeOf: string cannot hold a text", "wrong.Ref: bool cannot hold a reference", "wrong.Case: caseExact is for strings", "wrong.Closed: closed needs canonical",
		"wrong.Canonical: canonical values are for strings", "wrong.Unique: a boolean cannot be unique", "wrong.Write: what is writeOnly is never returned",
		"wrong.Map: map[string]string cannot be an attribute", "wrong.Any: interface {} cannot be", "wrong.Complex.Deep: a complex attribute cannot be within another", "wrong.Complex.Fine: the tag says twice what its mutability is",
		"wrong.hidden: a field that is not exported", `wrong.Not: json:"-" and a scim tag`, "wrong.Port: embed the struct itself", "wrong.Two: there is another []Member", "wrong.Ext: an extension is a struct", "wrong.Ext2: the tag of an extension",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("there is no %q in\n%v", want, err)
		}
	}
	type wrong2 struct {
		ID   string `json:"id" scim:"required"`
		Name string `json:"a name"`
		A    string
		B    string `json:"a"`
	}
	_, err = scim.SchemaOf[wrong2]("example")
	if err == nil || !strings.Contains(err.Error(), "wrong2.B: there is another field for a") {
		t.Errorf("got %v", err)
	}
	type wrong3 struct {
		ID   string `json:"id" scim:"required"`
		Name string `json:"a name"`
	}
	_, err = scim.SchemaOf[wrong3]("example")
	for _, want := range []string{"wrong3.ID: what id is, RFC 7643 section 3.1 says", `wrong3.Name: attribute "a name"`, "wrong3: the id of a schema is a URN"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("there is no %q in\n%v", want, err)
		}
	}
	if _, err := scim.SchemaOf[[]string]("urn:x"); err == nil || !strings.Contains(err.Error(), "derived from a struct") {
		t.Errorf("got %v", err)
	}
}

func TestBinding(t *testing.T) {
	typ := newGadgetType(t)
	_ = gadget{}.hidden
	binding, err := scim.Bind[gadget](typ)
	if err != nil {
		t.Fatal(err)
	}
	no, zero := false, uint8(0)
	at := time.Date(2020, 1, 2, 3, 4, 5, 6_000_000, time.UTC)
	full := &gadget{
		ID: "1", ExternalID: "e", Meta: scim.Meta{ResourceType: "Gadget", Created: at}, Serial: "S", Kind: "phone", PIN: "0000", Seen: at, Bought: "2020-01-02T03:04:05Z",
		Weight: 0.25, Price: "1.10", Count: "18446744073709551616", Slots: &zero, Lost: &no, Logo: []byte{0, 255}, Manual: "https://example.com", Tags: []string{"a", "b"}, Keys: [][]byte{{1}, {2, 3}},
		Owner: &gadgetRef{Value: "u", Since: at}, Users: []gadgetRef{{Value: "v", Ref: "r"}, {Value: "w"}}, Port: Port{[]int64{-1, 1 << 60}}, Plain: -7,
		Support: &gadgetSupport{Level: 3, Contact: []gadgetRef{{Value: "x"}}},
	}
	const want = `{"schemas":["urn:example:Gadget","urn:example:ext:2.0:Support"],"id":"1","externalId":"e","meta":{"resourceType":"Gadget","created":"2020-01-02T03:04:05.006Z"},` +
		`"serial":"S","kind":"phone","pin":"0000","seen":"2020-01-02T03:04:05.006Z","bought":"2020-01-02T03:04:05Z","weight":0.25,"price":1.10,"count":18446744073709551616,"slots":0,"lost":false,"logo":"AP8=",` +
		`"manual":"https://example.com","tags":["a","b"],"keys":["AQ==","AgM="],"owner":{"value":"u","since":"2020-01-02T03:04:05.006Z"},"users":[{"value":"v","$ref":"r"},{"value":"w"}],"ports":[-1,1152921504606846976],"Plain":-7,` +
		`"urn:example:ext:2.0:Support":{"level":3,"contact":[{"value":"x"}]}}`
	for _, test := range []struct {
		name, want string
		value      *gadget
	}{{"full", want, full}, {"empty", `{"schemas":["urn:example:Gadget"]}`, &gadget{}}} {
		t.Run(test.name, func(t *testing.T) {
			r, err := binding.Resource(test.value)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, text(t, r)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			decoded, err := typ.Decode([]byte(text(t, r)), &scim.Options{Dialect: scim.Strict})
			if err != nil {
				t.Fatal(err)
			}
			got, err := binding.Value(decoded)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.value, got, cmpopts.IgnoreFields(gadget{}, "hidden", "Skipped")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	got, err := binding.Value(resource(t, `{"serial":5,"slots":300,"plain":1.5,"owner":"u","tags":"one","color":"red","ports":[5.0,2e3],"weight":"x","seen":"then","users":[{"value":true}]}`))
	if err == nil || got.Owner.Value != "u" || got.Tags[0] != "one" || got.Rest[0].Value != "red" || got.Ports[1] != 2000 {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, want := range []string{"gadget.Serial", "gadget.Slots", "gadget.Plain", "gadget.Weight", "gadget.Seen", "gadget.Users.Value"} {
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "then") {
			t.Errorf("%s is not told, or a value is: %v", want, err)
		}
	}
	if _, err := binding.Resource(&gadget{Price: "1,5"}); err == nil {
		t.Error("what is no number was taken")
	}
	r, err := binding.Resource(&gadget{Rest: []scim.Member{{Name: "color", Value: "red"}, {Name: "urn:example:c", Value: scim.NewObject()}}})
	if err != nil || r.GetString("color") != "red" || !r.HasSchema("urn:example:c") {
		t.Errorf("got %v, %v", r, err)
	}
}

func TestBindMistakes(t *testing.T) {
	type thing struct {
		UserName []string `json:"userName"`
		Active   string   `json:"active"`
		Shoe     string   `json:"shoe"`
		Emails   []struct {
			Value int    `json:"value"`
			Type  string `json:"type"`
			Ref   string `json:"$ref"`
		} `json:"emails"`
		Name struct {
			Type string `json:"type"`
		} `json:"name"`
		Ext struct {
			X string `json:"x"`
		} `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`
		None struct{} `json:"urn:example:none"`
	}
	_, err := scim.Bind[thing](scim.NewUserType())
	for _, want := range []string{"thing.UserName: whether userName has several", "thing.Active: string cannot hold active, which is a boolean", `thing.Shoe: a User has no attribute "shoe"`, "thing.Emails.Value: int cannot hold emails.value",
		`thing.Name.Type: name has no attribute "type"`, "thing.Ext.X: the extension urn:ietf", `thing.None: a User has no attribute "urn:example:none"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("there is no %q in\n%v", want, err)
		}
	}
	if err != nil && strings.Contains(err.Error(), "$ref") {
		t.Errorf("values may have a $ref: %v", err)
	}
	if _, err := scim.Bind[scim.User](scim.NewUserType()); err != nil {
		t.Errorf("User: %v", err)
	}
	if _, err := scim.Bind[scim.Group](scim.NewGroupType()); err != nil {
		t.Errorf("Group: %v", err)
	}
}
