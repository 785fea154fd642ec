package ldapsource_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/ldapsource/internal/ldaptest"
	"github.com/ilumy/usersync/provisioning"
)

// Wherever a connection is cut off, in the middle of a message or between two, a read gives everybody once, or ends with
// an error: once cut off, it starts again, and when it is cut off each time, it fails. No cookie goes from one
// connection to another.
func TestCutAnywhere(t *testing.T) {
	d := ldaptest.NewDirectory(t)
	d.PageCap = 7
	const people = 30
	p := putPeople(d, people)
	putGroup(d, "all", 1100, p...)
	given := make([]map[string]bool, 0, 1000) // the cookies of each connection
	cookies := make(chan *ldaptest.Search)
	stray := make(chan string, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for q := range cookies {
			for len(given) <= q.Conn {
				given = append(given, map[string]bool{})
			}
			cookie, _, paged := q.Page()
			if paged && cookie != "" && !given[q.Conn][q.Base+q.Filter] {
				select {
				case stray <- cookie:
				default:
				}
			}
			given[q.Conn][q.Base+q.Filter] = true
		}
	}()
	d.SetBefore(func(q *ldaptest.Search) bool { cookies <- q; return false })
	whole := countBytes(t, d)
	var reads errgroup.Group
	reads.SetLimit(16) // most of the time each waits before it starts again
	for n := 0; n <= whole; n += 43 {
		reads.Go(func() error {
			for _, cuts := range [][]int{{n, -1}, {n}} {
				s := plainAt(t, ldaptest.NewCutter(t, d.URL, cuts...).URL)
				times := map[provisioning.ID]int{}
				var end error
				for r, err := range s.Records(t.Context(), provisioning.User) {
					if end = err; err == nil {
						times[r.ID]++
					}
				}
				for id, n := range times {
					if n != 1 {
						t.Errorf("cut after %d bytes: %s was given %d times", cuts[0], id, n)
					}
				}
				if end == nil && len(times) != people {
					t.Errorf("cut after %v bytes: %d people and no error, want %d", cuts, len(times), people)
				}
				if end != nil && len(cuts) == 2 && len(times) > 0 {
					t.Errorf("cut once, after %d bytes: error %v, want a new start", n, end)
				}
			}
			return nil
		})
	}
	require.NoError(t, reads.Wait())
	d.SetBefore(nil)
	close(cookies)
	<-done
	select {
	case cookie := <-stray:
		t.Errorf("the cookie %q was sent on a connection that had not got it", cookie)
	default:
	}
	if whole < 2000 {
		t.Errorf("a read has %d bytes, want more than that", whole)
	}
}

func plainAt(t *testing.T, url string) *ldapsource.Source {
	return newSource(t, url, &ldapsource.Options{AllowPlaintext: true, Attributes: []string{"cn", "manager"}})
}

// countBytes gives how many bytes a read of all people gets, within a few.
func countBytes(t *testing.T, d *ldaptest.Directory) int {
	least, most := 0, 1<<20
	for most-least > 16 {
		n := (least + most) / 2
		cutter := ldaptest.NewCutter(t, d.URL, n, 0)
		if _, _, err := read(t, plainAt(t, cutter.URL), provisioning.User); err == nil {
			most = n
		} else {
			least = n
		}
	}
	return most
}
