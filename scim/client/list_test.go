package client_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim/client"
)

// roll is a server with a list of ids, which does what a test wants before each page.
type roll struct {
	mu     sync.Mutex
	ids    []string
	page   int // number of the page that is asked for
	before func(*roll, url.Values)
	answer func(r *roll, q url.Values, from, to int) any // nil is the right answer
	cursor bool
	sort   bool
}

func (r *roll) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w.Header().Set("Content-Type", "application/scim+json")
	if strings.HasSuffix(req.URL.Path, "/ServiceProviderConfig") {
		_ = json.NewEncoder(w).Encode(map[string]any{
			"sort":       map[string]any{"supported": r.sort},
			"pagination": map[string]any{"cursor": r.cursor, "index": true},
		})
		return
	}
	q := req.URL.Query()
	r.page++
	if r.before != nil {
		r.before(r, q)
	}
	start, _ := strconv.Atoi(q.Get("startIndex"))
	if q.Has("cursor") {
		start, _ = strconv.Atoi(q.Get("cursor"))
		start++
	}
	count, _ := strconv.Atoi(q.Get("count"))
	from := min(max(start-1, 0), len(r.ids))
	to := min(from+count, len(r.ids))
	var v any
	if r.answer != nil {
		v = r.answer(r, q, from, to)
	}
	if v == nil {
		l := list(len(r.ids), r.ids[from:to]...)
		if q.Has("cursor") && to < len(r.ids) {
			l["nextCursor"] = strconv.Itoa(to)
		}
		v = l
	}
	switch v := v.(type) {
	case func(http.ResponseWriter):
		v(w)
	case string:
		_, _ = w.Write([]byte(v))
	default:
		_ = json.NewEncoder(w).Encode(v)
	}
}

func list(total int, ids ...string) map[string]any {
	resources := []any{}
	for _, id := range ids {
		resources = append(resources, map[string]any{"id": id, "userName": "u" + id})
	}
	return map[string]any{"totalResults": total, "Resources": resources}
}

func names(n int) []string {
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprint(i+1))
	}
	return ids
}

// readAll lists everything and gives the ids in the order in which they came.
func readAll(t *testing.T, r *roll, o *client.Options) ([]string, error) {
	t.Helper()
	s := httptest.NewServer(r)
	defer s.Close()
	o.Retries, o.MaxWait = -1, time.Millisecond
	c, err := client.New(s.URL, o)
	require.NoError(t, err)
	var got []string
	for res, err := range c.List(t.Context(), "/Users", nil) {
		if err != nil {
			return got, err
		}
		got = append(got, res.ID())
	}
	return got, nil
}

