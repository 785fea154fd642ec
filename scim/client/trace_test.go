package client_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim/client"
)

type spanKey struct{}

// tracer is a transport around another, as those of tracing libraries are.
type tracer struct {
	next  http.RoundTripper
	spans map[string]any
}

func (tr *tracer) RoundTrip(r *http.Request) (*http.Response, error) {
	tr.spans[r.Method+" "+r.URL.Path] = r.Context().Value(spanKey{})
	return tr.next.RoundTrip(r)
}

// The context of a call reaches the transport with each request, by which a span is continued there.
func TestContextReachesTheTransport(t *testing.T) {
	tr := &tracer{next: http.DefaultTransport, spans: map[string]any{}}
	d := directory(t, serve(t, nil), &client.Options{HTTPClient: &http.Client{Transport: tr}})
	ctx := context.WithValue(t.Context(), spanKey{}, "the span of the caller")
	require.NoError(t, d.Ping(ctx))
	id, err := d.Create(ctx, record(provisioning.User, 1))
	require.NoError(t, err)
	more := &provisioning.Change{Op: provisioning.Create, Link: link(provisioning.User, ""), After: record(provisioning.User, 2)}
	require.NoError(t, d.Batch(ctx, []*provisioning.Change{more})[0])
	require.NoError(t, d.Delete(ctx, provisioning.Ref{Kind: provisioning.User, ID: id}))
	for _, request := range []string{"GET /Users", "GET /ServiceProviderConfig", "POST /Users", "POST /Bulk", "DELETE /Users/" + string(id)} {
		if span, sent := tr.spans[request]; !sent || span != "the span of the caller" {
			t.Errorf("%s was sent %t, with %v of the caller's context", request, sent, span)
		}
	}
}
