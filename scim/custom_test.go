package scim_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/filter"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// A Device is a resource type of one's own.
type Device struct {
	ID     string    `json:"id"`
	Serial string    `json:"serial" scim:"required,immutable,unique,caseExact" description:"The serial number on the label."`
	Model  string    `json:"model"`
	Kind   string    `json:"kind" scim:"canonical=phone|laptop,closed"`
	Bought time.Time `json:"bought"`
	Owner  *Owner    `json:"owner"`
	Seen   time.Time `json:"seen" scim:"readOnly,returned=request"`
}

// An Owner is who has a Device.
type Owner struct {
	Value string `json:"value" description:"The id of the User."`
	Ref   string `json:"$ref" scim:"ref=User"`
}

// A PlekUser is an extension of users.
type PlekUser struct {
	Intranet string   `json:"intranet" scim:"required"`
	Guest    bool     `json:"guest"`
	Skills   []string `json:"skills"`
	Secret   string   `json:"secret" scim:"writeOnly"`
}

const plekUserSchema = "urn:example:params:scim:schemas:extension:2.0:PlekUser"

// A Person is a user with the extension.
type Person struct {
	scim.User
	Plek *PlekUser `json:"urn:example:params:scim:schemas:extension:2.0:PlekUser"`
}

func ExampleSchemaOf() {
	schema, err := scim.SchemaOf[Device]("urn:example:params:scim:schemas:2.0:Device")
	if err != nil {
		fmt.Println(err)
		return
	}
	device, err := scim.NewResourceType(scim.ResourceTypeDefinition{Name: "Device", Endpoint: "/Devices", Schema: schema})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = device.Decode([]byte(`{"schemas":["urn:example:params:scim:schemas:2.0:Device"],"serial":"7","kind":"toaster"}`), nil)
	fmt.Println(err)

	_, err = scim.SchemaOf[struct {
		Serial string `json:"serial" scim:"imutable"`
		Size   int    `json:"size" scim:"caseExact"`
	}]("urn:example:Typo")
	fmt.Println(strings.Count(err.Error(), "\n")+1, "mistakes")
	// Output:
	// scim: 400 invalidValue: kind must be one of phone, laptop
	// 2 mistakes
}

