package client_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/client"
)

func TestClassesOfErrors(t *testing.T) {
	scimError := func(status int, scimType string) string {
		return string((&scim.Error{Status: status, Type: scimType, Detail: "no"}).AppendJSON(nil))
	}
	page := "<html><title>Gateway</title></html>"
	for _, tt := range []struct {
		name   string
		status int
		header string // Retry-After
		body   string
		want   error // nil: none of the classes
		not    error
	}{
		{"uniqueness", 409, "", scimError(409, "uniqueness"), provisioning.ErrExists, nil},
		{"conflict without body", 409, "", "", provisioning.ErrExists, nil},
		{"uniqueness as 400", 400, "", scimError(400, "uniqueness"), provisioning.ErrExists, nil},
		{"bad data", 400, "", scimError(400, "invalidValue"), provisioning.ErrInvalid, nil},
		{"unprocessable", 422, "", scimError(422, ""), provisioning.ErrInvalid, nil},
		{"too large", 413, "", "", provisioning.ErrInvalid, nil},
		{"gone", 404, "", scimError(404, ""), provisioning.ErrNotFound, nil},
		{"404 of a proxy", 404, "", page, client.ErrNotSCIM, provisioning.ErrNotFound},
		{"another version", 412, "", scimError(412, ""), provisioning.ErrConflict, nil},
		{"wrong token", 401, "", scimError(401, ""), provisioning.ErrUnauthorized, nil},
		{"login page", 401, "", page, provisioning.ErrUnauthorized, nil},
		{"forbidden", 403, "", "", provisioning.ErrUnauthorized, nil},
		{"later", 503, "", page, provisioning.ErrUnavailable, nil},
		{"broken", 500, "", scimError(500, ""), provisioning.ErrUnavailable, nil},
		{"too many", 429, "3600", scimError(429, ""), provisioning.ErrUnavailable, nil},
		{"no such method", 405, "", "", errors.ErrUnsupported, nil},
		{"not implemented", 501, "", scimError(501, ""), errors.ErrUnsupported, nil},
		{"a page for success", 200, "", page, client.ErrNotSCIM, nil},
		{"nothing for success", 200, "", "", client.ErrNotSCIM, nil},
		{"no id", 200, "", `{"userName":"x"}`, client.ErrNotSCIM, nil},
		{"moved", 302, "", "", nil, provisioning.ErrNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url := through(t, "http://127.0.0.1:1", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
				if tt.header != "" {
					w.Header().Set("Retry-After", tt.header)
				}
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			})
			c, err := client.New(url, &client.Options{Retries: -1})
			require.NoError(t, err)
			_, err = c.Get(t.Context(), "/Users", "1")
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) || tt.not != nil && errors.Is(err, tt.not) {
				t.Errorf("error %v; want class %v and not %v", err, tt.want, tt.not)
			}
			var retry *provisioning.RetryError
			if errors.As(err, &retry) != (tt.header != "") || retry != nil && retry.After != time.Hour {
				t.Errorf("error %v; want to be told to wait exactly when the server says so", err)
			}
			var known *scim.Error
			if errors.As(err, &known) != strings.Contains(tt.body, `"schemas"`) {
				t.Errorf("error %v; want the SCIM error exactly when there is one", err)
			}
		})
	}
}

func TestRefusalsHoldNoPersonalData(t *testing.T) {
	url := through(t, "http://127.0.0.1:1", func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		if !strings.HasPrefix(r.URL.Path, "/Users") {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.WriteHeader(http.StatusConflict)
		detail := "userName noor@example.com of Noor is taken; path name.familyName, filter " + r.URL.Query().Get("filter")
		_, _ = w.Write((&scim.Error{Status: 409, Type: "uniqueness", Detail: detail}).AppendJSON(nil))
	})
	d := directory(t, url, nil)
	r := &provisioning.Record{Kind: provisioning.User, ExternalID: "src-1", Attributes: provisioning.Attributes{
		"userName": {"noor@example.com"}, "name.givenName": {"Noor"},
	}}
	_, created := d.Create(t.Context(), r)
	var found error
	for _, err := range d.Find(t.Context(), provisioning.Lookup{Kind: provisioning.User, By: "userName", Values: []string{"noor@example.com"}}) {
		found = err
	}
	for _, err := range []error{created, found} {
		if err == nil || strings.Contains(strings.ToLower(err.Error()), "noor@") {
			t.Errorf("error %v; want one without the person's data", err)
		}
	}
	if s := created.Error(); !strings.Contains(s, "userName [value] of [value] is taken") || !strings.Contains(s, "name.familyName") {
		t.Errorf("error %q; want what the server says, with the values taken out", s)
	}
	var refusal *scim.Error
	if errors.As(created, &refusal) && strings.Contains(refusal.Detail, "noor") {
		t.Errorf("the SCIM error holds a person's data: %s", refusal.Detail)
	}
}

