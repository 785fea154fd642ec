package client_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/client"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

var update = flag.Bool("update", false, "write the golden files")

// wire notes what a client sends.
type wire struct{ bytes.Buffer }

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	fmt.Fprintf(w, "%s %s\n", r.Method, r.URL.RequestURI())
	for _, name := range []string{"Content-Type", "If-Match"} {
		if v := r.Header.Get(name); v != "" {
			fmt.Fprintf(w, "%s: %s\n", name, v)
		}
	}
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(b))
		if err := json.Indent(&w.Buffer, b, "", "  "); err != nil {
			return nil, err
		}
		w.WriteByte('\n')
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		fmt.Fprintf(w, "-> %d\n\n", resp.StatusCode)
	}
	return resp, err
}

func TestWire(t *testing.T) {
	for name, profile := range map[string]*client.Profile{
		"patch":    {MembersPerRequest: 2},
		"put":      {Users: client.ChangePut, Groups: client.ChangePut},
		"by-value": {RemoveByValue: true, MemberTypes: true, Paging: client.PagingIndex},
	} {
		t.Run(name, func(t *testing.T) {
			made := 0
			store := memstore.New(&memstore.Options{NewID: func() string { made++; return fmt.Sprint("id-", made) }})
			h, err := server.New([]*scim.ResourceType{scim.NewUserType(), scim.NewGroupType()}, server.One(store), server.InsecureAnyone, &server.Options{
				BaseURL: func(*http.Request) string { return "https://example.com" },
			})
			require.NoError(t, err)
			s := httptest.NewServer(h)
			defer s.Close()
			w := &wire{}
			converse(t, directory(t, s.URL, &client.Options{Profile: profile, HTTPClient: &http.Client{Transport: w}}), w)
			golden(t, "wire-"+name+".txt", w.Bytes())
		})
	}
}

// converse does one of each that a directory can do.
func converse(t *testing.T, d *client.Directory, w *wire) {
	say := func(s string) { fmt.Fprintf(w, "# %s\n\n", s) }
	user := &provisioning.Record{Kind: provisioning.User, ExternalID: "src-1", Attributes: provisioning.Attributes{
		"userName": {"noor@example.com"}, "name.givenName": {"Noor"}, "name.familyName": {"van der Meer"}, "title": {"Jurist"},
		`emails[type eq "work"].value`: {"noor@example.com"}, `phoneNumbers[type eq "mobile"].value`: {"+31 6 1"}, "department": {"Zorg"},
	}}
	say("create")
	id, err := d.Create(t.Context(), user)
	require.NoError(t, err)
	ref := provisioning.Ref{Kind: provisioning.User, ID: id}
	change := func(f func(before, after *provisioning.Record)) {
		before, after := user.Clone(), user.Clone()
		f(before, after)
		require.NoError(t, d.Update(t.Context(), &provisioning.Change{Link: provisioning.Link{Kind: provisioning.User, Target: id}, Before: before, After: after}))
	}
	say("change single values, and clear one")
	change(func(_, after *provisioning.Record) {
		after.Attributes.Set("title")
		after.Attributes.Set("name.familyName", "Bakker")
		after.Attributes.Set("department", "ICT")
	})
	say("change one of several")
	change(func(_, after *provisioning.Record) {
		after.Attributes.Set(`emails[type eq "work"].value`, "bakker@example.com")
	})
	say("deactivate")
	change(func(_, after *provisioning.Record) { after.Attributes, after.Disabled = nil, true })
	say("adopt")
	change(func(before, after *provisioning.Record) { before.ExternalID, after.ExternalID = "", "src-2" })

	say("create a group with members")
	group, err := d.Create(t.Context(), &provisioning.Record{Kind: provisioning.Group, ExternalID: "grp-1", Attributes: provisioning.Attributes{"displayName": {"Zorg"}}})
	require.NoError(t, err)
	inner, err := d.Create(t.Context(), &provisioning.Record{Kind: provisioning.Group, ExternalID: "grp-2", Attributes: provisioning.Attributes{"displayName": {"ICT"}}})
	require.NoError(t, err)
	boss := user.Clone()
	boss.ExternalID = "src-3"
	boss.Attributes.Set("userName", "boss@example.com")
	bossID, err := d.Create(t.Context(), boss)
	require.NoError(t, err)
	members := []provisioning.Ref{ref, {Kind: provisioning.User, ID: bossID}, {Kind: provisioning.Group, ID: inner}}
	require.NoError(t, d.EditRefs(t.Context(), provisioning.Ref{Kind: provisioning.Group, ID: group}, "members", members, nil))
	say("change members")
	require.NoError(t, d.EditRefs(t.Context(), provisioning.Ref{Kind: provisioning.Group, ID: group}, "members", nil, members[:2]))
	say("set and remove a manager")
	require.NoError(t, d.EditRefs(t.Context(), ref, "manager", members[1:2], nil))
	require.NoError(t, d.EditRefs(t.Context(), ref, "manager", nil, members[1:2]))

	for _, l := range []provisioning.Lookup{
		{Kind: provisioning.User, By: provisioning.ByExternalID, Values: []string{"src-2"}},
		{Kind: provisioning.User, By: `emails[type eq "work"].value`, Values: []string{"bakker@example.com"}},
		{Kind: provisioning.User, By: "userName", Values: []string{`quote " and \`}},
	} {
		say("find by " + l.By)
		for _, err := range d.Find(t.Context(), l) {
			require.NoError(t, err)
		}
	}
	say("read")
	for _, err := range d.Records(t.Context(), provisioning.User) {
		require.NoError(t, err)
	}
	say("delete, twice")
	require.NoError(t, d.Delete(t.Context(), ref))
	require.NoError(t, d.Delete(t.Context(), ref))
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "make it with -update")
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
