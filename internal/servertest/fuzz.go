package servertest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

// Request makes the request that net/http makes of what a client sends; nil if it would not let that through.
func Request(t *testing.T, method, target, contentType, body string) *http.Request {
	u, err := url.ParseRequestURI(target)
	if err != nil || method == "" || strings.ContainsAny(method, " \r\n\t/") {
		return nil
	}
	r := &http.Request{Method: method, URL: u, RequestURI: target, Host: "example.com", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {contentType}}, Body: http.NoBody, ContentLength: int64(len(body))}
	if body != "" {
		r.Body = httptest.NewRequest("POST", "/", strings.NewReader(body)).Body
	}
	return r.WithContext(t.Context())
}

// Valid fails the test if a store holds a resource that is not valid.
func Valid(t *testing.T, store server.Store, types []*scim.ResourceType) {
	t.Helper()
	for _, typ := range types {
		page, err := store.List(t.Context(), &server.Query{Type: typ, StartIndex: 1, Count: 100})
		require.NoError(t, err)
		for _, res := range page.Resources {
			c := res.Clone()
			c.Delete("groups")
			if err := typ.Normalize(c, &scim.Options{Dialect: scim.Strict}); err != nil {
				b, _ := res.MarshalJSON()
				t.Fatalf("a %s is left that is not valid: %v: %s", typ.Name(), err, b)
			}
		}
	}
}
