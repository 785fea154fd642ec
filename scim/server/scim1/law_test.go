package scim1_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
	"github.com/ilumy/usersync/scim/server/scim1"
)

// someone is a user by chance, as 2.0 has it and as 1.1 has it.
func someone(r *rand.Rand, n int) (two, one string) {
	user := scim.User{UserName: fmt.Sprintf("user%d", n)}
	text := func() string {
		return []string{"", "", "x", "quote \" and \\", "é 漢 🎈", "urn:scim:schemas:core:1.0:userName", scim.EnterpriseUserSchema, "operation"}[r.IntN(8)]
	}
	for _, p := range []*string{&user.ExternalID, &user.Name.FamilyName, &user.Name.GivenName, &user.DisplayName, &user.NickName, &user.Title, &user.Locale} {
		*p = text()
	}
	if r.IntN(2) == 0 {
		active := r.IntN(2) == 0
		user.Active = &active
	}
	for i := range r.IntN(3) {
		user.Emails = append(user.Emails, scim.Value{Value: fmt.Sprintf("%d@example.com", i), Type: text(), Display: text(), Primary: i == 1})
		user.Addresses = append(user.Addresses, scim.Address{StreetAddress: text(), Locality: fmt.Sprint(i), Type: "work"})
		user.Roles = append(user.Roles, scim.Value{Value: text() + fmt.Sprint(i)})
	}
	if r.IntN(2) == 0 {
		user.Enterprise = &scim.EnterpriseUser{Department: "d" + text(), CostCenter: text(), Manager: scim.Manager{Value: []string{"", "boss"}[r.IntN(2)]}}
	}
	b, err := user.Resource().MarshalJSON()
	if err != nil {
		panic(err)
	}
	two = string(b)
	one = strings.Replace(two, fmt.Sprintf(`"schemas":[%q`, scim.UserSchema), fmt.Sprintf(`"schemas":[%q`, scim1.CoreSchema), 1)
	one = strings.ReplaceAll(one, fmt.Sprintf(`,%q]`, scim.EnterpriseUserSchema), fmt.Sprintf(`,%q]`, scim1.EnterpriseSchema))
	one = strings.ReplaceAll(one, fmt.Sprintf(`%q:{`, scim.EnterpriseUserSchema), fmt.Sprintf(`%q:{`, scim1.EnterpriseSchema))
	return two, strings.ReplaceAll(one, `"manager":{"value"`, `"manager":{"managerId"`)
}

var times = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)

// What is written by 1.1 is what 2.0 would have written, and the other way round; and what 1.1 reads it can write
// back without changing anything.
func TestOneStoreForBoth(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	byOne, byTwo := newService(t, nil), newService(t, nil)
	for i := range 300 {
		two, one := someone(r, i)
		method, path, status := "POST", "/Users", 201
		if i > 0 && r.IntN(3) == 0 {
			method, path, status = "PUT", fmt.Sprintf("/Users/%d", 1+r.IntN(i)), 0
		}
		a, b := byOne.do(method, "/v1"+path, one), byTwo.do(method, "/v2"+path, two)
		if a.status != b.status || status != 0 && a.status != status {
			t.Fatalf("%s %s: %d by 1.1 and %d by 2.0\n%s\n%s", method, one, a.status, b.status, a.text, b.text)
		}
		id := b.GetString("id")
		if id == "" {
			continue // a PUT to what is not there
		}
		for _, version := range []string{"/v1", "/v2"} {
			at := version + "/Users/" + id
			x, y := byOne.want(200, "GET", at, ""), byTwo.want(200, "GET", at, "")
			if diff := cmp.Diff(times.ReplaceAllString(y.text, "{time}"), times.ReplaceAllString(x.text, "{time}")); diff != "" {
				t.Fatalf("%s: GET %s (-written by 2.0 +written by 1.1):\n%s", one, at, diff)
			}
		}
		read := byTwo.want(200, "GET", "/v1/Users/"+id, "")
		if back := byTwo.want(200, "PUT", "/v1/Users/"+id, read.text); back.text != read.text {
			t.Fatalf("what was read is written back as something else:\n%s", cmp.Diff(read.text, back.text))
		}
		if back := byTwo.want(200, "PATCH", "/v1/Users/"+id, read.text); back.text != read.text {
			t.Fatalf("what was read changes something as a PATCH:\n%s", cmp.Diff(read.text, back.text))
		}
	}
	if a, b := byOne.want(200, "GET", "/v2/Users?count=1000", ""), byTwo.want(200, "GET", "/v2/Users?count=1000", ""); times.ReplaceAllString(a.text, "") != times.ReplaceAllString(b.text, "") {
		t.Error("the lists differ")
	}
}

