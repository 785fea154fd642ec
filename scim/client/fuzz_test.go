package client_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim/client"
)

// parrot answers every request with one of its bodies in turn.
type parrot struct {
	bodies [][]byte
	status int
	asked  int
}

func (p *parrot) RoundTrip(r *http.Request) (*http.Response, error) {
	body := p.bodies[p.asked%len(p.bodies)]
	p.asked++
	return &http.Response{StatusCode: p.status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
}

// FuzzAnswers: whatever a server answers, nothing panics and everything ends after a bounded number of
// requests.
func FuzzAnswers(f *testing.F) {
	f.Add(uint16(200), []byte(`{"totalResults":3,"Resources":[{"id":"1"},{"id":"2"}]}`), []byte(`{"totalResults":3,"Resources":[{"id":"2"},{"id":"3"}]}`))
	f.Add(uint16(200), []byte(`{"totalResults":9,"Resources":[{"id":"1"}],"nextCursor":"a"}`), []byte(`{"totalResults":1,"Resources":[],"nextCursor":"b"}`))
	f.Add(uint16(400), []byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400","scimType":"invalidFilter"}`), []byte("<html>"))
	f.Fuzz(func(t *testing.T, status uint16, first, second []byte) {
		for _, paging := range []client.Paging{client.PagingAuto, client.PagingIndex, client.PagingCursor} {
			server := &parrot{bodies: [][]byte{first, second}, status: 200 + int(status)%400}
			c, err := client.New("https://example.com", &client.Options{Retries: -1, PageSize: 2, HTTPClient: &http.Client{Transport: server}, Profile: &client.Profile{Paging: paging}})
			require.NoError(t, err)
			d, err := client.NewDirectory(c, nil)
			require.NoError(t, err)
			for _, kind := range []provisioning.Kind{provisioning.User, provisioning.Group} {
				for range d.Records(t.Context(), kind) {
				}
			}
			for range d.Find(t.Context(), provisioning.Lookup{Kind: provisioning.User, By: "userName", Values: []string{"a", "b"}}) {
			}
			r := record(provisioning.User, 1)
			if id, err := d.Create(t.Context(), r); err == nil && id == "" {
				t.Error("a record was made without an ID")
			}
			after := record(provisioning.User, 2)
			change := &provisioning.Change{Op: provisioning.Update, Link: provisioning.Link{Kind: provisioning.User, Target: "1"}, Before: r, After: after}
			_ = d.Update(t.Context(), change) // that it ends is what counts
			_ = d.EditRefs(t.Context(), provisioning.Ref{Kind: provisioning.Group, ID: "1"}, "members", nil, []provisioning.Ref{{Kind: provisioning.User, ID: "2"}})
			_ = d.Ping(t.Context())
			_, _ = c.Schemas(t.Context())
			if server.asked > 2000 {
				t.Errorf("%d requests were sent", server.asked)
			}
		}
	})
}