// A page of a proxy with the status of success is no success.
func TestAPageIsNoAnswerToAWrite(t *testing.T) {
	url := through(t, serve(t, nil), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodPatch || r.Method == http.MethodPut {
			_, _ = w.Write([]byte("<html><title>Sign in</title></html>"))
			return
		}
		next.ServeHTTP(w, r)
	})
	for name, profile := range map[string]*client.Profile{"patch": nil, "put": {Users: client.ChangePut}} {
		d := directory(t, url, &client.Options{Profile: profile})
		r := record(provisioning.User, len(name))
		id, err := d.Create(t.Context(), r)
		require.NoError(t, err)
		after := r.Clone()
		after.Disabled = true
		c := &provisioning.Change{Op: provisioning.Deactivate, Link: provisioning.Link{Kind: provisioning.User, Target: id}, Before: r, After: after}
		if err := d.Update(t.Context(), c); !errors.Is(err, client.ErrNotSCIM) {
			t.Errorf("%s: error %v, want ErrNotSCIM: a leaver who was not deactivated is the failure people fear", name, err)
		}
	}
}

// A server that ignores filters, or matches parts of values, finds nobody else for us.
func TestFindChecksWhatTheServerSays(t *testing.T) {
	for name, filter := range map[string]func(r *http.Request){
		"filter ignored": func(r *http.Request) { q := r.URL.Query(); q.Del("filter"); r.URL.RawQuery = q.Encode() },
		"parts matched": func(r *http.Request) {
			q := r.URL.Query()
			q.Set("filter", strings.ReplaceAll(q.Get("filter"), " eq ", " sw "))
			r.URL.RawQuery = q.Encode()
		},
	} {
		t.Run(name, func(t *testing.T) {
			url := through(t, serve(t, nil), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if r.URL.Query().Has("filter") {
					filter(r)
				}
				next.ServeHTTP(w, r)
			})
			d := directory(t, url, nil)
			for n := range 12 {
				r := record(provisioning.User, n)
				r.ExternalID = provisioning.ID(fmt.Sprint("src-", n))
				_, err := d.Create(t.Context(), r)
				require.NoError(t, err)
			}
			checkFind(t, d, provisioning.ByExternalID, "src-1")
			checkFind(t, d, "displayName", "User Nr 1")
		})
	}
	t.Run("filters refused", func(t *testing.T) {
		url := through(t, serve(t, nil), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.URL.Query().Has("filter") {
				w.WriteHeader(http.StatusBadRequest)
				_, _ = w.Write((&scim.Error{Status: 400, Type: "invalidFilter"}).AppendJSON(nil))
				return
			}
			next.ServeHTTP(w, r)
		})
		d := directory(t, url, nil)
		for n := range 3 {
			_, err := d.Create(t.Context(), record(provisioning.User, n))
			require.NoError(t, err)
		}
		checkFind(t, d, "displayName", "USER NR 1") // without regard to case, as the schema has it
	})
}

func checkFind(t *testing.T, d *client.Directory, by, value string) {
	t.Helper()
	var got []string
	for r, err := range d.Find(t.Context(), provisioning.Lookup{Kind: provisioning.User, By: by, Values: []string{value, value}}) {
		require.NoError(t, err)
		got = append(got, r.Attributes.Get("displayName"))
	}
	if len(got) != 1 || got[0] != "User Nr 1" {
		t.Errorf("by %s: found %v, want User Nr 1 alone", by, got)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, address := range []string{"", "example.com", "ftp://example.com", "https://", "https://user:hunter2@example.com/", "https://example.com/#x"} {
		_, err := client.New(address, nil)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: error %v", address, err)
		}
	}
	if _, err := client.NewDirectory(nil, nil); err == nil {
		t.Error("a directory without client was made")
	}
}

func TestHostileIDsAreNotSent(t *testing.T) {
	var asked atomic.Int64
	url := through(t, "http://127.0.0.1:1", func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		asked.Add(1)
		if r.URL.EscapedPath() != "/Users/a%2F..%3Fx" {
			t.Errorf("path %s", r.URL.EscapedPath())
		}
		w.WriteHeader(http.StatusNoContent)
	})
	d := directory(t, url, nil)
	for _, id := range []provisioning.ID{"", ".", ".."} {
		if err := d.Delete(t.Context(), provisioning.Ref{Kind: provisioning.User, ID: id}); err == nil {
			t.Errorf("Delete of id %q gave no error", id)
		}
	}
	if err := d.Delete(t.Context(), provisioning.Ref{Kind: provisioning.User, ID: "a/..?x"}); err != nil || asked.Load() != 1 {
		t.Errorf("%d requests, error %v", asked.Load(), err)
	}
}
