package storetest

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

// handler serves the Store, so that PATCHes go the way that they will.
func (s *suite) handler() http.Handler {
	s.Helper()
	h, err := server.New([]*scim.ResourceType{s.users, s.groups}, server.One(s.store), server.InsecureAnyone, nil)
	if err != nil {
		s.Fatal(err)
	}
	return h
}

// patch sends operations to a resource, and gives the status.
func (s *suite) patch(h http.Handler, path string, operations ...string) int {
	body := `{"schemas":["` + scim.PatchOpSchema + `"],"Operations":[` + strings.Join(operations, ",") + `]}`
	r := httptest.NewRequestWithContext(s.ctx(), http.MethodPatch, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code >= 300 {
		s.Logf("PATCH %s %s: %d %s", path, body, w.Code, w.Body)
	}
	return w.Code
}

func (s *suite) wantMembers(id string, rule string, want ...string) {
	s.Helper()
	values := map[string]int{}
	for _, w := range want {
		values[w] = 1
	}
	if got := members(s.get(s.groups, id)); !maps.Equal(got, values) {
		s.Errorf("%s: got members %v, want %v", rule, got, want)
	}
	for _, w := range want {
		found := false
		for _, r := range s.list(s.query(s.groups, fmt.Sprintf("members.value eq %q", w))).Resources {
			found = found || r.ID() == id
		}
		if !found {
			s.Errorf("%s: the group is not found by its member %s", rule, w)
		}
	}
}

func testMembers(s *suite) {
	h := s.handler()
	g := s.create(s.groups, s.group("g", "a", "b"))
	path := "/Groups/" + g.ID()
	s.wantMembers(g.ID(), "a group has the members it was created with", "a", "b")
	version := func() string { return s.get(s.groups, g.ID()).Meta().Version }
	steps := []struct {
		rule, operation string
		changes         bool
		want            []string
	}{
		{"add", `{"op":"add","path":"members","value":[{"value":"c"}]}`, true, []string{"a", "b", "c"}},
		{"add of who is there", `{"op":"add","path":"members","value":[{"value":"c"},{"value":"a"}]}`, false, []string{"a", "b", "c"}},
		{"remove by filter", `{"op":"remove","path":"members[value eq \"b\"]"}`, true, []string{"a", "c"}},
		{"remove by value", `{"op":"Remove","path":"members","value":[{"value":"c"},{"value":"x"}]}`, true, []string{"a"}},
		{"remove of who is not there", `{"op":"remove","path":"members","value":[{"value":"x"}]}`, false, []string{"a"}},
		{"replace", `{"op":"replace","path":"members","value":[{"value":"a"},{"value":"d"}]}`, true, []string{"a", "d"}},
		{"replace by the same", `{"op":"replace","path":"members","value":[{"value":"a"},{"value":"d"}]}`, false, []string{"a", "d"}},
		{"another attribute", `{"op":"replace","path":"displayName","value":"other"}`, true, []string{"a", "d"}},
		{"without a path", `{"op":"add","value":{"displayName":"third","members":[{"value":"e"}]}}`, true, []string{"a", "d", "e"}},
		{"remove all", `{"op":"remove","path":"members"}`, true, nil},
		{"add to none", `{"op":"add","path":"members","value":[{"value":"a"}]}`, true, []string{"a"}},
		{"replace by none", `{"op":"replace","path":"members","value":[]}`, true, nil},
	}
	for _, step := range steps {
		before := version()
		if status := s.patch(h, path, step.operation); status >= 300 {
			s.Errorf("%s: status %d", step.rule, status)
		}
		s.wantMembers(g.ID(), step.rule, step.want...)
		if changed := version() != before; changed != step.changes {
			s.Errorf("%s: a new version is made if and only if something changes; got %v", step.rule, changed)
		}
	}
	if got := s.get(s.groups, g.ID()).GetString("displayName"); got != "third" {
		s.Errorf("the rest of the group is changed along; got displayName %q", got)
	}
	before := version()
	if status := s.patch(h, path, `{"op":"add","path":"members","value":[{"value":"z"}]}`, `{"op":"remove","path":"displayName"}`); status != http.StatusBadRequest {
		s.Errorf("a PATCH that removes a required attribute is refused; got %d", status)
	}
	if version() != before {
		s.Error("a PATCH is done as a whole or not at all")
	}
	s.wantMembers(g.ID(), "a PATCH is done as a whole or not at all")
}

// testSomeMembers asks a Patcher for no more members than are wanted.
func testSomeMembers(s *suite) {
	p, ok := s.store.(server.Patcher)
	if !ok {
		return
	}
	g := s.create(s.groups, s.group("g", "a", "b", "c", "d"))
	add := &scim.Membership{Add: []*scim.Object{scim.NewObject(scim.Member{Name: "value", Value: "e"})}}
	for _, step := range []struct {
		rule string
		most int
	}{{"a member more", 2}, {"nothing changes", 2}, {"as many as there are", 5}, {"more than there are", 6}, {"all", 0}} {
		r, err := p.Patch(s.ctx(), s.groups, g.ID(), &server.Patch{Attribute: "members", Membership: add, Most: step.most})
		if err != nil {
			s.Fatalf("Patch: %v", err)
		}
		got, want := len(r.GetValues("members")), 5
		if got != want && (step.most == 0 || step.most >= want || got <= step.most) {
			s.Errorf("%s: a Patch that wants at most %d of %d members gives %d", step.rule, step.most, want, got)
		}
		if v := s.get(s.groups, g.ID()).Meta().Version; r.Meta().Version != v {
			s.Errorf("%s: a Patch gives the version that the resource has; got %s, want %s", step.rule, r.Meta().Version, v)
		}
	}
	s.wantMembers(g.ID(), "what a Patch does not give is still there", "a", "b", "c", "d", "e")
}

func testLeavers(s *suite) {
	u, v := s.create(s.users, s.user("u")), s.create(s.users, s.user("v"))
	g := s.create(s.groups, s.group("g", u.ID(), v.ID()))
	if err := s.store.Delete(s.ctx(), s.users, u.ID(), ""); err != nil {
		s.Fatal(err)
	}
	s.wantMembers(g.ID(), "who is deleted is a member of nothing", v.ID())
	if s.get(s.groups, g.ID()).Meta().Version == g.Meta().Version {
		s.Error("a group that lost a member has another version")
	}
	if page := s.list(s.query(s.groups, fmt.Sprintf("members.value eq %q", u.ID()))); page.Total != 0 {
		s.Error("no group is found by a member that was deleted")
	}
}

func testMembersAtOnce(s *suite) {
	const clients, each = 16, 8
	h := s.handler()
	g := s.create(s.groups, s.group("g", "stays", "goes"))
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for i := range each {
				op := fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":"m%d-%d"}]}`, c, i)
				if i == 3 {
					op += `,{"op":"remove","path":"members[value eq \"goes\"]"}`
				}
				for {
					status := s.patch(h, "/Groups/"+g.ID(), op)
					if status < 300 {
						break
					}
					if status != http.StatusConflict {
						s.Errorf("one of several PATCHes at once: status %d", status)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	want := []string{"stays"}
	for c := range clients {
		for i := range each {
			want = append(want, fmt.Sprintf("m%d-%d", c, i))
		}
	}
	s.wantMembers(g.ID(), "of PATCHes to one group at once none is lost", want...)
}

func testChangesAtOnce(s *suite) {
	const clients = 8
	h := s.handler()
	u := s.create(s.users, s.user("u"))
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for s.patch(h, "/Users/"+u.ID(), fmt.Sprintf(`{"op":"add","path":"roles","value":[{"value":"r%d"}]}`, c)) == http.StatusConflict {
			}
		})
	}
	wg.Wait()
	if got := len(s.get(s.users, u.ID()).GetValues("roles")); got != clients {
		s.Errorf("of PATCHes to one user at once none is lost; got %d of %d roles", got, clients)
	}
}

func testLargeGroup(s *suite) {
	const n = 3000
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("member-%d", i)
	}
	g := s.create(s.groups, s.group("large", names...))
	if status := s.patch(s.handler(), "/Groups/"+g.ID(), `{"op":"add","path":"members","value":[{"value":"one more"}]}`, `{"op":"remove","path":"members[value eq \"member-7\"]"}`); status >= 300 {
		s.Fatalf("PATCH of a large group: status %d", status)
	}
	got := members(s.get(s.groups, g.ID()))
	if len(got) != n || got["one more"] != 1 || got["member-7"] != 0 {
		s.Errorf("a large group has all its members; got %d", len(got))
	}
	p, err := s.groups.Projection(nil, []string{"members"}, nil)
	if err != nil {
		s.Fatal(err)
	}
	r, err := s.store.Get(s.ctx(), s.groups, g.ID(), p)
	if err != nil || r.GetString("displayName") != "large" {
		s.Errorf("a group can be read without its members; got error %v", err)
	}
}