// However many members a PATCH deletes, those it names go and no others.
func TestDeleteManyMembers(t *testing.T) {
	for _, limits := range []scim.Limits{{}, {Operations: 60}, {Operations: 60, FilterLength: 1000, FilterTerms: 20}} {
		for _, n := range []int{1, 31, 100, 101, 799} {
			t.Run(fmt.Sprintf("%d with limits %v", n, limits), func(t *testing.T) {
				s := newService(t, &server.Options{Limits: server.Limits{Limits: limits}})
				var all []string
				for i := range 800 {
					all = append(all, fmt.Sprintf("member \"%d\"", i))
				}
				g := s.group("g", all...)
				a := s.want(200, "PATCH", "/v1/Groups/"+g+"?attributes=members", `{"members":[`+values(`,"operation":"delete","display":"x"`, all[:n]...)+`,{"value":"new"}]}`)
				want := append(slices.Clone(all[n:]), "new")
				got := s.members(g)
				if slices.Sort(got); len(a.GetValues("members")) != len(want) {
					t.Errorf("the answer has %d members", len(a.GetValues("members")))
				}
				slices.Sort(want)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("members (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// Nothing but meta.attributes removes all members.
func TestMembersStay(t *testing.T) {
	s := newService(t, nil)
	g := s.group("g", "a", "b")
	for _, body := range []string{`{"members":null}`, `{"members":[]}`, `{"members":[null]}`, `{"members":""}`, `{"members":[{"value":"x","operation":"delete"}]}`, `{"members":[{"value":"","operation":"delete"}]}`,
		`{"members":[{"operation":"delete"}]}`, `{"members":[{"value":null,"operation":"delete"}]}`, `{"meta":{"attributes":[]}}`, `{"meta":{"attributes":null},"members":[{"value":"a"}]}`, `{"meta":null,"displayName":"g"}`} {
		a := s.do("PATCH", "/v1/Groups/"+g, body)
		if got := s.members(g); !slices.Equal(got, []string{"a", "b"}) {
			t.Fatalf("%s (%d %s): members %v", body, a.status, a.text, got)
		}
	}
}

// Of PATCHes to one group at once, by either version, none is lost.
func TestMembersAtOnce(t *testing.T) {
	s := newService(t, nil)
	g := s.group("g", "goes")
	var want []string
	var clients sync.WaitGroup
	for i := range 24 {
		id := fmt.Sprint("m", i)
		want = append(want, id)
		clients.Go(func() {
			method, path, body := "PATCH", "/v1/Groups/"+g, `{"members":[{"value":"`+id+`"},{"value":"goes","operation":"delete"}]}`
			if i%2 == 0 {
				path, body = "/v2/Groups/"+g, `{"schemas":["`+scim.PatchOpSchema+`"],"Operations":[{"op":"add","path":"members","value":[{"value":"`+id+`"}]}]}`
			}
			for {
				if a := s.do(method, path, body); a.status < 300 {
					return
				} else if a.status != http.StatusConflict {
					t.Errorf("%s: %d %s", path, a.status, a.text)
					return
				}
			}
		})
	}
	clients.Wait()
	got := s.members(g)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

// Types and extensions of one's own keep their URNs, and their attributes can be changed by 1.1 as others can.
func TestOwnTypes(t *testing.T) {
	printer := scim.MustResourceType(scim.ResourceTypeDefinition{Name: "Printer", Endpoint: "/Printers",
		Schema: &scim.Schema{ID: "urn:example:Printer", Name: "Printer", Attributes: []*scim.Attribute{
			{Name: "trays", MultiValued: true},
			{Name: "jobs", Type: scim.Complex, MultiValued: true, SubAttributes: []*scim.Attribute{{Name: "value"}, {Name: "operation"}, {Name: "$ref", Type: scim.Reference, ReferenceTypes: []string{"external"}}}},
		}},
		Extensions: []scim.Extension{{Schema: &scim.Schema{ID: "urn:example:Place", Name: "Place", Attributes: []*scim.Attribute{
			{Name: "room"}, {Name: "doors", Type: scim.Complex, MultiValued: true, SubAttributes: []*scim.Attribute{{Name: "value"}, {Name: "type"}}},
		}}}},
	})
	store := memstore.New(&memstore.Options{NewID: func() string { return "1" }})
	behind, err := server.New([]*scim.ResourceType{printer}, server.One(store), server.InsecureAnyone, nil)
	require.NoError(t, err)
	s := &service{t: t, one: inFront(t, behind), two: behind, header: http.Header{"Content-Type": {"application/json"}}}
	s.want(201, "POST", "/v1/Printers", `{"schemas":["urn:example:Printer","urn:example:Place"],"trays":["a","b"],"jobs":[{"value":"j","operation":"copy","$ref":"https://example.com/j"}],
		"urn:example:Place":{"room":"1","doors":[{"value":"n","type":"x"},{"value":"s"},{"value":"gone","operation":"delete"}]}}`)
	s.want(200, "PATCH", "/v1/Printers/1", `{"schemas":["urn:example:Printer"],"trays":["c",{"value":"a","operation":"delete"}],"jobs":[{"value":"k","operation":"delete"}],
		"urn:example:Place":{"room":"2","doors":[{"value":"s","operation":"delete"},{"value":"w"}]},"meta":{"attributes":["urn:example:Place:nothing"]}}`)
	for version, schemas := range map[string]string{"/v1": `["urn:example:Printer","urn:example:Place"]`, "/v2": `["urn:example:Printer","urn:example:Place"]`} {
		a := s.want(200, "GET", version+"/Printers/1", "")
		a.Delete("meta")
		b, err := a.MarshalJSON()
		require.NoError(t, err)
		want := `{"schemas":` + schemas + `,"trays":["b","c"],"jobs":[{"value":"j","operation":"copy","$ref":"https://example.com/j"},{"value":"k","operation":"delete"}],"urn:example:Place":{"room":"2","doors":[{"value":"n","type":"x"},{"value":"w"}]},"id":"1"}`
		if diff := cmp.Diff(want, string(b)); diff != "" {
			t.Errorf("GET %s (-want +got):\n%s", version, diff)
		}
	}
	if a := s.want(200, "GET", "/v1/Schemas/Printers", ""); a.GetString("id") != "urn:example:Printer" || len(a.GetValues("attributes")) != 7 {
		t.Errorf("the schema: %s", a.text)
	}
}
