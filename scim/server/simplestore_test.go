package server_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/storetest"
)

// A sliceStore is about the smallest Store there can be: a list, searched by Query.Select. It does not look whether values
// are unique; as a Finder it leaves that to the Handler.
type sliceStore struct {
	mu      sync.Mutex
	last    int
	list    []*scim.Resource
	found   int
	refuses bool // to look up anything
}

func (s *sliceStore) index(t *scim.ResourceType, id, ifVersion string) (int, error) {
	for i, r := range s.list {
		if r.ID() == id && r.Meta().ResourceType == t.Name() {
			if ifVersion != "" && ifVersion != r.Meta().Version {
				return 0, scim.ErrVersion
			}
			return i, nil
		}
	}
	return 0, scim.ErrNotFound
}

func (s *sliceStore) stamp(t *scim.ResourceType, r *scim.Resource, created time.Time) {
	s.last++
	r.SetMeta(scim.Meta{ResourceType: t.Name(), Created: created, LastModified: time.Now(), Version: fmt.Sprintf(`W/"%d"`, s.last)})
}

func (s *sliceStore) Get(_ context.Context, t *scim.ResourceType, id string, _ *scim.Projection) (*scim.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.index(t, id, "")
	if err != nil {
		return nil, err
	}
	return s.list[i], nil
}

func (s *sliceStore) List(_ context.Context, q *server.Query) (*server.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return q.Select(func(yield func(*scim.Resource) bool) {
		for _, r := range s.list {
			if r.Meta().ResourceType == q.Type.Name() && !yield(r) {
				return
			}
		}
	})
}

func (s *sliceStore) Create(_ context.Context, t *scim.ResourceType, r *scim.Resource) (*scim.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stamp(t, r, time.Now())
	r.SetID(fmt.Sprint(s.last))
	s.list = append(s.list, r)
	return r, nil
}

func (s *sliceStore) Replace(_ context.Context, t *scim.ResourceType, r *scim.Resource, ifVersion string) (*scim.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.index(t, r.ID(), ifVersion)
	if err != nil {
		return nil, err
	}
	s.stamp(t, r, s.list[i].Meta().Created)
	s.list = slices.Clone(s.list)
	s.list[i] = r
	return r, nil
}

func (s *sliceStore) Delete(_ context.Context, t *scim.ResourceType, id, ifVersion string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.index(t, id, ifVersion)
	if err == nil {
		s.list = slices.Delete(slices.Clone(s.list), i, i+1)
	}
	return err
}

func (s *sliceStore) Find(_ context.Context, t *scim.ResourceType, a *scim.Attribute, value any) ([]*scim.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuses || a.Path() == "externalId" {
		return nil, fmt.Errorf("look up by %s: %w", a.Path(), errors.ErrUnsupported)
	}
	s.found++
	var list []*scim.Resource
	for _, r := range s.list {
		if r.Meta().ResourceType == t.Name() && slices.ContainsFunc(a.Values(r), func(v any) bool { return a.Key(v) == a.Key(value) }) {
			list = append(list, r)
		}
	}
	return list, nil
}

func TestFinder(t *testing.T) {
	store := &sliceStore{}
	h, err := server.New(types(), server.One(store), server.InsecureAnyone, nil)
	require.NoError(t, err)
	s := &service{t: t, Handler: h}
	anna, bob := s.user("anna"), s.user("bob")
	for _, tt := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "/Users", userBody("ANNA", ""), 409},
		{"PUT", "/Users/" + bob, userBody("Anna", ""), 409},
		{"PATCH", "/Users/" + bob, patchBody(`{"op":"replace","path":"userName","value":"anna"}`), 409},
		{"PUT", "/Users/" + anna, userBody("Anna", ""), 200},
		{"PUT", "/Users/" + bob, userBody("carl", ""), 200},
		{"POST", "/Users", userBody("bob", ""), 201},
	} {
		if a := s.do(tt.method, tt.path, tt.body); a.status != tt.want {
			t.Errorf("%s %s: %d %s, want %d", tt.method, tt.path, a.status, a.text, tt.want)
		}
	}
	for filter, looked := range map[string]bool{`userName eq "ANNA"`: true, `userName eq "anna" and active pr`: true, `id eq "` + anna + `"`: true, `externalId eq "x"`: false, `userName sw "a"`: false, `userName eq "anna" or title pr`: false} {
		store.found = 0
		a := s.do("POST", "/Users/.search", fmt.Sprintf(`{"filter":%q}`, filter))
		if (store.found > 0) != looked || a.status != 200 {
			t.Errorf("%s: %d, looked up: %v", filter, a.status, store.found > 0)
		}
	}
}

