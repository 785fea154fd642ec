package storetest

import (
	"context"
	"fmt"
	"slices"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

// query makes a Query as the Handler would, for all that match.
func (s *suite) query(t *scim.ResourceType, filter string) *server.Query {
	s.Helper()
	q := &server.Query{Type: t, StartIndex: 1, Count: 1000}
	if filter != "" {
		var err error
		if q.Filter, err = t.ParseFilter(filter, nil); err != nil {
			s.Fatalf("the kit made a wrong filter %s: %v", filter, err)
		}
	}
	return q
}

func (s *suite) list(q *server.Query) *server.Page {
	s.Helper()
	page, err := s.store.List(s.ctx(), q)
	if err != nil {
		s.Fatalf("List: %v", err)
	}
	return page
}

func ids(list []*scim.Resource) []string {
	names := make([]string, len(list))
	for i, r := range list {
		names[i] = r.ID()
	}
	return names
}

// people creates users that differ in what filters and orders look at, and gives them in the order of creation.
func (s *suite) people() []*scim.Resource {
	bodies := []string{
		`"userName":"bjensen","externalId":"E1","name":{"familyName":"Jensen","givenName":"Barbara"},"active":true,"title":"Guide","emails":[{"value":"bjensen@example.com","type":"work","primary":true},{"value":"babs@home.example","type":"home"}]`,
		`"userName":"JSmith","externalId":"e1","name":{"familyName":"smith","givenName":"John"},"active":false,"emails":[{"value":"JSMITH@EXAMPLE.COM","type":"work"}]`,
		`"userName":"a_b%c","name":{"familyName":"O'Neil","givenName":"Zoë"},"active":true,"title":""`,
		`"userName":"axbyc","name":{"familyName":"Ångström"},"displayName":"with \"quotes\" and \\ backslash"`,
		`"userName":"émile","name":{"familyName":"Zola"},"active":true,"userType":"Employee","roles":[{"value":"admin"},{"value":"author","type":"x","primary":true}]`,
		`"userName":"ÉMILIE","name":{"familyName":"jensen","givenName":"anna"},"userType":"contractor"`,
		`"userName":"u7","active":false,"emails":[{"value":"x@example.com","type":"home","primary":true},{"value":"work7@example.org","type":"work"}]`,
		`"userName":"u8","title":"guide","` + scim.EnterpriseUserSchema + `":{"employeeNumber":"42","department":"Tours","manager":{"value":"m1"}}`,
		`"userName":"u9","` + scim.EnterpriseUserSchema + `":{"employeeNumber":"7","department":"tours"}`,
	}
	list := make([]*scim.Resource, len(bodies))
	for i, b := range bodies {
		list[i] = s.create(s.users, s.decode(s.users, `{"schemas":[%q],%s}`, scim.UserSchema, b))
	}
	return list
}

func testFilters(s *suite) {
	all := s.people()
	s.create(s.groups, s.group("a group"))
	const ext = scim.EnterpriseUserSchema
	filters := []string{
		`userName eq "BJENSEN"`, `userName eq "nobody"`, `userName eq "a_b%c"`, `userName co "_"`, `userName co "%"`, `userName sw "a_"`,
		`userName sw "A"`, `userName ew "C"`, `userName ew "%c"`, `userName eq "ÉMILE"`, `userName co "mili"`, `userName ne "u7"`,
		`externalId eq "E1"`, `externalId eq "e1"`, `externalId pr`, `not (externalId pr)`, `externalId sw "E"`,
		`id eq "` + all[3].ID() + `"`, `id eq "none"`, `name.familyName eq "jensen"`, `name.familyName eq "O'Neil"`, `name.givenName pr`,
		`name pr`, `title pr`, `title eq "guide"`, `title ne "guide"`, `not (title eq "guide")`, `active eq true`, `active eq false`, `active ne true`, `not (active eq true)`,
		`active pr and not (active eq false)`, `displayName co "\"quotes\""`, `displayName co "\\ "`,
		`emails pr`, `emails.value eq "jsmith@example.com"`, `emails co "example.com"`, `emails eq "babs@home.example"`, `emails.type eq "home"`,
		`emails[type eq "work" and value co "example.com"]`, `emails[type eq "home" and primary eq true]`, `emails[type eq "work"].value sw "work7"`,
		`emails[not (type eq "work")]`, `not (emails[type eq "work"])`, `emails.value ne "x@example.com"`,
		`roles.value eq "author"`, `roles[primary eq true].value eq "author"`, `roles[primary eq true].value eq "admin"`,
		ext + `:employeeNumber eq "42"`, ext + `:department eq "TOURS"`, ext + `:manager.value eq "m1"`, ext + `:manager eq "m1"`, ext + `:department pr`,
		`userName gt "jz"`, `userName le "JSMITH"`, `userName ge "u8" and userName lt "u9"`,
		`meta.created gt "2020-01-01T00:00:00Z"`, `meta.lastModified lt "2020-01-01T00:00:00Z"`, `meta.resourceType eq "User"`, `meta.version pr`,
		`(userName sw "u" or active eq true) and not (title pr)`, `userName sw "u" or userType eq "employee" or emails[type eq "home"]`,
		`userName eq "u7" and externalId eq "nope"`, `externalId eq "E1" or userName eq "u9"`,
	}
	for _, f := range filters {
		s.wantMatches(s.query(s.users, f), all)
	}
}

// wantMatches compares what a query gives, on one page, with what its filter matches among all users.
func (s *suite) wantMatches(q *server.Query, all []*scim.Resource) {
	s.Helper()
	var want []string
	for _, r := range all {
		if q.Filter.Match(r) {
			want = append(want, r.ID())
		}
	}
	page := s.list(q)
	got := ids(page.Resources)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || page.Total != len(want) {
		s.Errorf("filter %v: got %s, total %d; Filter.Match says %s", q.Filter.Expression(), s.names(all, got), page.Total, s.names(all, want))
	}
}

// names tells ids for a person.
func (s *suite) names(all []*scim.Resource, ids []string) string {
	var list []string
	for _, r := range all {
		if slices.Contains(ids, r.ID()) {
			list = append(list, r.GetString("userName"))
		}
	}
	return fmt.Sprintf("%q", list)
}

func testOrders(s *suite) {
	all := s.people()
	for _, by := range []string{"userName", "name.familyName", "title", "emails.value", "emails", "active", "meta.created", "id", "externalId", scim.EnterpriseUserSchema + ":department"} {
		for _, direction := range []string{"", "ascending", "descending"} {
			q := s.query(s.users, "")
			var err error
			if q.Order, err = s.users.Order(by, direction, nil); err != nil {
				s.Fatal(err)
			}
			page := s.list(q)
			if page.Total != len(all) || len(page.Resources) != len(all) {
				s.Fatalf("a query sorted by %s gives all; got %d", by, len(page.Resources))
			}
			if !slices.IsSortedFunc(page.Resources, q.Order.Compare) {
				s.Errorf("a query sorted by %s %s is sorted as Order.Compare says; got %s", by, direction, s.ordered(page.Resources))
			}
			if again := s.list(q); !slices.Equal(ids(again.Resources), ids(page.Resources)) {
				s.Errorf("a query sorted by %s %s has the same order each time", by, direction)
			}
		}
	}
}

func (s *suite) ordered(list []*scim.Resource) string {
	names := make([]string, len(list))
	for i, r := range list {
		names[i] = r.GetString("userName")
	}
	return fmt.Sprintf("%q", names)
}

func testCancelled(s *suite) {
	for i := range 1500 {
		s.create(s.users, s.user(fmt.Sprintf("u%d", i)))
	}
	ctx, cancel := context.WithCancel(s.ctx())
	cancel()
	q := s.query(s.users, `title pr or userName co "u"`)
	if page, err := s.store.List(ctx, q); err == nil && page.Total != 1500 {
		s.Errorf("a List that is cut short is an error, never fewer; got %d of 1500", page.Total)
	}
}
