package client_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/sinktest"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/client"
)

// A vendor refuses what a service provider documents that it cannot. It gives the refusal, or nothing.
type vendor func(r *http.Request, body map[string]any) (status int, html bool)

// play starts a service provider with the limits of a vendor.
func play(t *testing.T, v vendor, rewrite func(q url.Values, r *http.Request), answer func(r *http.Request, v map[string]any)) string {
	return through(t, serve(t, nil), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_, body := readJSON(t, r)
		if status, html := v(r, body); html {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<html><title>Error " + http.StatusText(status) + "</title></html>"))
			return
		} else if status != 0 {
			w.WriteHeader(status)
			_, _ = w.Write((&scim.Error{Status: status, Detail: "this service does not do that"}).AppendJSON(nil))
			return
		}
		if rewrite != nil {
			q := r.URL.Query()
			rewrite(q, r)
			r.URL.RawQuery = q.Encode()
		}
		if answer == nil || r.Method != http.MethodGet {
			next.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		given := map[string]any{}
		if json.Unmarshal(rec.Body.Bytes(), &given) == nil {
			answer(r, given)
		}
		w.Header().Set("Content-Type", "application/scim+json")
		w.WriteHeader(rec.Code)
		_ = json.NewEncoder(w).Encode(given)
	})
}

// readJSON reads the body of a request, and leaves it to be read again.
func readJSON(t *testing.T, r *http.Request) (raw []byte, body map[string]any) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	body = map[string]any{}
	_ = json.Unmarshal(raw, &body) // a request without one has an empty body
	return raw, body
}

func operations(body map[string]any) (ops []map[string]any) {
	list, _ := body["Operations"].([]any)
	for _, v := range list {
		if op, ok := v.(map[string]any); ok {
			ops = append(ops, op)
		}
	}
	return ops
}

func isGroup(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/Groups") }

// google: no PUT, which is answered by a page.
func google(r *http.Request, _ map[string]any) (int, bool) {
	if r.Method == http.MethodPut {
		return http.StatusNotFound, true
	}
	return 0, false
}

// databricks takes filters of 200 nodes at most: of an attribute, an operator, a value, or what joins them.
func databricks(r *http.Request, _ map[string]any) (int, bool) {
	if len(strings.Fields(r.URL.Query().Get("filter"))) > 200 {
		return http.StatusBadRequest, false
	}
	return 0, false
}

// changes is a service that takes so many members in one PATCH, of those it adds and those it removes.
func changes(most int) vendor {
	return func(r *http.Request, body map[string]any) (int, bool) {
		n := 0
		for _, op := range operations(body) {
			list, _ := op["value"].([]any)
			n += max(len(list), 1)
		}
		if r.Method == http.MethodPatch && n > most {
			return http.StatusRequestEntityTooLarge, false
		}
		return 0, false
	}
}

// Groups larger than a service takes at once are written in several requests, which it would refuse otherwise, and people are looked up one by one.
func TestVendorsWithLimits(t *testing.T) {
	for _, tt := range []struct {
		profile *client.Profile
		refuse  vendor
	}{
		{client.AWS(), aws}, {client.Miro(), changes(8000)}, {client.IBMVerify(), changes(2500)}, {client.Databricks(), databricks},
	} {
		t.Run(tt.profile.Name, func(t *testing.T) {
			d := directory(t, play(t, tt.refuse, nil, nil), &client.Options{Profile: tt.profile})
			group, err := d.Create(t.Context(), record(provisioning.Group, 1))
			require.NoError(t, err)
			members := make([]provisioning.Ref, 9000)
			names := make([]string, 300)
			for n := range members {
				members[n] = provisioning.Ref{Kind: provisioning.User, ID: provisioning.ID(fmt.Sprint("person-", n))}
			}
			for n := range names {
				names[n] = fmt.Sprintf("nobody.%d@example.com", n)
			}
			ref := provisioning.Ref{Kind: provisioning.Group, ID: group}
			require.NoError(t, d.EditRefs(t.Context(), ref, "members", members, nil))
			require.NoError(t, d.EditRefs(t.Context(), ref, "members", nil, members[:3000]))
			for r, err := range d.Find(t.Context(), provisioning.Lookup{Kind: provisioning.User, By: "userName", Values: names}) {
				t.Errorf("found %v, %v; want nobody and no refusal", r, err)
			}
		})
	}
}

// noPatch is a service without PATCH that does not say so.
func noPatch(r *http.Request, _ map[string]any) (int, bool) {
	if r.Method == http.MethodPatch || strings.HasSuffix(r.URL.Path, "/ServiceProviderConfig") {
		return http.StatusNotImplemented, false
	}
	return 0, false
}

func TestVendors(t *testing.T) {
	for _, tt := range []struct {
		name    string
		profile *client.Profile
		refuse  vendor
		query   func(url.Values, *http.Request)
		answer  func(*http.Request, map[string]any)
	}{
		{"AWS", client.AWS(), aws, awsQuery, awsAnswer},
		{"GitHub", client.GitHub(), github, nil, func(_ *http.Request, v map[string]any) {
			if _, has := v["externalId"]; !has && v["meta"] != nil {
				v["externalId"] = nil
			}
		}},
		{"Google Cloud Identity", client.GoogleCloudIdentity(), google, nil, func(r *http.Request, v map[string]any) {
			if bulk, ok := v["bulk"].(map[string]any); ok {
				delete(bulk, "maxOperations")
			}
		}},
		{"Google Cloud Identity without a profile", nil, google, nil, nil},
		{"Entra ID", client.Entra(), entra, nil, entraAnswer},
		{"Databricks", client.Databricks(), databricks, nil, nil},
		{"IBM Verify", client.IBMVerify(), changes(2500), nil, nil},
		{"Miro", client.Miro(), changes(8000), nil, nil},
		{"a service without PATCH and discovery", nil, noPatch, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sinktest.Test(t, sinktest.Fixture{
				New: func(t *testing.T) provisioning.Sink {
					return directory(t, play(t, tt.refuse, tt.query, tt.answer), &client.Options{Profile: tt.profile, Token: "ghp_classic", Rate: 1e6, Burst: 1e6})
				},
				Record:   record,
				Optional: map[provisioning.Kind]string{provisioning.User: "title"},
			})
		})
	}
}

// A service that answers 404 to a method it does not have has not lost the record.
func TestMissingMethodIsNotAMissingRecord(t *testing.T) {
	for name, html := range map[string]bool{"page": true, "SCIM error": false} {
		t.Run(name, func(t *testing.T) {
			url := play(t, func(r *http.Request, _ map[string]any) (int, bool) {
				if r.Method == http.MethodPut {
					return http.StatusNotFound, html
				}
				return 0, false
			}, nil, nil)
			d := directory(t, url, &client.Options{Profile: &client.Profile{Users: client.ChangePut}})
			r := record(provisioning.User, 1)
			id, err := d.Create(t.Context(), r)
			require.NoError(t, err)
			after := r.Clone()
			after.Attributes.Set("title", "Director")
			c := &provisioning.Change{Op: provisioning.Update, Link: provisioning.Link{Kind: provisioning.User, Target: id}, Before: r, After: after}
			if err := d.Update(t.Context(), c); err == nil || errors.Is(err, provisioning.ErrNotFound) {
				t.Errorf("error %v; it must not say that the record is gone", err)
			}
		})
	}
}
