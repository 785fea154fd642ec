package server_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// BenchmarkEvents compares a PATCH of one attribute that nobody is told of with one that is told, into a sink that costs
// nothing.
func BenchmarkEvents(b *testing.B) {
	for name, e := range map[string]*server.Events{"nobody": nil, "notice": {Sink: silent{}}, "full": {Sink: silent{}, Full: true}} {
		b.Run(name, func(b *testing.B) {
			h, err := server.New(types(), server.One(memstore.New(nil)), server.InsecureAnyone, &server.Options{Events: e})
			require.NoError(b, err)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("POST", "/Users", strings.NewReader(userBody("a", `,"name":{"familyName":"F","givenName":"G"},"emails":[{"value":"a@example.com","type":"work"}]`))))
			path := strings.TrimPrefix(w.Header().Get("Location"), "http://example.com")
			bodies := []string{patchBody(`{"op":"replace","path":"title","value":"a"}`), patchBody(`{"op":"replace","path":"title","value":"b"}`)}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest("PATCH", path, strings.NewReader(bodies[i%2])))
				if w.Code != 200 {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
	}
}
