package server_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// FuzzRequest sends whole requests. Whatever comes, the answer is one of the protocol, is not 500, and leaves a server
// whose resources can all be read and are valid.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/Users?filter=userName+eq+%22a%22&sortBy=name.familyName&cursor=", "", false)
	f.Add("POST", "/Users", userBody("b", `,"emails":[{"value":"x","primary":true}]`), false)
	f.Add("PUT", "/Users/u", userBody("c", `,"active":"False","id":"x"`), false)
	f.Add("PATCH", "/Users/u", patchBody(`{"op":"Add","path":"emails[type eq \"work\"].value","value":"x"}`), false)
	f.Add("PATCH", "/Groups/g", patchBody(`{"op":"remove","path":"members[value eq \"u\"]"},{"op":"replace","value":{"members":[]}}`), true)
	f.Add("POST", "/Bulk", bulkBody(1, postGroup("a", "a", "bulkId:b"), postGroup("b", "b", "bulkId:a")), false)
	f.Add("POST", "/.search", `{"filter":"displayName pr","attributes":["members.value"],"startIndex":1,"count":2}`, true)
	f.Add("GET", "/Groups/g?excludedAttributes=members", "", false)
	f.Add("DELETE", "/Users/u", "", false)
	f.Add("GET", "/Schemas/"+scim.UserSchema, "", false)
	f.Fuzz(func(t *testing.T, method, target, body string, strict bool) {
		u, err := url.ParseRequestURI(target)
		if err != nil || method == "" || strings.ContainsAny(method, " \r\n\t/") {
			return // net/http does not let it through
		}
		names := []string{"u", "g", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8"}
		store := memstore.New(&memstore.Options{NewID: func() string {
			id := names[0]
			if names = append(names[1:], id+"'"); id == "" {
				t.Fatal("no more ids")
			}
			return id
		}})
		o := &server.Options{Logger: slog.New(slog.DiscardHandler)}
		if strict {
			o.Dialect = server.AlwaysStrict
		}
		h, err := server.New(types(), server.One(store), server.InsecureAnyone, o)
		require.NoError(t, err)
		s := &service{t: t, Handler: h, store: store}
		s.user("a")
		s.group("g", "u")

		r := &http.Request{Method: method, URL: u, RequestURI: target, Host: "example.com", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{"Content-Type": {"application/scim+json"}}, Body: http.NoBody, ContentLength: int64(len(body))}
		r = r.WithContext(t.Context())
		if body != "" {
			r.Body = httptest.NewRequest("POST", "/", strings.NewReader(body)).Body
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch {
		case w.Code == http.StatusInternalServerError || w.Code < 200 || w.Code > 599:
			t.Fatalf("%s %s %q: status %d: %s", method, target, body, w.Code, w.Body)
		case w.Code == http.StatusNoContent || w.Code == http.StatusNotModified || method == http.MethodHead:
		default:
			if _, err := scim.DecodeObject(w.Body.Bytes(), nil); err != nil {
				t.Fatalf("%s %s %q: the answer is no JSON: %v: %s", method, target, body, err, w.Body)
			}
		}
		for _, typ := range types() {
			page, err := store.List(t.Context(), &server.Query{Type: typ, StartIndex: 1, Count: 100})
			require.NoError(t, err)
			for _, res := range page.Resources {
				c := res.Clone()
				c.Delete("groups")
				if err := typ.Normalize(c, &scim.Options{Dialect: scim.Strict}); err != nil {
					b, _ := res.MarshalJSON()
					t.Fatalf("%s %s %q left a %s that is not valid: %v: %s", method, target, body, typ.Name(), err, b)
				}
			}
		}
	})
}
