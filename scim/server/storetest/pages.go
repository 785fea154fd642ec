package storetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

func testPages(s *suite) {
	var all []string
	for i := range 23 {
		all = append(all, s.create(s.users, s.user(fmt.Sprintf("u%02d", i))).ID())
	}
	slices.Sort(all)
	for _, by := range []string{"", "userName", "title"} {
		for _, count := range []int{1, 7, 23, 100} {
			var got []string
			for start := 1; start <= 23; start += count {
				q := s.ordering(by)
				q.StartIndex, q.Count = start, count
				page := s.list(q)
				if page.Total != 23 || page.NextCursor != "" {
					s.Errorf("a page by index has the total and no cursor; got %d and %q", page.Total, page.NextCursor)
				}
				if want := min(count, 23-start+1); len(page.Resources) != want {
					s.Errorf("the page from %d with count %d has %d; got %d", start, count, want, len(page.Resources))
				}
				got = append(got, ids(page.Resources)...)
			}
			slices.Sort(got)
			if !slices.Equal(got, all) {
				s.Errorf("pages of %d sorted by %q give each resource once; got %d", count, by, len(got))
			}
		}
	}
	q := s.query(s.users, "")
	q.Count = 0
	if page := s.list(q); page.Total != 23 || len(page.Resources) != 0 {
		s.Errorf("count 0 gives the total only; got %d and %d resources", page.Total, len(page.Resources))
	}
	q.StartIndex, q.Count = 24, 10
	if page := s.list(q); page.Total != 23 || len(page.Resources) != 0 {
		s.Errorf("a page behind the end is empty; got %d resources", len(page.Resources))
	}
}

// ordering is a query that sorts, in descending order with a minus in front.
func (s *suite) ordering(by string) *server.Query {
	q := s.query(s.users, "")
	if by != "" {
		by, descending := strings.CutPrefix(by, "-")
		var err error
		if q.Order, err = s.users.Order(by, map[bool]string{true: "descending"}[descending], nil); err != nil {
			s.Fatal(err)
		}
	}
	return q
}

func testCursors(s *suite) {
	const n = 23
	for i := range n {
		u := s.user(fmt.Sprintf("u%02d", i))
		if i%3 > 0 { // several have the same, and some have none
			u.Set("title", fmt.Sprintf("t%d", i%3))
		}
		s.create(s.users, u)
	}
	for _, by := range []string{"", "userName", "-userName", "title", "-title"} {
		for _, count := range []int{1, 5, 23, 50} {
			got := s.walk(by, count, func(int, *server.Page) {})
			if slices.Sort(got); len(slices.Compact(got)) != n || len(got) != n {
				s.Errorf("pages of %d by cursor, sorted by %q, give each resource once; got %d", count, by, len(got))
			}
		}
	}
	s.back()
	for _, by := range []string{"", "userName"} {
		gone, late := map[string]bool{}, ""
		got := s.walk(by, 5, func(i int, page *server.Page) {
			switch i {
			case 1: // who has been given, the last of them among them, is deleted; one joins
				for _, r := range page.Resources[2:] {
					if err := s.store.Delete(s.ctx(), s.users, r.ID(), ""); err != nil {
						s.Fatal(err)
					}
					gone[r.ID()] = true
				}
				late = s.create(s.users, s.user("late"+by)).ID()
			}
		})
		seen := map[string]int{}
		for _, id := range got {
			seen[id]++
		}
		for _, r := range s.list(s.query(s.users, "")).Resources {
			if r.ID() != late && seen[r.ID()] != 1 {
				s.Errorf("a resource that is there all the time is given once, whatever is deleted meanwhile; sorted by %q, %s was given %d times", by, r.GetString("userName"), seen[r.ID()])
			}
		}
	}
}

// walk goes through all pages by cursor and gives the ids.
func (s *suite) walk(by string, count int, seen func(i int, page *server.Page)) []string {
	s.Helper()
	var got []string
	q := s.ordering(by)
	q.ByCursor, q.Count = true, count
	for i := 0; ; i++ {
		page := s.list(q)
		got = append(got, ids(page.Resources)...)
		seen(i, page)
		if page.NextCursor == "" {
			return got
		}
		if i > 1000 {
			s.Fatal("pages by cursor come to an end")
		}
		q = s.ordering(by)
		q.ByCursor, q.Count, q.Cursor = true, count, page.NextCursor
	}
}

// back goes through all pages and then back, where the Store gives cursors that lead back.
func (s *suite) back() {
	s.Helper()
	for _, by := range []string{"", "userName", "-userName", "title", "-title"} {
		for _, count := range []int{1, 5, 22, 23} {
			var pages []*server.Page
			s.walk(by, count, func(_ int, page *server.Page) { pages = append(pages, page) })
			if pages[0].PreviousCursor != "" {
				s.Errorf("there is no page before the first; sorted by %q, pages of %d", by, count)
			}
			for i := len(pages) - 1; i > 0 && pages[i].PreviousCursor != ""; i-- {
				q := s.ordering(by)
				q.ByCursor, q.Count, q.Cursor = true, count, pages[i].PreviousCursor
				got := s.list(q)
				if !slices.Equal(ids(got.Resources), ids(pages[i-1].Resources)) {
					s.Errorf("a cursor to the page before leads there; sorted by %q, pages of %d, page %d", by, count, i)
					continue
				}
				if (got.PreviousCursor != "") != (i > 1) || got.Total != pages[0].Total {
					s.Errorf("a page that was come to from behind knows what is before it; sorted by %q, pages of %d, page %d", by, count, i)
				}
				q = s.ordering(by)
				q.ByCursor, q.Count, q.Cursor = true, count, got.NextCursor
				if q.Cursor == "" || !slices.Equal(ids(s.list(q).Resources), ids(pages[i].Resources)) {
					s.Errorf("a page that was come to from behind leads on again; sorted by %q, pages of %d, page %d", by, count, i)
				}
			}
		}
	}
}

func testWrongCursors(s *suite) {
	for i := range 3 {
		s.create(s.users, s.user(fmt.Sprintf("u%02d", i)))
	}
	q := s.query(s.users, "")
	q.ByCursor, q.Count = true, 1
	next := s.list(q).NextCursor
	for _, c := range []string{"x", "2", "-1", next + "x", "'", "bm9uc2Vuc2U", "é"} {
		q.Cursor = c
		_, err := s.store.List(s.ctx(), q)
		s.wantError(err, scim.ErrInvalidCursor, fmt.Sprintf("the cursor %q is not one of this server", c))
	}
	other := s.query(s.users, `userName sw "u"`)
	other.ByCursor, other.Count, other.Cursor = true, 1, next
	_, err := s.store.List(s.ctx(), other)
	s.wantError(err, scim.ErrInvalidCursor, "a cursor is for the query it was given for")
}
