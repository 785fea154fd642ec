package storetest

import (
	"errors"
	"fmt"
	"sync"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

func testUnique(s *suite) {
	if _, ok := s.store.(server.Finder); ok {
		s.testFinder()
		return
	}
	a := s.create(s.users, s.user("bjensen"))
	b := s.create(s.users, s.user("other"))
	_, err := s.store.Create(s.ctx(), s.users, s.user("BJensen"))
	s.wantError(err, scim.ErrUniqueness, "Create with a userName in use, in another case")
	_, err = s.store.Replace(s.ctx(), s.users, withID(s.user("BJENSEN"), b.ID()), "")
	s.wantError(err, scim.ErrUniqueness, "Replace with a userName in use, in another case")
	if s.get(s.users, b.ID()).GetString("userName") != "other" {
		s.Error("a write that fails changes nothing")
	}
	s.replace(s.users, withID(s.user("BJENSEN"), a.ID()), "")
	s.replace(s.users, withID(s.user("renamed"), a.ID()), "")
	s.replace(s.users, withID(s.user("bjensen"), b.ID()), "")
	if err := s.store.Delete(s.ctx(), s.users, b.ID(), ""); err != nil {
		s.Fatal(err)
	}
	s.create(s.users, s.user("bjensen"))
	s.create(s.groups, s.group("same name"))
	s.create(s.groups, s.group("same name"))
}

// testFinder is for Stores that have the Handler look for unique values.
func (s *suite) testFinder() {
	f := s.store.(server.Finder)
	a := s.create(s.users, s.user("bjensen"))
	s.create(s.users, s.user("other"))
	found, err := f.Find(s.ctx(), s.users, s.users.Attribute("userName"), "BJensen")
	if errors.Is(err, errors.ErrUnsupported) {
		s.Fatal("a Finder that cannot look up the userName leaves nobody to see that it is unique")
	}
	ok := err == nil
	for _, r := range found {
		ok = ok && (r.ID() == a.ID() || r.GetString("userName") != "bjensen")
	}
	if !ok || len(found) == 0 {
		s.Errorf("Find gives who has the userName, in any case; got %d resources and error %v", len(found), err)
	}
}

func testUniqueAtOnce(s *suite) {
	if _, ok := s.store.(server.Finder); ok {
		return // only one at a time is promised
	}
	const writers = 16
	var wg sync.WaitGroup
	errs := make([]error, writers)
	for i := range writers {
		r := s.user("bjensen")
		wg.Go(func() { _, errs[i] = s.store.Create(s.ctx(), s.users, r) })
	}
	wg.Wait()
	created := 0
	for _, err := range errs {
		if err == nil {
			created++
			continue
		}
		s.wantError(err, scim.ErrUniqueness, "Create at once with others of the same userName")
	}
	if created != 1 {
		s.Errorf("of %d users with one userName, created at once, one is created; got %d", writers, created)
	}
	if page := s.list(s.query(s.users, fmt.Sprintf("userName eq %q", "bjensen"))); page.Total != 1 {
		s.Errorf("of users with one userName there is one; got %d", page.Total)
	}
}
