// Package storetest is the test that every [server.Store] must pass.
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) server.Store { return mystore.New(openDatabase(t)) })
//	}
package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

// Run tests a kind of Store. It calls open for each part of the test, for an empty Store that no other part sees.
// The Store must keep every attribute of users and groups (see [scim.NewUserType], [scim.NewGroupType]).
func Run(t *testing.T, open func(t *testing.T) server.Store) {
	for name, test := range Parts() {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// Parts are the parts of the test by their names, in order, for a Store that is known not to pass one of them. Each takes an
// empty Store.
func Parts() iter.Seq2[string, func(*testing.T, server.Store)] {
	return func(yield func(string, func(*testing.T, server.Store)) bool) {
		for _, part := range parts {
			test := func(t *testing.T, store server.Store) {
				part.test(&suite{T: t, store: store, users: scim.NewUserType(), groups: scim.NewGroupType()})
			}
			if !yield(part.name, test) {
				return
			}
		}
	}
}

var parts = []struct {
	name string
	test func(*suite)
}{
	{"create and get", testCreate},
	{"what is not there", testNotFound},
	{"replace", testReplace},
	{"compare and swap", testVersions},
	{"delete", testDelete},
	{"types are apart", testTypes},
	{"answers are not changed later", testShared},
	{"unique values", testUnique},
	{"unique values at once", testUniqueAtOnce},
	{"filters", testFilters},
	{"filters by chance", testRandom},
	{"orders", testOrders},
	{"pages by index", testPages},
	{"pages by cursor", testCursors},
	{"wrong cursors", testWrongCursors},
	{"cancelled list", testCancelled},
	{"members", testMembers},
	{"some members", testSomeMembers},
	{"members of who is deleted", testLeavers},
	{"members at once", testMembersAtOnce},
	{"changes at once", testChangesAtOnce},
	{"large group", testLargeGroup},
}

// suite is one part of the test, with what it works on.
type suite struct {
	*testing.T
	store         server.Store
	users, groups *scim.ResourceType
}

func (s *suite) ctx() context.Context { return s.Context() }

// decode reads a resource as the Handler would.
func (s *suite) decode(t *scim.ResourceType, format string, args ...any) *scim.Resource {
	s.Helper()
	body := fmt.Sprintf(format, args...)
	r, err := t.Decode([]byte(body), nil)
	if err == nil {
		err = t.CheckCreate(r, nil)
	}
	if err != nil {
		s.Fatalf("the kit made a wrong resource %s: %v", body, err)
	}
	return r
}

func (s *suite) user(name string) *scim.Resource {
	return s.decode(s.users, `{"schemas":[%q],"userName":%q}`, scim.UserSchema, name)
}

func (s *suite) group(name string, members ...string) *scim.Resource {
	r := s.decode(s.groups, `{"schemas":[%q],"displayName":%q}`, scim.GroupSchema, name)
	if len(members) > 0 {
		list := make([]any, len(members))
		for i, m := range members {
			list[i] = scim.NewObject(scim.Member{Name: "value", Value: m})
		}
		r.Set("members", list)
	}
	return r
}

func (s *suite) create(t *scim.ResourceType, r *scim.Resource) *scim.Resource {
	s.Helper()
	created, err := s.store.Create(s.ctx(), t, r)
	if err != nil {
		s.Fatalf("Create of a %s: %v", t.Name(), err)
	}
	return created
}

func (s *suite) get(t *scim.ResourceType, id string) *scim.Resource {
	s.Helper()
	r, err := s.store.Get(s.ctx(), t, id, nil)
	if err != nil {
		s.Fatalf("Get of a %s: %v", t.Name(), err)
	}
	return r
}

func (s *suite) replace(t *scim.ResourceType, r *scim.Resource, ifVersion string) *scim.Resource {
	s.Helper()
	replaced, err := s.store.Replace(s.ctx(), t, r, ifVersion)
	if err != nil {
		s.Fatalf("Replace of a %s: %v", t.Name(), err)
	}
	return replaced
}

// wantError says which rule was broken when err is not of a class.
func (s *suite) wantError(err, class error, rule string) {
	s.Helper()
	if !errors.Is(err, class) {
		s.Errorf("%s: got error %v, want one that wraps %v", rule, err, class)
	}
}

// wantSame compares two resources, meta included.
func (s *suite) wantSame(got, want *scim.Resource, rule string) {
	s.Helper()
	if !got.Equal(&want.Object) {
		g, _ := got.MarshalJSON()
		w, _ := want.MarshalJSON()
		s.Errorf("%s:\n got %s\nwant %s", rule, g, w)
	}
}

// members gives the values of the members of a group, each with how often it is there.
func members(r *scim.Resource) map[string]int {
	values := map[string]int{}
	for _, v := range r.GetValues("members") {
		if o, ok := v.(*scim.Object); ok {
			values[o.GetString("value")]++
		}
	}
	return values
}