func TestListByIndex(t *testing.T) {
	once := func(page int, f func(r *roll)) func(*roll, url.Values) {
		return func(r *roll, _ url.Values) {
			if r.page == page {
				f(r)
			}
		}
	}
	for _, tt := range []struct {
		name   string
		server *roll
		want   []string // at least, when there is no error
		err    string   // part of the error
	}{
		{"nobody", &roll{}, nil, ""},
		{"one page", &roll{ids: names(2)}, names(2), ""},
		{"a full page", &roll{ids: names(3)}, names(3), ""},
		{"several pages", &roll{ids: names(10)}, names(10), ""},
		{"smaller pages than asked for", &roll{ids: names(7), answer: func(r *roll, _ url.Values, from, to int) any {
			return list(len(r.ids), r.ids[from:min(to, from+2)]...)
		}}, names(7), ""},
		{"pages of one", &roll{ids: names(5), answer: func(r *roll, _ url.Values, from, to int) any {
			return list(len(r.ids), r.ids[from:min(to, from+1)]...)
		}}, names(5), ""},
		{"pages of one in a list that moves", &roll{ids: names(5), before: once(3, func(r *roll) { r.ids = r.ids[1:] }), answer: func(r *roll, _ url.Values, from, to int) any {
			return list(len(r.ids), r.ids[from:min(to, from+1)]...)
		}}, names(5)[1:], ""},
		{"Resources is null", &roll{answer: func(*roll, url.Values, int, int) any { return `{"totalResults":0,"Resources":null}` }}, nil, ""},
		{"numbers as strings", &roll{ids: names(2), answer: func(r *roll, _ url.Values, from, to int) any {
			l := list(0, r.ids[from:to]...)
			l["totalResults"] = "2"
			return l
		}}, names(2), ""},
		{"somebody removed before the next page", &roll{ids: names(9), before: once(2, func(r *roll) { r.ids = r.ids[1:] })}, names(9)[1:], ""},
		{"many removed", &roll{ids: names(20), before: once(5, func(r *roll) { r.ids = r.ids[7:] })}, names(20)[7:], ""},
		{"all but one removed", &roll{ids: names(9), before: once(3, func(r *roll) { r.ids = r.ids[8:] })}, names(9)[8:], ""},
		{"all removed", &roll{ids: names(9), before: once(3, func(r *roll) { r.ids = nil })}, nil, ""},
		{"somebody added in front", &roll{ids: names(9), before: once(2, func(r *roll) { r.ids = append([]string{"new"}, r.ids...) })}, names(9), ""},
		{"many added in front", &roll{ids: names(9), before: once(3, func(r *roll) { r.ids = append(names(40)[9:], r.ids...) })}, names(9), ""},
		{"one removed and one added", &roll{ids: names(9), before: once(2, func(r *roll) { r.ids = append(slices.Clone(r.ids[1:]), "new") })}, names(9)[1:], ""},
		{"no fixed order, but sorted on request", &roll{ids: names(30), sort: true, before: func(r *roll, q url.Values) {
			if q.Get("sortBy") == "id" {
				slices.Sort(r.ids)
			} else {
				rand.Shuffle(len(r.ids), func(i, j int) { r.ids[i], r.ids[j] = r.ids[j], r.ids[i] })
			}
		}}, names(30), ""},
		{"no fixed order", &roll{ids: names(30), before: func(r *roll, _ url.Values) {
			rand.Shuffle(len(r.ids), func(i, j int) { r.ids[i], r.ids[j] = r.ids[j], r.ids[i] })
		}}, names(30), "order"},
		{"startIndex ignored", &roll{ids: names(9), answer: func(r *roll, _ url.Values, _, _ int) any { return list(9, r.ids[:3]...) }}, names(9), "only 3 of 9"},
		{"the end comes too early", &roll{ids: names(9), answer: func(r *roll, _ url.Values, from, to int) any { return list(9, r.ids[min(from, 6):min(to, 6)]...) }}, names(9), "ended after 6 of 9"},
		{"nothing, though there should be", &roll{ids: names(9), answer: func(*roll, url.Values, int, int) any { return list(9) }}, names(9), "ended after 0 of 9"},
		{"totalResults of the page", &roll{ids: names(9), answer: func(r *roll, _ url.Values, from, to int) any { return list(to-from, r.ids[from:to]...) }}, names(9), "more resources than"},
		{"totalResults of a limit", &roll{ids: names(9), answer: func(r *roll, _ url.Values, from, to int) any { return list(6, r.ids[from:to]...) }}, names(9), "more resources than"},
		{"totalResults missing", &roll{ids: names(3), answer: func(r *roll, _ url.Values, from, to int) any {
			l := list(0, r.ids[from:to]...)
			delete(l, "totalResults")
			return l
		}}, names(3), "does not state totalResults"},
		{"a page that fails", &roll{ids: names(9), answer: func(r *roll, _ url.Values, _, _ int) any {
			if r.page == 3 {
				return func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) }
			}
			return nil
		}}, names(9), "500"},
		{"a page that is cut off", &roll{ids: names(9), answer: func(r *roll, _ url.Values, _, _ int) any {
			if r.page == 3 {
				return `{"totalResults":9,"Resources":[{"id":"4"`
			}
			return nil
		}}, names(9), "ends in the middle"},
		{"a login page", &roll{ids: names(9), answer: func(*roll, url.Values, int, int) any {
			return func(w http.ResponseWriter) {
				w.Header().Set("Content-Type", "text/html")
				_, _ = w.Write([]byte("<html><title>Sign in</title>"))
			}
		}}, names(9), `HTML page titled "Sign in": check the base address`},
		{"other JSON", &roll{ids: names(9), answer: func(*roll, url.Values, int, int) any { return `{"users":[]}` }}, names(9), "no SCIM list"},
		{"resources without id", &roll{ids: []string{"1", "", "3", "", "", "", "7", "", ""}}, []string{"1", "3", "7"}, ""},
		{"JSON that is a list", &roll{ids: names(9), answer: func(*roll, url.Values, int, int) any { return `[]` }}, names(9), "JSON object is expected"},
		{"a resource that is text", &roll{ids: names(1), answer: func(*roll, url.Values, int, int) any { return `{"totalResults":1,"Resources":["x"]}` }}, names(1), "no object"},
	} {
		t.Run(tt.name, func(t *testing.T) { checkList(t, tt.server, client.PagingIndex, tt.want, tt.err) })
	}
}

// checkList reads all from a server and checks that a success is complete.
func checkList(t *testing.T, server *roll, paging client.Paging, want []string, wantErr string) {
	t.Helper()
	got, err := readAll(t, server, &client.Options{PageSize: 3, Profile: &client.Profile{Paging: paging}})
	if wantErr != "" {
		if err == nil || !strings.Contains(err.Error(), wantErr) {
			t.Fatalf("%d resources, error %v; want an error that says %q, since what is missing would be taken for gone", len(got), err, wantErr)
		}
		return
	}
	if err != nil {
		t.Fatalf("error %v", err)
	}
	seen := map[string]bool{}
	for _, id := range got {
		if seen[id] && id != "" {
			t.Errorf("%s came twice", id)
		}
		seen[id] = true
	}
	for _, id := range want {
		if !seen[id] {
			t.Errorf("%s is missing, and would be taken for gone; got %v", id, got)
		}
	}
}

