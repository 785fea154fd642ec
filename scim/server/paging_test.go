package server_test

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

// TestPaging walks through users and groups in pages of every size, by index and by cursor, in one type and in all.
func TestPaging(t *testing.T) {
	s := newService(t, nil)
	var users, groups []string
	for i := range 5 {
		users = append(users, s.user(fmt.Sprintf("user%d", i)))
	}
	for i := range 3 {
		groups = append(groups, s.group(fmt.Sprintf("group%d", i)))
	}
	all := append(append([]string{}, users...), groups...)
	tests := []struct {
		path, query string
		want        []string
	}{
		{"/Users", "", users},
		{"/Groups", "", groups},
		{"/Users", "sortBy=userName&sortOrder=descending", users},
		{"/Users", "filter=" + url.QueryEscape(`userName sw "user"`), users},
		{"/", "", all},
		{"/", "filter=" + url.QueryEscape(`displayName sw "group" or userName sw "user"`), all},
		{"/", "filter=" + url.QueryEscape(`meta.resourceType eq "Group"`), groups},
	}
	for _, tt := range tests {
		for count := 1; count <= 10; count++ {
			for _, by := range []string{"index", "cursor"} {
				name := fmt.Sprintf("%s?%s by %s, %d at once", tt.path, tt.query, by, count)
				seen := map[string]int{}
				where := "startIndex=1"
				if by == "cursor" {
					where = "cursor="
				}
				for pages := 0; where != ""; pages++ {
					a := s.do("GET", fmt.Sprintf("%s?%s&count=%d&%s", tt.path, tt.query, count, where), "")
					if a.status != 200 || fmt.Sprint(a.Get("totalResults")) != fmt.Sprint(len(tt.want)) || pages > 20 {
						t.Fatalf("%s: page %d: %d %s", name, pages, a.status, a.text)
					}
					list := a.GetValues("Resources")
					for _, v := range list {
						seen[v.(*scim.Object).GetString("id")]++
					}
					if len(list) > count || fmt.Sprint(a.Get("itemsPerPage")) != fmt.Sprint(len(list)) {
						t.Errorf("%s: a page has %d, and says %v", name, len(list), a.Get("itemsPerPage"))
					}
					where = ""
					switch next := a.GetString("nextCursor"); {
					case by == "cursor" && next != "":
						where = "cursor=" + url.QueryEscape(next)
					case by == "index" && len(list) > 0:
						where = fmt.Sprintf("startIndex=%d", len(seen)+1)
					}
					if a.Has("startIndex") != (by == "index") {
						t.Errorf("%s: startIndex is there: %v", name, a.Has("startIndex"))
					}
				}
				for _, id := range tt.want {
					if seen[id] != 1 || len(seen) != len(tt.want) {
						t.Fatalf("%s: %d resources of %d, one of them %d times", name, len(seen), len(tt.want), seen[id])
					}
				}
			}
		}
	}
}

func TestPagingDefaults(t *testing.T) {
	s := newService(t, &server.Options{Limits: server.Limits{Page: 2, Results: 4}})
	for i := range 6 {
		s.user(fmt.Sprintf("user%d", i))
	}
	for query, want := range map[string]int{"": 2, "?count=3": 3, "?count=100": 4, "?cursor=": 2, "?count=0": 0, "?startIndex=6": 1, "?startIndex=7": 0, "?sortBy=userName&count=100": 4} {
		a := s.do("GET", "/Users"+query, "")
		if got := len(a.GetValues("Resources")); got != want || fmt.Sprint(a.Get("totalResults")) != "6" {
			t.Errorf("%q: got %d of %v, want %d of 6", query, got, a.Get("totalResults"), want)
		}
	}
	if got := s.do("GET", "/ServiceProviderConfig", "").GetObject("filter").Get("maxResults"); fmt.Sprint(got) != "4" {
		t.Errorf("maxResults %v", got)
	}
	if a := s.do("GET", "/?sortBy=meta.created&cursor=", ""); a.status != 400 {
		t.Errorf("all types, sorted, by cursor: %d %s", a.status, a.text)
	}
	if a := s.do("GET", "/?sortBy=meta.created&startIndex=9999&count=4", ""); a.status != 400 || a.GetString("scimType") != "tooMany" {
		t.Errorf("all types, sorted, far behind: %d %s", a.status, a.text)
	}
}

// A page by cursor leads to the one before it (RFC 9865 section 2).
func TestPreviousCursor(t *testing.T) {
	s := newService(t, nil)
	for i := range 5 {
		s.user(fmt.Sprintf("user%d", i))
	}
	for _, order := range []string{"", "&sortBy=userName", "&sortBy=userName&sortOrder=descending", "&filter=userName+sw+%22user%22"} {
		get := func(cursor string) answer { return s.do("GET", "/Users?count=2&cursor="+cursor+order, "") }
		first := get("")
		second := get(first.GetString("nextCursor"))
		third := get(second.GetString("nextCursor"))
		if first.Has("previousCursor") || !second.Has("previousCursor") || third.Has("nextCursor") {
			t.Errorf("%q: %s\n%s\n%s", order, first.text, second.text, third.text)
		}
		for name, back := range map[string][2]string{"third": {get(third.GetString("previousCursor")).text, second.text}, "second": {get(second.GetString("previousCursor")).text, first.text}} {
			if back[0] != back[1] {
				t.Errorf("%q: before the %s page is\n%s\nwant\n%s", order, name, back[0], back[1])
			}
		}
	}
}
