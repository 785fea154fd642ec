package customsource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/sourcetest"
)

// pages is what the HR system answers, in which one record has no staff number.
var pages = map[string]string{
	"1": `{"Next": "2", "Staff": [
		{"Number": "1001", "First": "Marijke", "Last": "de Bruin", "Mail": "m.debruin@example.com"},
		{"Number": "1002", "First": "Joël", "Last": "van der Meer", "Mail": "j.vandermeer@example.com", "Manager": "1001"}]}`,
	"2": `{"Next": "3", "Staff": [{"First": "Nobody"}]}`,
	"3": `{"Next": "", "Staff": [{"Number": "1003", "First": "Sanne", "Last": "Bos", "Left": true, "Manager": "1001"}]}`,
}

// serve answers so many pages, and 503 after them.
func serve(t *testing.T, most int) *Source {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		number := r.FormValue("page")
		if number > fmt.Sprint(most) {
			http.Error(w, "try again later", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, pages[number])
	}))
	t.Cleanup(srv.Close)
	return &Source{URL: srv.URL}
}

func TestSource(t *testing.T) {
	sourcetest.Test(t, sourcetest.Fixture{
		New:   func(t *testing.T) provisioning.Source { return serve(t, len(pages)) },
		Kinds: []provisioning.Kind{provisioning.User},
		Want: []*provisioning.Record{
			person("1001", false, "Marijke", "de Bruin", "m.debruin@example.com"),
			person("1002", false, "Joël", "van der Meer", "j.vandermeer@example.com", "1001"),
			person("1003", true, "Sanne", "Bos", "", "1001"),
		},
		Bad:  []provisioning.Ref{{Kind: provisioning.User}},
		Cut:  func(t *testing.T, n int) provisioning.Source { return serve(t, n) },
		Cuts: []int{0, 1, 2},
	})
}

// An answer that does not say whether it is the last one is not the last one.
func TestNoNext(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{}`) }))
	defer srv.Close()
	for _, err := range (&Source{URL: srv.URL}).Records(context.Background(), provisioning.User) {
		var one *provisioning.RecordError
		if err == nil || errors.As(err, &one) {
			t.Errorf("got error %v, want one that ends the read", err)
		}
		return
	}
	t.Error("the read ended as if it were complete")
}

func person(number string, left bool, first, last, mail string, manager ...provisioning.ID) *provisioning.Record {
	r := &provisioning.Record{
		Kind: provisioning.User, ID: provisioning.ID(number), Disabled: left,
		Attributes: provisioning.Attributes{"givenName": {first}, "familyName": {last}, "mail": {mail}},
		Refs:       provisioning.Refs{"manager": nil},
	}
	for _, m := range manager {
		r.Refs["manager"] = append(r.Refs["manager"], provisioning.Ref{Kind: provisioning.User, ID: m})
	}
	return r
}

func ExampleSource() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, pages[r.FormValue("page")])
	}))
	defer srv.Close()
	for r, err := range (&Source{URL: srv.URL}).Records(context.Background(), provisioning.User) {
		if err != nil {
			fmt.Println("error:", err)
			continue
		}
		fmt.Println(r.ID, r.Attributes.Get("familyName"), r.Disabled)
	}
	// Output:
	// 1001 de Bruin false
	// 1002 van der Meer false
	// error: a User without an ID (page 2): it has no staff number: give it one in the HR system
	// 1003 Bos true
}
