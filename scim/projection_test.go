package scim_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ilumy/usersync/scim"
)

func TestProjection(t *testing.T) {
	const s = `"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"id":"1",`
	stored := `{` + s + `"userName":"a","password":"secret","name":{"givenName":"b","familyName":"c"},"emails":[{"value":"d","type":"work"},{"value":"e"}],
		"meta":{"resourceType":"User","location":"x"},"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"f","manager":{"value":"g","displayName":"h"}}}`
	const ent = `"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`
	tests := []struct {
		name, attributes, excluded, want string
	}{
		{"default", "", "", `{` + s + `"userName":"a","name":{"givenName":"b","familyName":"c"},"emails":[{"value":"d","type":"work"},{"value":"e"}],
			"meta":{"resourceType":"User","location":"x"},` + ent + `:{"department":"f","manager":{"value":"g","displayName":"h"}}}`},
		{"one", "userName", "", `{` + s + `"userName":"a"}`},
		{"in another case", "USERNAME", "", `{` + s + `"userName":"a"}`},
		{"never is never", "password,userName", "", `{` + s + `"userName":"a"}`},
		{"a complex one", "name", "", `{` + s + `"name":{"givenName":"b","familyName":"c"}}`},
		{"a sub-attribute", "name.givenName", "", `{` + s + `"name":{"givenName":"b"}}`},
		{"of many values", "emails.type", "", `{` + s + `"emails":[{"type":"work"}]}`},
		{"with a filter", `emails[type eq "work"].value`, "", `{` + s + `"emails":[{"value":"d"},{"value":"e"}]}`},
		{"an extension", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "", `{` + s + ent + `:{"department":"f","manager":{"value":"g","displayName":"h"}}}`},
		{"of an extension", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "", `{` + s + ent + `:{"department":"f"}}`},
		{"deep in an extension", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value", "", `{` + s + ent + `:{"manager":{"value":"g"}}}`},
		{"with the core URN", "urn:ietf:params:scim:schemas:core:2.0:User:userName", "", `{` + s + `"userName":"a"}`},
		{"unknown", "shoeSize", "", `{` + s[:len(s)-1] + `}`},
		{"excluded", "", "emails,name,meta," + strings.Trim(ent, `"`), `{` + s + `"userName":"a"}`},
		{"excluded sub-attributes", "", "emails.value,name.givenName,meta,userName," + strings.Trim(ent, `"`) + ":manager", `{` + s + `"name":{"familyName":"c"},"emails":[{"type":"work"}],` + ent + `:{"department":"f"}}`},
		{"always is always", "", "id,schemas,userName,name,emails,meta," + strings.Trim(ent, `"`), `{` + s[:len(s)-1] + `}`},
	}
	user := scim.NewUserType()
	split := func(s string) []string {
		if s == "" {
			return nil
		}
		return strings.Split(s, ",")
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, err := user.Projection(split(test.attributes), split(test.excluded), nil)
			if err != nil {
				t.Fatal(err)
			}
			r := resource(t, stored)
			if diff := cmp.Diff(compact(t, test.want), text(t, p.Apply(r))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			b, err := p.AppendJSON(nil, r, "")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(compact(t, test.want), string(b)); diff != "" {
				t.Errorf("AppendJSON differs from Apply:\n%s", diff)
			}
			if diff := cmp.Diff(compact(t, stored), text(t, r)); diff != "" {
				t.Errorf("the resource was changed:\n%s", diff)
			}
		})
	}
}

func TestProjectionLocation(t *testing.T) {
	user := scim.NewUserType()
	r := resource(t, `{"id":"1","userName":"a","meta":{"resourceType":"User","location":"old"}}`)
	p, err := user.Projection(nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.AppendJSON(nil, r, "https://example.com/Users/1")
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"1","userName":"a","meta":{"resourceType":"User","location":"https://example.com/Users/1"}}`
	if diff := cmp.Diff(want, string(b)); diff != "" {
		t.Error(diff)
	}
	if got := r.Meta().Location; got != "old" {
		t.Errorf("the resource was changed: %s", got)
	}
}

func TestOrder(t *testing.T) {
	user := scim.NewUserType()
	list := []*scim.Resource{
		resource(t, `{"id":"1","userName":"b","emails":[{"value":"z@x"},{"value":"a@x","primary":true}],"meta":{"created":"2020-01-01T00:00:00Z"}}`),
		resource(t, `{"id":"2","userName":"A","emails":[{"value":"b@x"}],"meta":{"created":"2019-12-31T23:30:00-01:00"}}`),
		resource(t, `{"id":"3","userName":"c","meta":{"created":"2019-01-01T00:00:00.5Z"}}`),
	}
	tests := []struct {
		by, order, want string
		err             error
	}{
		{"userName", "", "213", nil},
		{"USERNAME", "Descending", "312", nil},
		{"emails", "ascending", "123", nil},
		{"emails.value", "descending", "321", nil},
		{"meta.created", "", "312", nil},
		{"id", "descending", "321", nil},
		{"name", "", "", scim.ErrInvalidPath},
		{"password", "", "", scim.ErrInvalidPath},
		{"shoe", "", "", scim.ErrInvalidPath},
		{"userName", "up", "", scim.ErrInvalidValue},
	}
	for _, test := range tests {
		t.Run(test.by+" "+test.order, func(t *testing.T) {
			o, err := user.Order(test.by, test.order, nil)
			if !errors.Is(err, test.err) {
				t.Fatalf("got error %v, want %v", err, test.err)
			} else if err != nil {
				return
			}
			sorted := slices.Clone(list)
			slices.SortStableFunc(sorted, o.Compare)
			got := ""
			for _, r := range sorted {
				got += r.ID()
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