// TestSmallestStore shows that a Store of a list passes, but for the groups of who is deleted.
func TestSmallestStore(t *testing.T) {
	for name, test := range storetest.Parts() {
		if strings.Contains(name, "who is deleted") {
			continue
		}
		t.Run(name, func(t *testing.T) { test(t, &sliceStore{}) })
	}
}

// TestCustomType serves a type of its own, with an extension, beside the users.
func TestCustomType(t *testing.T) {
	const urn, ext = "urn:example:schemas:Printer", "urn:example:schemas:extension:Color"
	printers := scim.MustResourceType(scim.ResourceTypeDefinition{
		Name: "Printer", Endpoint: "/Printers",
		Schema: &scim.Schema{ID: urn, Name: "Printer", Attributes: []*scim.Attribute{
			{Name: "serial", Required: true, CaseExact: true, Uniqueness: scim.UniqueServer, Mutability: scim.Immutable},
			{Name: "pages", Type: scim.Integer}, {Name: "seen", Type: scim.DateTime},
			{Name: "owner", Type: scim.Complex, SubAttributes: []*scim.Attribute{{Name: "value"}, {Name: "$ref", Type: scim.Reference, ReferenceTypes: []string{"User"}}}},
		}},
		Extensions: []scim.Extension{{Schema: &scim.Schema{ID: ext, Name: "Color", Attributes: []*scim.Attribute{{Name: "inks", MultiValued: true}}}}},
	})
	h, err := server.New(append(types(), printers), server.One(&sliceStore{refuses: true}), server.InsecureAnyone, nil)
	require.NoError(t, err)
	s := &service{t: t, Handler: h}
	anna := s.user("anna")
	id := s.create("/Printers", fmt.Sprintf(`{"schemas":[%q,%q],"serial":"A1","pages":12,"seen":"2024-05-01T10:00:00+02:00","owner":{"value":%q},%q:{"inks":["c","m"]}}`, urn, ext, anna, ext))
	for _, tt := range []struct {
		method, path, body string
		want               int
		contains           string
	}{
		{"GET", "/Printers/" + id, "", 200, `"$ref":"http://example.com/Users/` + anna + `"`},
		{"GET", "/Printers?filter=pages+gt+9+and+seen+lt+%222024-05-01T09:00:00Z%22", "", 200, `"totalResults":1`},
		{"GET", "/Printers?filter=" + ext + ":inks+eq+%22C%22", "", 200, `"totalResults":1`},
		{"GET", "/?filter=serial+eq+%22A1%22", "", 200, `"totalResults":1`},
		{"PATCH", "/Printers/" + id, patchBody(`{"op":"add","path":"` + ext + `:inks","value":["y"]}`), 200, `"inks":["c","m","y"]`},
		{"PATCH", "/Printers/" + id, patchBody(`{"op":"replace","path":"serial","value":"B2"}`), 400, `"mutability"`},
		{"PUT", "/Printers/" + id, fmt.Sprintf(`{"schemas":[%q],"serial":"B2"}`, urn), 400, `"mutability"`},
		{"PUT", "/Printers/" + id, fmt.Sprintf(`{"schemas":[%q],"serial":"A1","pages":13}`, urn), 200, `"pages":13`},
		{"GET", "/ResourceTypes/Printer", "", 200, ext},
		{"GET", "/Schemas/" + ext, "", 200, `"inks"`},
		{"POST", "/Printers/.search", `{"sortBy":"pages","sortOrder":"descending"}`, 200, `"totalResults":1`},
		{"DELETE", "/Printers/" + id, "", 204, ""},
	} {
		if a := s.do(tt.method, tt.path, tt.body); a.status != tt.want || !strings.Contains(a.text, tt.contains) {
			t.Errorf("%s %s: %d %s, want %d %s", tt.method, tt.path, a.status, a.text, tt.want, tt.contains)
		}
	}
}
