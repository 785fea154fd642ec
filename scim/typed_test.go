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

// A user with everything goes to a resource and back, and through its schema, and stays the same.
func TestUser(t *testing.T) {
	yes := true
	values := func(s string) []scim.Value {
		return []scim.Value{{Value: s, Type: "work", Display: "d", Primary: true}, {Value: s + "2"}}
	}
	full := &scim.User{
		ID: "1", ExternalID: "e", Meta: scim.Meta{ResourceType: "User", Created: time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC), LastModified: time.Date(2021, 1, 2, 3, 4, 5, 6_000_000, time.UTC), Location: "l", Version: `W/"1"`},
		UserName: "u", Name: scim.Name{Formatted: "a", FamilyName: "b", GivenName: "c", MiddleName: "d", HonorificPrefix: "e", HonorificSuffix: "f"},
		DisplayName: "dn", NickName: "nn", ProfileURL: "p", Title: "t", UserType: "ut", PreferredLanguage: "nl", Locale: "nl-NL", Timezone: "Europe/Amsterdam", Active: &yes, Password: "pw",
		Emails: values("e"), PhoneNumbers: values("p"), IMs: values("i"), Photos: values("ph"), Entitlements: values("en"), Roles: values("r"), X509Certificates: []scim.Value{{Value: "AAAA"}},
		Groups:     []scim.Value{{Value: "g", Ref: "r", Display: "G", Type: "direct"}},
		Addresses:  []scim.Address{{Formatted: "a", StreetAddress: "b", Locality: "c", Region: "d", PostalCode: "e", Country: "NL", Type: "work", Primary: true}},
		Enterprise: &scim.EnterpriseUser{EmployeeNumber: "7", CostCenter: "c", Organization: "o", Division: "d", Department: "p", Manager: scim.Manager{Value: "m", Ref: "r", DisplayName: "M"}},
		Other:      []scim.Member{{Name: "urn:example:ext", Value: scim.NewObject(scim.Member{Name: "x", Value: "y"})}},
	}
	tests := []struct {
		name string
		user *scim.User
	}{{"full", full}, {"empty", &scim.User{}}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := test.user.Resource()
			got := scim.UserOf(resource(t, text(t, r)))
			if diff := cmp.Diff(test.user, got, cmpopts.EquateEmpty(), cmp.Comparer(func(a, b *scim.Object) bool { return a.Equal(b) })); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	full.Other = nil
	typ := scim.NewUserType()
	r, err := typ.Decode([]byte(text(t, full.Resource())), &scim.Options{Dialect: scim.Strict})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(full, scim.UserOf(r)); diff != "" {
		t.Errorf("through the schema (-want +got):\n%s", diff)
	}
}

func TestGroup(t *testing.T) {
	want := &scim.Group{ID: "1", ExternalID: "e", DisplayName: "d", Members: []scim.Value{{Value: "a", Type: "User", Ref: "r", Display: "A"}, {Value: "b"}}, Other: []scim.Member{{Name: "x", Value: "y"}}}
	if diff := cmp.Diff(want, scim.GroupOf(resource(t, text(t, want.Resource())))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestObject(t *testing.T) {
	o := scim.NewObject(scim.Member{Name: "a", Value: 1}, scim.Member{Name: "B", Value: []string{"x"}}, scim.Member{Name: "A", Value: "last"})
	o.Set("time", time.Date(2020, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)))
	o.Set("map", map[string]any{"z": 1.5, "y": int64(7), "x": []any{map[string]any{"w": nil}}})
	b, err := o.MarshalJSON()
	if want := `{"a":"last","B":["x"],"time":"2020-01-02T02:04:05Z","map":{"x":[{"w":null}],"y":7,"z":1.5}}`; string(b) != want || err != nil {
		t.Errorf("got %s, %v, want %s", b, err, want)
	}
	c := o.Clone()
	c.GetObject("MAP").Set("y", "changed")
	c.GetValues("b")[0] = "changed"
	if !o.Equal(o.Clone()) || o.Equal(c) || o.GetObject("map").GetString("y") == "changed" || o.GetValues("B")[0] != "x" {
		t.Error("a clone shares with what it was made of")
	}
	if o.Delete("TIME"); o.Has("time") || o.Len() != 3 {
		t.Error("it was not deleted")
	}
	for name := range o.All() { // leaving early is safe
		if name != "a" {
			t.Errorf("got %s first", name)
		}
		break
	}
	var none *scim.Object
	if none.Get("a") != nil || none.Len() != 0 || none.Has("a") || none.GetObject("a") != nil || none.Clone() != nil {
		t.Error("a nil Object has something")
	}
	for _, v := range []any{scim.Resource{Object: *scim.NewObject(scim.Member{Name: "id", Value: "1"})}, []*scim.Resource{{Object: *scim.NewObject(scim.Member{Name: "id", Value: "1"})}}} {
		if b, err := json.Marshal(v); !strings.Contains(string(b), `{"id":"1"}`) || err != nil {
			t.Errorf("%T is written as %s, %v", v, b, err)
		}
	}
	if _, err := scim.NewObject(scim.Member{Name: "a", Value: struct{}{}}).MarshalJSON(); err == nil {
		t.Error("a struct was written")
	}
	if b, err := scim.NewObject(scim.Member{Name: "a", Value: "\xff\n\x01\""}).MarshalJSON(); string(b) != `{"a":"`+"\uFFFD"+`\n\u0001\""}` || err != nil {
		t.Errorf("got %s, %v", b, err)
	}
}