func TestListByCursor(t *testing.T) {
	for _, tt := range []struct {
		name   string
		server *roll
		want   []string
		err    string
	}{
		{"nobody", &roll{}, nil, ""},
		{"several pages", &roll{ids: names(10)}, names(10), ""},
		{"no totalResults", &roll{ids: names(10), answer: func(r *roll, _ url.Values, from, to int) any {
			l := list(0, r.ids[from:to]...)
			delete(l, "totalResults")
			if to < len(r.ids) {
				l["nextCursor"] = strconv.Itoa(to)
			}
			return l
		}}, names(10), ""},
		{"an empty page in the middle", &roll{ids: names(4), answer: func(r *roll, q url.Values, from, to int) any {
			if q.Get("cursor") == "3" {
				return map[string]any{"totalResults": 4, "Resources": []any{}, "nextCursor": "0003"}
			}
			return nil
		}}, names(4), ""},
		{"cursor ignored", &roll{ids: names(10), answer: func(r *roll, q url.Values, _, _ int) any {
			start, _ := strconv.Atoi(q.Get("startIndex"))
			from := max(start-1, 0)
			return list(10, r.ids[min(from, 10):min(from+3, 10)]...)
		}}, names(10), ""},
		{"one cursor twice", &roll{ids: names(10), answer: func(r *roll, _ url.Values, _, _ int) any {
			l := list(10, r.ids[:3]...)
			l["nextCursor"] = "3"
			return l
		}}, names(10), "one cursor twice"},
		{"empty pages for ever", &roll{ids: names(10), answer: func(r *roll, _ url.Values, _, _ int) any {
			l := list(10)
			l["nextCursor"] = strconv.Itoa(r.page)
			return l
		}}, names(10), "without anything new"},
		{"pages in a circle", &roll{ids: names(10), answer: func(r *roll, _ url.Values, _, _ int) any {
			l := list(10, r.ids[r.page%9:r.page%9+1]...)
			l["nextCursor"] = "c" + strconv.Itoa(r.page)
			return l
		}}, names(10), "without anything new"},
		{"the cursors end too early", &roll{ids: names(10), answer: func(r *roll, q url.Values, from, to int) any {
			if from == 3 {
				return list(10, r.ids[from:to]...)
			}
			return nil
		}}, names(10), "ended after 6 of 10"},
		{"expired", &roll{ids: names(10), answer: func(r *roll, q url.Values, from, _ int) any {
			if from == 3 {
				return func(w http.ResponseWriter) {
					w.WriteHeader(http.StatusBadRequest)
					_, _ = w.Write([]byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400","scimType":"expiredCursor"}`))
				}
			}
			return nil
		}}, names(10), "expiredCursor"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.server.cursor = true
			checkList(t, tt.server, client.PagingAuto, tt.want, tt.err)
		})
	}
}

// However people come and go while a list is read, everybody who was there all the time is in it, or
// the read fails.
func TestListIsCompleteWhateverChanges(t *testing.T) {
	complete, failed := 0, 0
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 1))
		n := rng.IntN(30)
		stays := map[string]bool{}
		for _, id := range names(n) {
			stays[id] = true
		}
		made := 0
		r := &roll{ids: names(n), before: func(r *roll, _ url.Values) {
			for range rng.IntN(4) * rng.IntN(2) {
				at := rng.IntN(len(r.ids) + 1)
				if rng.IntN(2) == 0 || at == len(r.ids) {
					made++
					r.ids = slices.Insert(r.ids, at, fmt.Sprint("new", made))
				} else {
					delete(stays, r.ids[at])
					r.ids = slices.Delete(slices.Clone(r.ids), at, at+1)
				}
			}
		}}
		got, err := readAll(t, r, &client.Options{PageSize: 2 + rng.IntN(5), Profile: &client.Profile{Paging: client.PagingIndex}})
		if err != nil {
			if !errors.Is(err, client.ErrIncomplete) {
				t.Errorf("seed %d: error %v", seed, err)
			}
			failed++
			continue
		}
		complete++
		for id := range stays {
			if !slices.Contains(got, id) {
				t.Errorf("seed %d: %s was there all the time and is missing, without an error; got %v", seed, id, got)
			}
		}
	}
	if complete < 300 {
		t.Errorf("only %d of %d reads succeeded while the list changed", complete, complete+failed)
	}
}

func TestListMayBeLeftEarly(t *testing.T) {
	r := &roll{ids: names(9)}
	s := httptest.NewServer(r)
	defer s.Close()
	c, err := client.New(s.URL, &client.Options{PageSize: 3, Profile: &client.Profile{Paging: client.PagingIndex}})
	require.NoError(t, err)
	var got []string
	for res, err := range c.List(t.Context(), "/Users", nil) {
		require.NoError(t, err)
		if got = append(got, res.ID()); len(got) == 2 {
			break
		}
	}
	if diff := cmp.Diff(names(2), got); diff != "" || r.page != 1 {
		t.Errorf("%d pages were read (-want +got):\n%s", r.page, diff)
	}
}

func TestListHalvesPagesThatAreTooLarge(t *testing.T) {
	r := &roll{ids: names(40)}
	got, err := readAll(t, r, &client.Options{PageSize: 40, MaxResponse: 400, Profile: &client.Profile{Paging: client.PagingIndex}})
	if diff := cmp.Diff(names(40), got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
}
