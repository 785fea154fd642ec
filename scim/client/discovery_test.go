package client_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/client"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

func TestServiceProviderConfig(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   *client.ServiceProviderConfig // nil: an error
	}{
		{"all", 200, `{"patch":{"supported":true},"bulk":{"supported":true,"maxOperations":1000,"maxPayloadSize":1048576},"filter":{"supported":true,"maxResults":200},
			"changePassword":{"supported":true},"sort":{"supported":true},"etag":{"supported":true},"documentationUri":"https://example.com","authenticationSchemes":[{"type":"oauthbearertoken"}],
			"pagination":{"cursor":true,"index":true,"defaultPaginationMethod":"cursor","maxPageSize":500,"cursorTimeout":3600}}`,
			&client.ServiceProviderConfig{Known: true, Patch: true, Bulk: true, BulkMaxOperations: 1000, BulkMaxPayloadSize: 1 << 20, Filter: true, FilterMaxResults: 200,
				ChangePassword: true, Sort: true, ETag: true, DocumentationURI: "https://example.com", Authentication: []string{"oauthbearertoken"},
				Cursor: true, Index: true, DefaultPaging: "cursor", MaxPageSize: 500, CursorTimeout: 3600}},
		{"bulk without its limits", 200, `{"patch":{"supported":true},"bulk":{"supported":false}}`, &client.ServiceProviderConfig{Known: true, Patch: true}},
		{"booleans and numbers as strings", 200, `{"patch":{"supported":"True"},"filter":{"supported":"false","maxResults":"50"}}`, &client.ServiceProviderConfig{Known: true, Patch: true, FilterMaxResults: 50}},
		{"nonsense for values", 200, `{"patch":true,"bulk":[],"filter":{"supported":7,"maxResults":-1},"pagination":"yes","authenticationSchemes":["x"]}`, &client.ServiceProviderConfig{Known: true}},
		{"as a list of one", 200, `{"totalResults":1,"Resources":[{"etag":{"supported":true}}]}`, &client.ServiceProviderConfig{Known: true, ETag: true}},
		{"not there", 404, `{"status":"404"}`, &client.ServiceProviderConfig{}},
		{"a page that it is not there", 404, `<html></html>`, &client.ServiceProviderConfig{}},
		{"kept to itself", 403, ``, &client.ServiceProviderConfig{}},
		{"wrong token", 401, ``, nil},
		{"broken", 500, ``, nil},
		{"a page", 200, `<html></html>`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			defer s.Close()
			c, err := client.New(s.URL, &client.Options{Retries: -1})
			require.NoError(t, err)
			for range 2 {
				got, err := c.ServiceProviderConfig(t.Context())
				if (err != nil) != (tt.want == nil) {
					t.Errorf("error %v", err)
				}
				if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreUnexported(client.ServiceProviderConfig{})); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
			if n := asked.Load(); tt.want != nil && n != 1 {
				t.Errorf("the server was asked %d times, want once", n)
			}
		})
	}
}

// Attributes that only the server knows are managed after its schemas were read.
func TestSchemas(t *testing.T) {
	own := &scim.Schema{ID: custom, Name: "Plek", Attributes: []*scim.Attribute{{Name: "floor", Type: scim.Integer}, {Name: "skills", MultiValued: true}}}
	users, err := scim.NewResourceType(scim.ResourceTypeDefinition{
		Name: "User", Endpoint: "/Users", Schema: scim.NewUserSchema(), Extensions: []scim.Extension{{Schema: scim.NewEnterpriseUserSchema()}, {Schema: own}},
	})
	require.NoError(t, err)
	h, err := server.New([]*scim.ResourceType{users, scim.NewGroupType()}, server.One(memstore.New(nil)), server.InsecureAnyone, nil)
	require.NoError(t, err)
	s := httptest.NewServer(h)
	defer s.Close()
	c, err := client.New(s.URL, nil)
	require.NoError(t, err)
	schemas, err := c.Schemas(t.Context())
	require.NoError(t, err)
	types, err := client.NewTypes(schemas...)
	require.NoError(t, err)
	d, err := client.NewDirectory(c, &client.DirectoryOptions{Types: types})
	require.NoError(t, err)

	wanted, err := d.Canonical(&provisioning.Record{Kind: provisioning.User, Attributes: provisioning.Attributes{"userName": {"noor"}, "floor": {"07"}, "skills": {"Go", "SQL"}}})
	require.NoError(t, err)
	id, err := d.Create(t.Context(), wanted)
	require.NoError(t, err)
	got := find(t, d, id)
	for name, values := range wanted.Attributes {
		if diff := cmp.Diff(values, got.Attributes[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	after := got.Clone()
	after.Attributes[custom+":skills"] = []string{"Go", "SCIM"}
	after.Attributes[custom+":floor"] = nil
	require.NoError(t, d.Update(t.Context(), &provisioning.Change{Op: provisioning.Update, Link: provisioning.Link{Kind: provisioning.User, Target: id}, Before: got, After: after}))
	now := find(t, d, id).Attributes
	if diff := cmp.Diff([]string{"Go", "SCIM"}, now[custom+":skills"]); diff != "" || len(now[custom+":floor"]) > 0 {
		t.Errorf("floor %v, skills (-want +got):\n%s", now[custom+":floor"], diff)
	}
}

func TestSchemasThatCannotBeRead(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"Resources":[{"id":"urn:good","attributes":[{"name":"x"}]},{"id":"urn:bad","attributes":[{"name":"x","type":"colour"}]},7]}`))
	}))
	defer s.Close()
	c, err := client.New(s.URL, nil)
	require.NoError(t, err)
	schemas, err := c.Schemas(t.Context())
	if len(schemas) != 1 || schemas[0].ID != "urn:good" || err == nil || !strings.Contains(err.Error(), "colour") || !strings.Contains(err.Error(), "schema 3") {
		t.Errorf("%d schemas, error %v; want the good one, and an error about the two others", len(schemas), err)
	}
}
