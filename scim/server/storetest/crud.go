package storetest

import (
	"strings"
	"time"

	"github.com/ilumy/usersync/scim"
)

func testCreate(s *suite) {
	before := time.Now().Add(-2 * time.Second)
	body := `{"schemas":[%q,%q],"externalId":"701984","userName":"bjensen@example.com",
		"name":{"familyName":"Jensen","givenName":"Barbara"},"active":true,"emails":[
		{"value":"bjensen@example.com","type":"work","primary":true},{"value":"babs@jensen.org","type":"home"}],
		"nickName":"quote \" backslash \\ percent %% under _ apostrophe ' é 漢 🎈",
		%q:{"employeeNumber":"701984","department":"Tour Operations"}}`
	r := s.create(s.users, s.decode(s.users, body, scim.UserSchema, scim.EnterpriseUserSchema, scim.EnterpriseUserSchema))
	if r.ID() == "" {
		s.Error("a created resource has an id")
	}
	m := r.Meta()
	if m.Version == "" || m.ResourceType != "User" {
		s.Errorf("a created resource has a version and its type in meta; got %+v", m)
	}
	if m.Created.Before(before) || !m.Created.Equal(m.LastModified) {
		s.Errorf("a created resource was created now and not modified since; got %v and %v", m.Created, m.LastModified)
	}
	want := s.decode(s.users, body, scim.UserSchema, scim.EnterpriseUserSchema, scim.EnterpriseUserSchema)
	if !s.users.Equal(withID(r, want.ID()), want) {
		got, _ := r.MarshalJSON()
		s.Errorf("a created resource has the attributes it was given; got %s", got)
	}
	s.wantSame(s.get(s.users, r.ID()), r, "Get gives what Create gave")
	if other := s.create(s.users, s.user("other")); other.ID() == r.ID() {
		s.Error("two resources have two ids")
	}
	if p, err := s.users.Projection([]string{"userName"}, nil, nil); err != nil {
		s.Error(err)
	} else if r, err := s.store.Get(s.ctx(), s.users, r.ID(), p); err != nil || r.GetString("userName") == "" || r.ID() == "" {
		s.Errorf("Get with a projection gives at least what that shows; got error %v", err)
	}
}

// withID gives a copy of r under another id; none if that is empty.
func withID(r *scim.Resource, id string) *scim.Resource {
	c := r.Clone()
	if c.Delete("id"); id != "" {
		c.SetID(id)
	}
	return c
}

func testNotFound(s *suite) {
	for _, id := range []string{"none", "", strings.Repeat("x", 300), "a/b", "'", "%", "\x00"} {
		_, err := s.store.Get(s.ctx(), s.users, id, nil)
		s.wantError(err, scim.ErrNotFound, "Get of what is not there")
		r := s.user("nobody")
		r.SetID(id)
		_, err = s.store.Replace(s.ctx(), s.users, r, "")
		s.wantError(err, scim.ErrNotFound, "Replace of what is not there")
		s.wantError(s.store.Delete(s.ctx(), s.users, id, ""), scim.ErrNotFound, "Delete of what is not there")
	}
}

func testReplace(s *suite) {
	first := s.create(s.users, s.decode(s.users, `{"schemas":[%q],"userName":"a","title":"old","nickName":"nick"}`, scim.UserSchema))
	time.Sleep(2 * time.Millisecond)
	next := withID(s.decode(s.users, `{"schemas":[%q],"userName":"b","title":"new"}`, scim.UserSchema), first.ID())
	second := s.replace(s.users, next, "")
	if second.GetString("title") != "new" || second.GetString("userName") != "b" || second.Has("nickName") {
		s.Error("Replace puts the new resource in place of the old one as a whole")
	}
	was, is := first.Meta(), second.Meta()
	if is.Version == was.Version || is.Version == "" {
		s.Errorf("Replace makes a new version; got %q after %q", is.Version, was.Version)
	}
	if !is.Created.Equal(was.Created) || !is.LastModified.After(was.LastModified) {
		s.Errorf("Replace keeps created and sets lastModified; got %+v after %+v", is, was)
	}
	s.wantSame(s.get(s.users, first.ID()), second, "Get gives what Replace gave")
}

func testVersions(s *suite) {
	r := s.create(s.users, s.user("a"))
	v1 := r.Meta().Version
	v2 := s.replace(s.users, withID(s.user("b"), r.ID()), v1).Meta().Version
	for _, stale := range []string{v1, `W/"none"`, `"'"`} {
		_, err := s.store.Replace(s.ctx(), s.users, withID(s.user("c"), r.ID()), stale)
		s.wantError(err, scim.ErrVersion, "Replace of another version")
		s.wantError(s.store.Delete(s.ctx(), s.users, r.ID(), stale), scim.ErrVersion, "Delete of another version")
	}
	if now := s.get(s.users, r.ID()); now.GetString("userName") != "b" || now.Meta().Version != v2 {
		s.Error("a write that fails changes nothing")
	}
	seen := map[string]bool{v1: true, v2: true}
	for range 5 {
		v := s.replace(s.users, withID(s.user("b"), r.ID()), "").Meta().Version
		if seen[v] {
			s.Errorf("a version never comes back; got %q again", v)
		}
		seen[v] = true
	}
	if err := s.store.Delete(s.ctx(), s.users, r.ID(), s.get(s.users, r.ID()).Meta().Version); err != nil {
		s.Errorf("Delete of the present version: %v", err)
	}
}

func testDelete(s *suite) {
	r := s.create(s.users, s.user("a"))
	if err := s.store.Delete(s.ctx(), s.users, r.ID(), ""); err != nil {
		s.Fatalf("Delete: %v", err)
	}
	_, err := s.store.Get(s.ctx(), s.users, r.ID(), nil)
	s.wantError(err, scim.ErrNotFound, "Get of what was deleted")
	s.wantError(s.store.Delete(s.ctx(), s.users, r.ID(), ""), scim.ErrNotFound, "Delete of what was deleted")
	if page := s.list(s.query(s.users, "")); page.Total != 0 {
		s.Errorf("what was deleted is not listed; got %d", page.Total)
	}
	again := s.create(s.users, s.user("a"))
	if again.ID() == r.ID() {
		s.Error("an id is never given again")
	}
}

func testTypes(s *suite) {
	u := s.create(s.users, s.user("a"))
	g := s.create(s.groups, s.group("a"))
	_, err := s.store.Get(s.ctx(), s.groups, u.ID(), nil)
	s.wantError(err, scim.ErrNotFound, "a user is no group")
	s.wantError(s.store.Delete(s.ctx(), s.users, g.ID(), ""), scim.ErrNotFound, "a group is no user")
	for _, t := range []*scim.ResourceType{s.users, s.groups} {
		if page := s.list(s.query(t, "")); page.Total != 1 || page.Resources[0].Meta().ResourceType != t.Name() {
			s.Errorf("List gives the resources of its type only; got %d", page.Total)
		}
	}
}

func testShared(s *suite) {
	g := s.create(s.groups, s.group("a", "one", "two"))
	kept := g.Clone()
	listed := s.list(s.query(s.groups, "")).Resources[0]
	s.replace(s.groups, withID(s.group("b", "three"), g.ID()), "")
	s.wantSame(g, kept, "what Create gave is not changed by a later write")
	s.wantSame(listed, kept, "what List gave is not changed by a later write")
}