func ExampleBind() {
	plek, err := scim.SchemaOf[PlekUser](plekUserSchema)
	if err != nil {
		fmt.Println(err)
		return
	}
	user := scim.MustResourceType(scim.ResourceTypeDefinition{
		Name: "User", Endpoint: "/Users", Schema: scim.NewUserSchema(),
		Extensions: []scim.Extension{{Schema: scim.NewEnterpriseUserSchema()}, {Schema: plek}},
	})
	people, err := scim.Bind[Person](user)
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := people.Resource(&Person{User: scim.User{UserName: "bjensen"}, Plek: &PlekUser{Intranet: "acme", Skills: []string{"sales"}}})
	fmt.Println(r.HasSchema(plekUserSchema), err)
	b, err := r.MarshalJSON()
	if err != nil {
		fmt.Println(err)
		return
	}
	decoded, err := user.Decode(b, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := people.Value(decoded)
	fmt.Println(p.UserName, p.Plek.Intranet, p.Plek.Skills, err)
	// Output:
	// true <nil>
	// bjensen acme [sales] <nil>
}

func ExampleResourceType_Diff() {
	group := scim.NewGroupType()
	before := (&scim.Group{DisplayName: "Sales", Members: []scim.Value{{Value: "1"}, {Value: "2"}}}).Resource()
	after := (&scim.Group{DisplayName: "Sales", Members: []scim.Value{{Value: "2"}, {Value: "3"}}}).Resource()
	p, err := group.Diff(before, after, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, op := range p.Operations {
		fmt.Println(op.Op, op.Path)
	}
	// Output:
	// remove members[value eq "1"]
	// add members
}

// A client writes a PATCH by hand.
func ExamplePatchRequest() {
	path, err := filter.Attr("members").Path(filter.Attr("value").Eq("2819c223"), "")
	if err != nil {
		fmt.Println(err)
		return
	}
	p := new(scim.PatchRequest).
		Replace("displayName", "Sales").
		Remove(path).
		Add("members", []*scim.Object{scim.NewObject(scim.Member{Name: "value", Value: "902c246b"})})
	b, err := p.MarshalJSON()
	fmt.Println(string(b), err)
	// Output:
	// {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"displayName","value":"Sales"},{"op":"remove","path":"members[value eq \"2819c223\"]"},{"op":"add","path":"members","value":[{"value":"902c246b"}]}]} <nil>
}

// A custom type and an extension that were derived from structs are served as those of RFC 7643 are.
func TestCustomTypesServed(t *testing.T) {
	devices, err := scim.SchemaOf[Device]("urn:example:params:scim:schemas:2.0:Device")
	if err != nil {
		t.Fatal(err)
	}
	plek, err := scim.SchemaOf[PlekUser](plekUserSchema)
	if err != nil {
		t.Fatal(err)
	}
	device := scim.MustResourceType(scim.ResourceTypeDefinition{Name: "Device", Endpoint: "/Devices", Schema: devices})
	user := scim.MustResourceType(scim.ResourceTypeDefinition{Name: "User", Endpoint: "/Users", Schema: scim.NewUserSchema(), Extensions: []scim.Extension{{Schema: plek}}})
	h, err := server.New([]*scim.ResourceType{user, device}, server.One(memstore.New(nil)), server.InsecureAnyone, nil)
	if err != nil {
		t.Fatal(err)
	}
	do := func(status int, method, path, body string) *scim.Resource {
		t.Helper()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
		if w.Code != status {
			t.Fatalf("%s %s: got %d, want %d: %s", method, path, w.Code, status, w.Body)
		}
		if w.Body.Len() == 0 {
			return nil
		}
		return resource(t, w.Body.String())
	}
	people, err := scim.Bind[Person](user)
	if err != nil {
		t.Fatal(err)
	}
	things, err := scim.Bind[Device](device)
	if err != nil {
		t.Fatal(err)
	}
	jo, err := people.Resource(&Person{User: scim.User{UserName: "jo"}, Plek: &PlekUser{Intranet: "acme", Guest: true, Secret: "s"}})
	if err != nil {
		t.Fatal(err)
	}
	created := do(http.StatusCreated, "POST", "/Users", text(t, jo))
	if created.GetObject(plekUserSchema).Has("secret") {
		t.Error("what is writeOnly was returned")
	}
	p, err := people.Value(created)
	if err != nil || p.ID == "" || p.Meta.Version == "" {
		t.Fatalf("got %+v, %v", p, err)
	}
	if diff := cmp.Diff(&PlekUser{Intranet: "acme", Guest: true}, p.Plek); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	do(http.StatusBadRequest, "POST", "/Users", `{"userName":"x","`+plekUserSchema+`":{"guest":true}}`) // intranet is required

	// The smallest PATCH of what is there and what shall be.
	p.Plek.Guest, p.Plek.Skills, p.Title = false, []string{"Go"}, "Dr"
	wanted, err := people.Resource(p)
	if err != nil {
		t.Fatal(err)
	}
	patch, err := user.Diff(created, wanted, nil)
	if err != nil {
		t.Fatal(err)
	}
	now := do(http.StatusOK, "PATCH", "/Users/"+p.ID, patchText(t, patch))
	if !writableEqual(user, now, wanted) {
		t.Errorf("got %s, want %s by %s", text(t, now), text(t, wanted), patchText(t, patch))
	}

	d, err := things.Resource(&Device{Serial: "A7", Kind: "phone", Owner: &Owner{Value: p.ID}})
	if err != nil {
		t.Fatal(err)
	}
	phone, err := things.Value(do(http.StatusCreated, "POST", "/Devices", text(t, d)))
	if err != nil || phone.ID == "" || phone.Owner.Value != p.ID || !strings.HasSuffix(phone.Owner.Ref, "/Users/"+p.ID) {
		t.Errorf("got %+v, %v", phone, err)
	}
	do(http.StatusConflict, "POST", "/Devices", text(t, d))                                                                       // unique
	do(http.StatusBadRequest, "PATCH", "/Devices/"+phone.ID, `{"Operations":[{"op":"replace","path":"serial","value":"B"}]}`)     // immutable
	do(http.StatusBadRequest, "PATCH", "/Devices/"+phone.ID, `{"Operations":[{"op":"replace","path":"kind","value":"toaster"}]}`) // closed
	found := do(http.StatusOK, "GET", "/Users?filter="+strings.ReplaceAll(plekUserSchema+`:skills eq "go"`, " ", "%20"), "")
	if n := len(found.GetValues("Resources")); n != 1 {
		t.Errorf("found %d by an attribute of the extension", n)
	}
	schema := do(http.StatusOK, "GET", "/Schemas/"+devices.ID, "")
	again, err := scim.ParseSchema([]byte(text(t, schema)))
	if err != nil || again.Attributes[0].Uniqueness != scim.UniqueServer || again.Attributes[0].Description == "" {
		t.Errorf("got %v, %v", again, err)
	}
	if extensions := do(http.StatusOK, "GET", "/ResourceTypes/User", "").GetValues("schemaExtensions"); len(extensions) != 1 {
		t.Errorf("got extensions %v", extensions)
	}
}
