package client_test

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/sinktest"
	"github.com/ilumy/usersync/provisioning/sourcetest"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/client"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// serve starts a service provider with an empty store and gives its address.
func serve(t *testing.T, o *server.Options) string {
	t.Helper()
	h, err := server.New([]*scim.ResourceType{scim.NewUserType(), scim.NewGroupType()}, server.One(memstore.New(nil)), server.InsecureAnyone, o)
	require.NoError(t, err)
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func directory(t *testing.T, url string, o *client.Options) *client.Directory {
	t.Helper()
	c, err := client.New(url, o)
	require.NoError(t, err)
	d, err := client.NewDirectory(c, nil)
	require.NoError(t, err)
	return d
}

func record(kind provisioning.Kind, n int) *provisioning.Record {
	r := &provisioning.Record{Kind: kind, Attributes: provisioning.Attributes{
		"displayName": {fmt.Sprintf("%s Nr %d", kind, n)},
	}}
	if kind == provisioning.User {
		r.Attributes.Set("userName", fmt.Sprintf("user.%d@example.com", n))
		r.Attributes.Set("title", "Engineer")
		r.Attributes.Set("name.givenName", "Noor")
		r.Attributes.Set("name.familyName", fmt.Sprintf("van der Nr %d", n))
		r.Attributes.Set("department", "R&D")
		r.Attributes.Set(`emails[type eq "work"].value`, fmt.Sprintf("user.%d@example.com", n))
		r.Attributes.Set(`addresses[type eq "work"].locality`, "Groningen")
		r.Attributes.Set(`phoneNumbers[type eq "mobile"].value`, "+31 6 12345678")
	}
	return r
}

func TestDirectoryIsASink(t *testing.T) {
	for name, profile := range map[string]*client.Profile{
		"generic": nil,
		"put":     {Users: client.ChangePut, Groups: client.ChangePut},
		"index":   {Paging: client.PagingIndex},
		"cursor":  {Paging: client.PagingCursor},
		"chunks":  {MembersPerRequest: 1, MemberTypes: true},
		"strict":  {},
	} {
		t.Run(name, func(t *testing.T) {
			o := &server.Options{}
			if name == "strict" {
				o.Dialect = server.AlwaysStrict // it refuses all that is not in the RFCs
			}
			sinktest.Test(t, sinktest.Fixture{
				New: func(t *testing.T) provisioning.Sink {
					return directory(t, serve(t, o), &client.Options{Profile: profile, PageSize: 2})
				},
				Record:   record,
				Optional: map[provisioning.Kind]string{provisioning.User: "title"},
				Faulty: func(t *testing.T, fault func() sinktest.Fault) provisioning.Sink {
					c := &client.Options{Profile: profile, PageSize: 2, MaxWait: time.Millisecond}
					return directory(t, faulty(t, serve(t, o), fault), c)
				},
			})
		})
	}
}

func TestDirectoryIsASource(t *testing.T) {
	for name, paging := range map[string]client.Paging{"index": client.PagingIndex, "cursor": client.PagingCursor} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, nil)
			filler := directory(t, url, nil)
			for _, kind := range []provisioning.Kind{provisioning.User, provisioning.Group} {
				for n := range 7 {
					_, err := filler.Create(t.Context(), record(kind, n))
					require.NoError(t, err)
				}
			}
			sourcetest.Test(t, sourcetest.Fixture{
				New: func(t *testing.T) provisioning.Source {
					return directory(t, url, &client.Options{PageSize: 2, Profile: &client.Profile{Paging: paging}})
				},
				Kinds: []provisioning.Kind{provisioning.User, provisioning.Group},
				Count: map[provisioning.Kind]int{provisioning.User: 7, provisioning.Group: 7},
				Cut: func(t *testing.T, n int) provisioning.Source {
					return directory(t, cutAfter(t, url, n), &client.Options{PageSize: 2, Retries: -1, Profile: &client.Profile{Paging: paging}})
				},
			})
		})
	}
}
